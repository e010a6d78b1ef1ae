package exchange_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
)

const benchSize = 32 << 20

// vary makes contents differ in every chunk without making them anew.
func vary(b []byte, i int) {
	for at := 0; at < len(b); at += lumps.ChunkSize {
		b[at], b[at+1], b[at+2] = byte(i), byte(i>>8), byte(i>>16)
	}
}

// BenchmarkAdd: 32 MiB cut, hashed and flushed to disk.
func BenchmarkAdd(b *testing.B) {
	n := newNode(b, newHost(b), withStore(diskStore(b, b.TempDir())))
	content := lumpstest.Bytes(1, benchSize)
	b.SetBytes(benchSize)
	for i := 0; b.Loop(); i++ {
		vary(content, i)
		add(b, n, content, false)
	}
}

// BenchmarkExchange: 32 MiB from one host's memory to another's over loopback,
// both ends in this process; and the same bytes over a plain stream.
func BenchmarkExchange(b *testing.B) {
	hosts := map[string]func() host.Host{
		"tcp":  func() host.Host { return newHost(b) },
		"quic": func() host.Host { return quicHost(b) },
	}
	for _, name := range []string{"tcp", "quic"} {
		b.Run(name, func(b *testing.B) { benchExchange(b, hosts[name](), hosts[name](), false) })
		b.Run(name+"_to_disk", func(b *testing.B) { benchExchange(b, hosts[name](), hosts[name](), true) })
		b.Run(name+"_plain_stream", func(b *testing.B) { benchStream(b, hosts[name](), hosts[name]()) })
	}
}

func quicHost(b *testing.B) host.Host {
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"),
		libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ResourceManager(&network.NullResourceManager{}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	return h
}

func benchExchange(b *testing.B, from, to host.Host, toDisk bool) {
	src, sink := newNode(b, from), lumps.Store(mem.New(mem.Config{}))
	if toDisk {
		sink = diskStore(b, b.TempDir())
	}
	dst := newNode(b, to, withStore(sink))
	connect(b, to, from)
	content := lumpstest.Bytes(2, benchSize)
	b.SetBytes(benchSize)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		vary(content, i)
		st := add(b, src, content, false)
		b.StartTimer()
		r, _, err := dst.Open(b.Context(), st.Ref)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != benchSize || err != nil {
			b.Fatal(n, err)
		}
		r.Close()
		b.StopTimer()
		for e := range dst.store.List(b.Context()) {
			dst.store.Delete(b.Context(), e.Ref)
			src.store.Delete(b.Context(), e.Ref)
		}
		b.StartTimer()
	}
}

func benchStream(b *testing.B, from, to host.Host) {
	content := lumpstest.Bytes(2, benchSize)
	from.SetStreamHandler("/bench/1", func(s network.Stream) {
		io.Copy(s, bytes.NewReader(content))
		s.Close()
	})
	connect(b, to, from)
	b.SetBytes(benchSize)
	for b.Loop() {
		s, err := to.NewStream(b.Context(), from.ID(), "/bench/1")
		if err != nil {
			b.Fatal(err)
		}
		var buf bytes.Buffer
		buf.Grow(benchSize)
		if n, err := io.Copy(&buf, s); n != benchSize || err != nil {
			b.Fatal(n, err)
		}
		if lumps.Of(buf.Bytes()).IsZero() {
			b.Fatal("no hash")
		}
		s.Close()
	}
}

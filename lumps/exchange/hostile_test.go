package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap"
	bsmsg "github.com/ipfs/boxo/bitswap/message"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockstore"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// liar is a block store that has everything, and everything is wrong.
type liar struct {
	blockstore.Blockstore
	told atomic.Int64
}

func (l *liar) Has(context.Context, cid.Cid) (bool, error)    { return true, nil }
func (l *liar) GetSize(context.Context, cid.Cid) (int, error) { return 100, nil }

func (l *liar) Get(_ context.Context, c cid.Cid) (blocks.Block, error) {
	l.told.Add(1)
	return blocks.NewBlockWithCid(lumpstest.Bytes(66, 100), c)
}

func newLiar(t *testing.T) (host.Host, *liar) {
	t.Helper()
	h, l := newHost(t), new(liar)
	bs := bitswap.New(context.Background(), bsnet.NewFromIpfsHost(h, bsnet.Prefix(exchange.DefaultPrefix)), nil, l)
	t.Cleanup(func() { bs.Close() })
	return h, l
}

func count(t *testing.T, s lumps.Store) int {
	t.Helper()
	n := 0
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestWrongBytesHaveNoEffect: a peer that answers every want with other bytes
// neither gets anything stored nor keeps an honest peer from answering.
func TestWrongBytesHaveNoEffect(t *testing.T) {
	h, l := newLiar(t)
	b := newNode(t, newHost(t))
	connect(t, b.host, h)
	content := lumpstest.Bytes(1, 100)
	type result struct {
		got []byte
		in  lumps.Info
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.got, r.in, r.err = b.Bytes(context.Background(), lumps.Of(content), 100)
		done <- r
	}()
	poll(t, "the liar is asked", func() bool { return l.told.Load() > 0 })
	honest := newNode(t, newHost(t))
	add(t, honest, content, false)
	connect(t, b.host, honest.host)
	r := <-done
	if r.err != nil || !bytes.Equal(r.got, content) || r.in.Source != honest.host.ID().String() {
		t.Fatalf("Bytes = %d from %q, %v; want the honest peer's", len(r.got), r.in.Source, r.err)
	}
	if n := count(t, b.store); n != 1 {
		t.Fatalf("%d lumps stored, want the one asked for", n)
	}
	if f := b.fetches(); len(f) != 1 || f[0].from != honest.host.ID() {
		t.Fatalf("OnFetched: %+v", f)
	}
}

// TestUnaskedLumpsAreNotKept: a peer pushes lumps that are true to their
// names; nobody asked.
func TestUnaskedLumpsAreNotKept(t *testing.T) {
	b := newNode(t, newHost(t))
	h := newHost(t)
	connect(t, h, b.host)
	net := bsnet.NewFromIpfsHost(h, bsnet.Prefix(exchange.DefaultPrefix))
	pushed := bitswap.New(context.Background(), net, nil, new(liar))
	t.Cleanup(func() { pushed.Close() })
	msg := bsmsg.New(false)
	for i := range 50 {
		data := lumpstest.Bytes(uint64(i), 1000)
		blk, err := blocks.NewBlockWithCid(data, lumps.Of(data).CID())
		if err != nil {
			t.Fatal(err)
		}
		msg.AddBlock(blk)
	}
	if err := net.SendMessage(t.Context(), b.host.ID(), msg); err != nil {
		t.Fatal(err)
	}
	// Something that was asked for, after the push, over the same peer's
	// connection order: when it is answered, the push was seen.
	want := []byte("asked for")
	a := newNode(t, newHost(t))
	add(t, a, want, false)
	connect(t, b.host, a.host)
	read(t, b, lumps.Of(want), want)
	if n := count(t, b.store); n != 1 {
		t.Fatalf("%d lumps stored, want the one asked for", n)
	}
}

// TestHostileTrees: what a peer serves hashes right and lies otherwise.
func TestHostileTrees(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	put := func(r lumps.Ref, p []byte) {
		t.Helper()
		if err := a.store.Put(t.Context(), r, p); err != nil {
			t.Fatal(err)
		}
	}
	leaf := func(n int) unixfs.Link {
		p := lumpstest.Bytes(uint64(n), n)
		put(lumps.Of(p), p)
		return unixfs.Link{Ref: lumps.Of(p), Size: int64(n), Total: uint64(n)}
	}
	node := func(links ...unixfs.Link) unixfs.Link {
		n := unixfs.Node{Kind: unixfs.File, Links: links}
		p := n.Append(nil)
		put(lumps.OfNode(p), p)
		return unixfs.Link{Ref: lumps.OfNode(p), Size: n.Size(), Total: uint64(len(p))}
	}
	repeat := func(l unixfs.Link, n int) (out []unixfs.Link) {
		for range n {
			out = append(out, l)
		}
		return out
	}
	lying := leaf(5000)
	lying.Size = 1 << 30
	deep := leaf(100)
	for range lumps.MaxDepth + 1 {
		deep = node(deep)
	}
	nonsense := []byte("no node at all")
	put(lumps.OfNode(nonsense), nonsense)
	for name, c := range map[string]struct {
		ref  lumps.Ref
		want error
	}{
		"a leaf of 5000 bytes said to be 1 GiB": {node(lying).Ref, unixfs.ErrBadNode},
		"too deep":                              {deep.Ref, unixfs.ErrBadNode},
		"64 GiB in four lumps":                  {node(repeat(node(repeat(node(repeat(leaf(8192), 16)...), 1024)...), 512)...).Ref, lumps.ErrTooLarge},
		"a thousand bytes, a lump each":         {node(repeat(leaf(1), 1000)...).Ref, unixfs.ErrBadNode},
		"nonsense":                              {lumps.OfNode(nonsense), unixfs.ErrBadNode},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			got, _, err := b.Bytes(ctx, c.ref, 2<<30)
			if !errors.Is(err, c.want) || got != nil {
				t.Fatalf("Bytes = %d, %v; want %v", len(got), err, c.want)
			}
			// Where the tree is already, looking at it is cheap and finds the
			// same.
			st, err := a.Stat(ctx, c.ref)
			if c.want == unixfs.ErrBadNode && err == nil && st.Local {
				t.Fatalf("Stat finds nothing wrong: %+v", st)
			}
			if c.want == lumps.ErrTooLarge && (err != nil || st.Size != 64<<30 || !st.Local) {
				t.Fatalf("Stat = %+v, %v", st, err)
			}
		})
	}
	if n := len(b.fetches()); n != 0 {
		t.Errorf("%d contents counted as fetched", n)
	}
}

// TestWantsThatAreNoRefs: a peer asks for names we refuse, among them one that
// carries its own bytes; it is told no and the node goes on.
func TestWantsThatAreNoRefs(t *testing.T) {
	a := newNode(t, newHost(t))
	content := []byte("still here")
	add(t, a, content, false)
	h := newHost(t)
	client := bitswap.New(context.Background(), bsnet.NewFromIpfsHost(h, bsnet.Prefix(exchange.DefaultPrefix)), nil, new(liar))
	t.Cleanup(func() { client.Close() })
	connect(t, h, a.host)
	for _, s := range []string{
		"bafkqaddimvwgy3zao5xxe3debi", // identity
		"QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
	} {
		c, err := cid.Decode(s)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if blk, err := client.GetBlock(ctx, c); err == nil {
			t.Errorf("%s: got %d bytes", s, len(blk.RawData()))
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	blk, err := client.GetBlock(ctx, lumps.Of(content).CID())
	if err != nil || string(blk.RawData()) != string(content) {
		t.Fatalf("an honest want after that: %v", err)
	}
}

// TestCorruptLumpIsNotServed: the serving side reads through the same check.
func TestCorruptLumpIsNotServed(t *testing.T) {
	s := mem.New(mem.Config{})
	a, b := newNode(t, newHost(t), withStore(s)), newNode(t, newHost(t))
	content := lumpstest.Bytes(1, 5000)
	ref := add(t, a, content, false).Ref
	s.Damage(ref)
	connect(t, b.host, a.host)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := b.Open(ctx, ref)
		done <- err
	}()
	poll(t, "the damaged lump was read and set aside", func() bool { return count(t, a.store) == 0 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("Open of what the peer held damaged: %v", err)
	}
	if n := count(t, b.store); n != 0 {
		t.Fatalf("%d lumps stored", n)
	}
}

func protocolID(v string) protocol.ID { return protocol.ID(exchange.DefaultPrefix + v) }

// TestOldProtocolsAreNotServed and nobody listens after Close.
func TestOldProtocolsAreNotServed(t *testing.T) {
	a := newNode(t, newHost(t))
	h := newHost(t)
	connect(t, h, a.host)
	ctx := network.WithNoDial(t.Context(), "test")
	for _, v := range []string{"/ipfs/bitswap", "/ipfs/bitswap/1.0.0", "/ipfs/bitswap/1.1.0"} {
		if s, err := h.NewStream(ctx, a.host.ID(), protocolID(v)); err == nil {
			s.Close()
			t.Errorf("%s was accepted", v)
		}
	}
	s, err := h.NewStream(ctx, a.host.ID(), protocolID("/ipfs/bitswap/1.2.0"))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	a.Close()
	poll(t, "handler gone after Close", func() bool {
		for _, p := range a.host.Mux().Protocols() {
			if p == protocolID("/ipfs/bitswap/1.2.0") {
				return false
			}
		}
		return true
	})
}

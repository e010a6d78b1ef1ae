package exchange_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/mem"
)

// patience bounds every wait; nothing is expected to take a tenth of it.
const patience = time.Minute

func newHost(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ResourceManager(&network.NullResourceManager{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func connect(t testing.TB, a, b host.Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := a.Connect(ctx, info(b)); err != nil {
		t.Fatal(err)
	}
}

func info(h host.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }

// node is a host with an exchange over a store.
type node struct {
	*exchange.Exchange
	host  host.Host
	store lumps.Store

	mu      sync.Mutex
	fetched []fetch
}

type fetch struct {
	ref  lumps.Ref
	from peer.ID
	n    int64
}

func (n *node) fetches() []fetch {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]fetch(nil), n.fetched...)
}

// newNode makes a node over a memory store, unless with changes that.
func newNode(t testing.TB, h host.Host, with ...func(*exchange.Config)) *node {
	t.Helper()
	n := &node{host: h}
	cfg := exchange.Config{Host: h, Stall: patience, OnFetched: func(r lumps.Ref, from peer.ID, b int64) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.fetched = append(n.fetched, fetch{r, from, b})
	}}
	for _, f := range with {
		f(&cfg)
	}
	if cfg.Store == nil {
		cfg.Store = mem.New(mem.Config{})
	}
	n.store = cfg.Store
	x, err := exchange.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.Exchange = x
	t.Cleanup(func() { x.Close() })
	return n
}

func withStore(s lumps.Store) func(*exchange.Config) {
	return func(c *exchange.Config) { c.Store = s }
}

func withRouting(r routing.ContentRouting) func(*exchange.Config) {
	return func(c *exchange.Config) { c.Routing = r }
}

func withStall(d time.Duration) func(*exchange.Config) {
	return func(c *exchange.Config) { c.Stall = d }
}

func diskStore(t testing.TB, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir, disk.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func add(t testing.TB, n *node, content []byte, pin bool) lumps.Stat {
	t.Helper()
	st, err := n.Add(t.Context(), bytes.NewReader(content), pin)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// read opens ref at n and wants exactly content.
func read(t testing.TB, n *node, ref lumps.Ref, content []byte) lumps.Info {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, in, err := n.Open(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) || in.Size != int64(len(content)) {
		t.Fatalf("read %d bytes (Info says %d), want %d", len(got), in.Size, len(content))
	}
	return in
}

func newDHT(t testing.TB, h host.Host) *dht.IpfsDHT {
	t.Helper()
	d, err := dht.New(h, dht.ProtocolPrefix("/metatopia"), dht.Mode(dht.ModeServer),
		dht.DisableAutoRefresh()) // or every node meets every other within milliseconds
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// poll waits until ok, and fails the test when that never comes.
func poll(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

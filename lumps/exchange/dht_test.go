package exchange_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// TestFoundThroughTheDHT: the fetcher is connected to a third node only, and
// learns from the DHT who has the content and where to dial it.
func TestFoundThroughTheDHT(t *testing.T) {
	hub, provider, fetcher := newHost(t), newHost(t), newHost(t)
	dhub, dprov, dfetch := newDHT(t, hub), newDHT(t, provider), newDHT(t, fetcher)
	connect(t, provider, hub)
	poll(t, "hub and provider in each other's tables", func() bool {
		return dprov.RoutingTable().Size() == 1 && dhub.RoutingTable().Size() == 1
	})
	newNode(t, hub, withRouting(dhub)) // serves bitswap, has nothing
	a := newNode(t, provider, withRouting(dprov))
	content := lumpstest.Bytes(11, 3<<20)
	st := add(t, a, content, true)
	poll(t, "provider record at the hub", func() bool {
		ps, err := dhub.ProviderStore().GetProviders(t.Context(), st.Ref.CID().Hash())
		return err == nil && slices.ContainsFunc(ps, func(p peer.AddrInfo) bool { return p.ID == provider.ID() })
	})

	b := newNode(t, fetcher, withRouting(dfetch))
	connect(t, fetcher, hub)
	poll(t, "hub in the fetcher's table", func() bool { return dfetch.RoutingTable().Size() >= 1 })
	if fetcher.Network().Connectedness(provider.ID()) == network.Connected {
		t.Fatal("connected to the provider before asking: the test shows nothing")
	}
	if in := read(t, b, st.Ref, content); in.Source != provider.ID().String() {
		t.Errorf("source %q, want the provider", in.Source)
	}
	if fetcher.Network().Connectedness(provider.ID()) != network.Connected {
		t.Error("fetched without a connection to the provider")
	}
	// Not before: a search through the DHT connects to whom it meets.
	ps, err := b.Providers(t.Context(), st.Ref, 5)
	if err != nil || len(ps) != 1 || ps[0].ID != provider.ID() {
		t.Fatalf("Providers = %v, %v", ps, err)
	}
	if ps, err := b.Providers(t.Context(), lumps.Of([]byte("nobody's")), 5); err != nil || len(ps) != 0 {
		t.Errorf("Providers of what nobody has = %v, %v", ps, err)
	}
}

// book is a routing in memory whose Provide fails some times first.
type book struct {
	mu       sync.Mutex
	fail     int
	provided map[cid.Cid]int
	answer   []peer.AddrInfo
}

func (b *book) Provide(_ context.Context, c cid.Cid, announce bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("knows nobody yet")
	}
	if b.provided == nil {
		b.provided = map[cid.Cid]int{}
	}
	b.provided[c]++
	return nil
}

func (b *book) FindProvidersAsync(ctx context.Context, _ cid.Cid, max int) <-chan peer.AddrInfo {
	out := make(chan peer.AddrInfo)
	go func() {
		defer close(out)
		for _, p := range b.answer {
			select {
			case out <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (b *book) times(r lumps.Ref) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.provided[r.CID()]
}

func TestAnnouncesRoots(t *testing.T) {
	routing := &book{fail: 2}
	n := newNode(t, newHost(t), withRouting(routing))
	root := add(t, n, fiveMiB, true).Ref
	loose := add(t, n, []byte("unpinned"), false).Ref
	// A root that was pinned before the announcer looked at the pins is announced
	// as one of these and as added; in any case before the one added after it.
	poll(t, "both roots announced", func() bool { return routing.times(root) > 0 && routing.times(loose) == 1 })
	before := routing.times(root)
	routing.mu.Lock()
	if len(routing.provided) != 2 {
		t.Errorf("%d names announced: only roots should be", len(routing.provided))
	}
	routing.mu.Unlock()

	if count, err := n.Reprovide(t.Context()); count != 1 || err != nil || routing.times(root) != before+1 || routing.times(loose) != 1 {
		t.Errorf("Reprovide = %d, %v", count, err)
	}
	routing.mu.Lock()
	routing.fail = 1
	routing.mu.Unlock()
	if count, err := n.Reprovide(t.Context()); count != 0 || err == nil {
		t.Errorf("failing Reprovide = %d, %v", count, err)
	}
	n.Close()

	again := &book{}
	newNode(t, n.host, withStore(n.store), withRouting(again))
	poll(t, "pinned root announced at the start", func() bool { return again.times(root) == 1 })
	if again.times(loose) != 0 {
		t.Error("unpinned content announced at the start")
	}
}

// TestProvidersAreBounded: routing that never stops answering, and repeats
// itself.
func TestProvidersAreBounded(t *testing.T) {
	var hosts []host.Host
	for range 3 {
		hosts = append(hosts, newHost(t))
	}
	routing := &book{}
	for i := range 1000 {
		routing.answer = append(routing.answer, info(hosts[i%3]), peer.AddrInfo{})
	}
	n := newNode(t, newHost(t), withRouting(routing))
	ps, err := n.Providers(t.Context(), lumps.Of([]byte("x")), 2)
	if err != nil || len(ps) != 2 || ps[0].ID == ps[1].ID {
		t.Fatalf("Providers = %v, %v", ps, err)
	}
	if ps, _ = n.Providers(t.Context(), lumps.Of([]byte("x")), 0); len(ps) != 3 {
		t.Fatalf("%d providers, want the 3 different ones", len(ps))
	}
	if _, err := n.Providers(t.Context(), lumps.Ref{}, 0); !errors.Is(err, lumps.ErrBadRef) {
		t.Fatalf("Providers of the zero Ref: %v", err)
	}
}

// rootsOnly knows who has one content, and nothing of its parts.
type rootsOnly struct {
	book
	root lumps.Ref
}

func (r *rootsOnly) FindProvidersAsync(ctx context.Context, c cid.Cid, max int) <-chan peer.AddrInfo {
	if c != r.root.CID() {
		return (&book{}).FindProvidersAsync(ctx, c, max)
	}
	return r.book.FindProvidersAsync(ctx, c, max)
}

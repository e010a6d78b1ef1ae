package exchange

import (
	"context"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
)

// finder asks content routing for bitswap, and leaves out whom it would be in
// vain to dial: anybody can have themselves named as the provider of anything.
type finder struct {
	under routing.ContentRouting
	judge *judge
	self  peer.ID

	mu    sync.Mutex
	named map[naming]time.Time  // given to bitswap, and when
	false map[naming]time.Time  // said then that it is not there
	away  map[peer.ID]time.Time // could not be dialled
}

// naming is one provider record.
type naming struct {
	p peer.ID
	c cid.Cid
}

var _ routing.ContentDiscovery = (*finder)(nil)

func newFinder(under routing.ContentRouting, j *judge, self peer.ID) *finder {
	return &finder{under: under, judge: j, self: self,
		named: map[naming]time.Time{}, false: map[naming]time.Time{}, away: map[peer.ID]time.Time{}}
}

// FindProvidersAsync implements routing.ContentDiscovery. Bitswap dials
// everybody that it gives, at the same time, so it gives searchBurst at once
// and the rest one after the other.
func (f *finder) FindProvidersAsync(ctx context.Context, c cid.Cid, most int) <-chan peer.AddrInfo {
	out := make(chan peer.AddrInfo)
	go func() {
		defer close(out)
		seen := map[peer.ID]struct{}{}
		// Not limited: what is left out must not count.
		for ai := range f.under.FindProvidersAsync(ctx, c, 0) {
			if _, twice := seen[ai.ID]; twice || !f.worth(ai.ID, c) {
				continue
			}
			seen[ai.ID] = struct{}{}
			if len(seen) > searchBurst {
				select {
				case <-time.After(searchPace):
				case <-ctx.Done():
					return
				}
			}
			select {
			case out <- ai:
			case <-ctx.Done():
				return
			}
			if len(seen) == most {
				return
			}
		}
	}()
	return out
}

// worth notes that p is given for c, unless that would be in vain.
func (f *finder) worth(p peer.ID, c cid.Cid) bool {
	if p == "" || p == f.self || f.judge.shunned(p) {
		return false
	}
	now := f.judge.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	n := naming{p, c}
	if now.Sub(f.false[n]) < recordFalse || now.Sub(f.away[p]) < recordAway {
		return false
	}
	bound(f.named, now, recordFalse)
	f.named[n] = now
	return true
}

// denied notes that a peer does not have a lump; true when it was just named
// as one that has.
func (f *finder) denied(p peer.ID, c cid.Cid) bool {
	now := f.judge.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	n := naming{p, c}
	if _, ok := f.named[n]; !ok {
		return false
	}
	delete(f.named, n)
	bound(f.false, now, recordFalse)
	f.false[n] = now
	return true
}

func (f *finder) unreachable(p peer.ID) {
	now := f.judge.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	bound(f.away, now, recordAway)
	f.away[p] = now
}

// bound makes room in a full table: what is over goes, or else anything.
func bound[K comparable](m map[K]time.Time, now time.Time, keep time.Duration) {
	if len(m) < maxRecords {
		return
	}
	for k, at := range m { //lint:sorted all that are due go
		if now.Sub(at) >= keep {
			delete(m, k)
		}
	}
	for k := range m { //lint:sorted which of them go does not matter
		if len(m) < maxRecords {
			return
		}
		delete(m, k)
	}
}

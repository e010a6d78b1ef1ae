package exchange

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// accounts is what is remembered of other peers: what went to and fro, and
// whom to leave alone for a while. At most maxAccounts; the one unused longest
// goes.
type accounts struct {
	mu sync.Mutex
	m  map[peer.ID]*account
}

type account struct {
	PeerStats
	last  time.Time
	until time.Time // no streams before
}

// PeerStats is what one peer has sent and been sent.
type PeerStats struct {
	Peer     string `json:"peer"`
	Received int64  `json:"received"` // bytes of verified lumps
	Sent     int64  `json:"sent"`     // bytes of lumps, on streams
	Stalls   int64  `json:"stalls"`   // it did not read, or did not send, what was due
}

// with changes the account of a peer.
func (a *accounts) with(id peer.ID, change func(*account)) {
	if id == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	acc := a.m[id]
	if acc == nil {
		if len(a.m) >= maxAccounts {
			a.forget()
		}
		acc = &account{}
		acc.Peer = id.String()
		a.m[id] = acc
	}
	acc.last = time.Now()
	change(acc)
}

// forget drops the account unused longest; one that is to be left alone only
// when there is no other.
func (a *accounts) forget() {
	now := time.Now()
	var oldest peer.ID
	var least time.Time
	for id, acc := range a.m {
		at := acc.last
		if acc.until.After(now) {
			at = acc.until
		}
		if oldest == "" || at.Before(least) {
			oldest, least = id, at
		}
	}
	delete(a.m, oldest)
}

// rest keeps streams from and to a peer closed for a while.
func (a *accounts) rest(id peer.ID, d time.Duration) {
	a.with(id, func(acc *account) {
		if until := time.Now().Add(d); until.After(acc.until) {
			acc.until = until
		}
	})
}

func (a *accounts) stall(id peer.ID) {
	a.with(id, func(acc *account) { acc.Stalls++ })
	a.rest(id, stallRest)
}

// may tells whether a stream may be opened.
func (a *accounts) may(id peer.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	acc := a.m[id]
	return acc == nil || !acc.until.After(time.Now())
}

// top gives the n peers with the most traffic.
func (a *accounts) top(n int) []PeerStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]PeerStats, 0, len(a.m))
	for _, acc := range a.m {
		out = append(out, acc.PeerStats)
	}
	slices.SortFunc(out, func(x, y PeerStats) int {
		return cmp.Or(cmp.Compare(y.Received+y.Sent, x.Received+x.Sent), cmp.Compare(x.Peer, y.Peer))
	})
	return out[:min(n, len(out))]
}

package p2p

import (
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// Gate bounds how often each peer may ask for something that no Links carries.
// A peer that goes on beyond its rate, or is struck too often, is cut off and
// kept out, as on links.
type Gate struct {
	n  *Net
	p  Protocol
	in inbound
}

// Gate makes a gate with a rate for each peer.
func (n *Net) Gate(rate Rate) *Gate {
	g := &Gate{n: n, p: Protocol{Messages: rate}}
	g.in.init(1)
	return g
}

// Allow charges one request to a peer. false: it is over its rate, or too many
// peers asked lately.
func (g *Gate) Allow(from base.Key) bool {
	now := time.Now()
	g.in.mu.Lock()
	r := g.in.of(from, now)
	if r != nil {
		r.left = now // it is remembered from its last request on
	}
	g.in.mu.Unlock()
	if r == nil {
		return false
	}
	ok, struck := g.in.allow(r, 0, &g.p, 0, now)
	if struck {
		g.n.ban(from)
	}
	return ok
}

// Strike notes that a peer did what no correct peer does.
func (g *Gate) Strike(from base.Key) {
	now := time.Now()
	g.in.mu.Lock()
	r := g.in.of(from, now)
	struck := r == nil || !r.strikes.take(strikes, 1, now)
	g.in.mu.Unlock()
	if struck {
		g.n.ban(from)
	}
}

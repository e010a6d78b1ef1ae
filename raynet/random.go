package raynet

import (
	"github.com/metatopia/metatopia/raynet/wire"
)

// The random view is filled by swaps: who was heard longest ago is asked for a
// sample of its view and given one. Who stays is decided by slots.

// fastShuffles is how many shuffles follow each other quickly after a start.
const fastShuffles = 10

// shuffleRound gives the period until the next one: short at first, while the
// view is less than half full.
func (n *Node) shuffleRound() int64 {
	if len(n.random) == 0 {
		// A lone view: start it from neighbours.
		for _, p := range n.near {
			if len(n.random) < n.cfg.Random/2 && n.usable(p) {
				n.joinRandom(p)
			}
		}
	}
	n.reseed()
	if len(n.random) > 0 {
		q := n.quietest()
		m := &wire.Shuffle{Entries: n.sample(q)}
		for i := range m.Entries {
			n.knows(q, m.Entries[i].Record.ID(), m.Entries[i].Record.Stamp)
		}
		if q.pingAt == unheard {
			q.pingAt = at(n.now)
		}
		n.send(q, m, Bulk)
	}
	if n.shuffles < fastShuffles && len(n.random) < n.cfg.Random/2 {
		n.shuffles++
		return min(n.cfg.NearEvery, n.cfg.ShuffleEvery)
	}
	return n.cfg.ShuffleEvery
}

// sample is the own entry and some of the view, for a peer.
func (n *Node) sample(to *peer) []wire.Entry {
	es := []wire.Entry{n.selfEntry(nil)}
	for _, p := range n.pickRandom(n.cfg.Shuffle-1, to) {
		es = append(es, n.entry(p))
	}
	return es
}

// pickRandom draws up to k members, not p.
func (n *Node) pickRandom(k int, p *peer) []*peer {
	pool := make([]*peer, 0, len(n.random))
	for _, q := range n.random {
		if q != p {
			pool = append(pool, q)
		}
	}
	k = min(k, len(pool))
	for i := range k {
		j := i + n.rng.IntN(len(pool)-i)
		pool[i], pool[j] = pool[j], pool[i]
	}
	return pool[:k]
}

func (n *Node) onShuffle(p *peer, m *wire.Shuffle) {
	if !m.Reply {
		n.send(p, &wire.Shuffle{Reply: true, Entries: n.sample(p)}, Bulk)
	}
	for i := range m.Entries {
		if q := n.holding(m.Entries[i].Record.Key); q != nil && !q.inRandom && !n.wins(q) {
			continue // it is known, and not worth a signature for this view
		}
		if q := n.admit(p, &m.Entries[i], randomAge); q != nil && !q.suspect {
			n.joinRandom(q)
		}
	}
}

// joinRandom has a peer compete for a place in the view.
func (n *Node) joinRandom(p *peer) {
	if p.inRandom || !n.randomRoom(p) {
		return
	}
	if n.offerSlots(p); p.inRandom && len(n.random) > n.cfg.Random/2 {
		if q := n.overfull(p); q != nil {
			n.leaveRandom(q)
		}
	}
}

func (n *Node) leaveRandom(p *peer) {
	if !p.inRandom {
		return // an old acquaintance; the view may hold a newer one of its key
	}
	p.inRandom = false
	n.random = erase(n.random, p)
	n.clearSlots(p)
}

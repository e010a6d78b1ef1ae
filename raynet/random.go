package raynet

import (
	"github.com/metatopia/metatopia/raynet/wire"
)

// The random view is Cyclon (Voulgaris, Gavidia, van Steen 2005): the entry
// whose record is oldest is asked to swap, and swapped entries change places,
// so pointers are conserved and in-degrees stay even.

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
	if len(n.random) > 0 {
		oldest := n.random[0]
		for _, p := range n.random[1:] {
			if p.bornAt < oldest.bornAt {
				oldest = p
			}
		}
		n.leaveRandom(oldest)
		picked := n.pickRandom(n.cfg.Shuffle-1, oldest)
		n.shuffled = picked
		m := &wire.Shuffle{Entries: []wire.Entry{n.selfEntry(nil)}}
		for _, p := range picked {
			m.Entries = append(m.Entries, n.entry(p))
			n.knows(oldest, p.id, p.rec.Stamp)
		}
		if oldest.pingAt == unheard {
			oldest.pingAt = at(n.now)
		}
		n.send(oldest, m, Bulk)
	}
	if n.shuffles < fastShuffles && len(n.random) < n.cfg.Random/2 {
		n.shuffles++
		return min(n.cfg.NearEvery, n.cfg.ShuffleEvery)
	}
	return n.cfg.ShuffleEvery
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
	if m.Reply {
		n.mergeRandom(p, m.Entries, n.shuffled)
		n.shuffled = nil
		if len(n.random) < n.cfg.Random && n.usable(p) && !p.inRandom {
			// In a small world the swap would leave nobody here.
			n.joinRandom(p)
		}
		return
	}
	picked := n.pickRandom(n.cfg.Shuffle, p)
	rep := &wire.Shuffle{Reply: true}
	for _, q := range picked {
		rep.Entries = append(rep.Entries, n.entry(q))
	}
	n.send(p, rep, Bulk)
	n.mergeRandom(p, m.Entries, picked)
}

// mergeRandom takes entries into the view, in place of those that were sent
// when it is full.
func (n *Node) mergeRandom(from *peer, entries []wire.Entry, sent []*peer) {
	for i := range entries {
		p := n.admit(from, &entries[i], randomAge)
		if p == nil || p.inRandom || p.suspect {
			continue
		}
		for len(n.random) >= n.cfg.Random && len(sent) > 0 {
			n.leaveRandom(sent[0])
			sent = sent[1:]
		}
		if len(n.random) < n.cfg.Random {
			n.joinRandom(p)
		}
	}
}

func (n *Node) joinRandom(p *peer) {
	p.inRandom = true
	n.random = insert(n.random, p)
}

func (n *Node) leaveRandom(p *peer) {
	p.inRandom = false
	n.random = erase(n.random, p)
}

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
	n.reseed()
	if len(n.random) > 0 {
		oldest := n.partner()
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

// partner takes out the entry whose record is oldest. Where slots decide who
// stays it is the one heard longest ago, and it stays.
func (n *Node) partner() *peer {
	if n.cfg.MinHash {
		return n.quietest()
	}
	oldest := n.random[0]
	for _, p := range n.random[1:] {
		if p.bornAt < oldest.bornAt {
			oldest = p
		}
	}
	n.leaveRandom(oldest)
	return oldest
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
	rep := &wire.Shuffle{Reply: true}
	room := n.cfg.Shuffle
	if n.cfg.MinHash {
		// Nothing is given away, so the own record must travel too.
		rep.Entries = append(rep.Entries, n.selfEntry(nil))
		room--
	}
	picked := n.pickRandom(room, p)
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
		if len(n.random) >= n.cfg.Random && len(sent) == 0 && !n.cfg.MinHash && n.hasRecord(entries[i].Record.Key) {
			continue // it would win no place: not worth a signature
		}
		p := n.admit(from, &entries[i], randomAge)
		if p == nil || p.inRandom || p.suspect {
			continue
		}
		if n.cfg.MinHash {
			n.offerSlots(p)
			continue
		}
		if !n.randomRoom(p) {
			continue
		}
		if len(n.random) >= n.cfg.Random {
			if q := n.overfull(p); q != nil {
				n.leaveRandom(q)
			}
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
	if n.cfg.MinHash {
		n.offerSlots(p)
		return
	}
	p.inRandom = true
	n.random = insert(n.random, p)
}

func (n *Node) leaveRandom(p *peer) {
	if !p.inRandom {
		return // an old acquaintance; the view may hold a newer one of its key
	}
	n.clearSlots(p)
	p.inRandom = false
	n.random = erase(n.random, p)
}

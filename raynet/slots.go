package raynet

import (
	"encoding/binary"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// The random view is chosen as in BASALT (Auvolat, Bromberg, Frey, Taiani,
// 2021): each slot has a secret seed and holds, of all keys it was ever offered,
// the one whose hash with the seed is least. Who is named more often gains
// nothing by it. One slot a round gets a new seed, so that the sample stays
// fresh. Several slots may hold the same peer.

type slot struct {
	seed uint64
	p    *peer
}

// secret is where the seeds of slots come from. The node's other random numbers
// are seen by others, in the ids of routes for one, and tell the state they come
// from to whoever tries; so these begin with a signature that is shown to nobody.
func secret(id base.Key, start Start, env Env) base.Rand {
	b := []byte("metatopia/raynet/slots/1\x00")
	b = binary.LittleEndian.AppendUint32(b, start.Epoch)
	sig := env.Sign(id, b)
	d := wire.DigestOf(binary.LittleEndian.AppendUint64(sig[:], start.Seed))
	return *base.NewRand(binary.LittleEndian.Uint64(d[:]), 2)
}

func (s *slot) rank(p *peer) uint64 {
	z := uint64(p.id) ^ s.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// wins says that a slot would take a peer.
func (n *Node) wins(p *peer) bool {
	for i := range n.slots {
		if s := &n.slots[i]; s.p == nil || s.rank(p) < s.rank(s.p) {
			return true
		}
	}
	return len(n.slots) == 0
}

// offerSlots lets a peer compete for every slot.
func (n *Node) offerSlots(p *peer) {
	if len(n.slots) == 0 {
		n.slots = make([]slot, n.cfg.Random)
		for i := range n.slots {
			n.slots[i].seed = n.slotRng.Uint64()
		}
	}
	for i := range n.slots {
		s := &n.slots[i]
		if s.p == p || (s.p != nil && s.rank(s.p) <= s.rank(p)) {
			continue
		}
		old := s.p
		s.p = p
		n.unslotted(old)
		n.slotted(p)
	}
}

func (n *Node) slotted(p *peer) {
	if p != nil && !p.inRandom {
		p.inRandom = true
		n.random = insert(n.random, p)
	}
}

// unslotted takes a peer that no slot holds any more out of the view.
func (n *Node) unslotted(p *peer) {
	if p == nil {
		return
	}
	for i := range n.slots {
		if n.slots[i].p == p {
			return
		}
	}
	p.inRandom = false
	n.random = erase(n.random, p)
}

// clearSlots frees what a peer holds; the others of the view compete for it.
func (n *Node) clearSlots(p *peer) {
	for i := range n.slots {
		if n.slots[i].p == p {
			n.slots[i].p = n.bestFor(&n.slots[i], p)
			n.slotted(n.slots[i].p)
		}
	}
}

// bestFor is who is known, but for one, that a slot likes best. Not only the
// view is asked: near gossip names people by where they are, which nobody can
// crowd out.
func (n *Node) bestFor(s *slot, not *peer) (best *peer) {
	for _, q := range n.table.all {
		if q == not || !q.hasRec || q.suspect || n.since(q.bornAt) > randomAge || (best != nil && s.rank(q) >= s.rank(best)) {
			continue
		}
		if q.inRandom || n.randomRoom(q) {
			best = q
		}
	}
	return best
}

// reseed gives the next slot a new seed.
func (n *Node) reseed() {
	if len(n.slots) == 0 {
		return
	}
	n.slotTurn = (n.slotTurn + 1) % len(n.slots)
	s := &n.slots[n.slotTurn]
	old := s.p
	s.seed = n.slotRng.Uint64()
	s.p = n.bestFor(s, nil)
	n.slotted(s.p)
	n.unslotted(old)
}

// quietest is the member of the random view that was heard longest ago.
func (n *Node) quietest() *peer {
	q := n.random[0]
	for _, p := range n.random[1:] {
		if p.heardAt < q.heardAt {
			q = p
		}
	}
	return q
}

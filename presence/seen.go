package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Avatar is one that this node knows of.
type Avatar struct {
	ID  wire.ShortID
	Key base.Key // zero when only digests named it
	Pos spatial.Pos
	Vel spatial.Vec // metres per second
	AOI uint16      // metres; 0 when only digests named it
	// AgeNs is the time since the pose was made, as far as known. Pos is
	// already thought on from then, for at most 2.5 s.
	AgeNs int64
	Rate  wire.Class // asked for; None for one known by digests
	// FirstHand: the avatar itself said so, over its authenticated link.
	FirstHand bool
	Inside    bool // the area of interest, with its hysteresis
}

// Seen appends the avatars in the area of interest to dst. The order means
// nothing.
func (n *Node) Seen(dst []Avatar) []Avatar {
	for i := range n.peers {
		if p := &n.peers[i]; p.used() && p.seen {
			dst = append(dst, n.avatar(p))
		}
	}
	for i := range n.heard {
		dst = append(dst, n.rumoured(&n.heard[i]))
	}
	return dst
}

// Lookup gives what is known of one avatar, also outside the area of interest.
// False when nothing is, or only hints that it has not confirmed.
func (n *Node) Lookup(k base.Key) (Avatar, bool) {
	id := wire.ShortOf(k)
	if i := n.index.get(id); i >= 0 {
		p := &n.peers[i]
		if !(p.first || p.seen) || p.key != k {
			return Avatar{}, false
		}
		return n.avatar(p), true
	}
	if i := n.hindex.get(id); i >= 0 {
		return n.rumoured(&n.heard[i]), true
	}
	return Avatar{}, false
}

func (n *Node) avatar(p *peer) Avatar {
	return Avatar{ID: p.id, Key: p.key, Pos: p.pos(n.now).Pos(), Vel: p.body.Vel.Vec(), AOI: p.body.AOI,
		AgeNs: n.now - p.at, Rate: p.want, FirstHand: p.first, Inside: p.seen}
}

func (n *Node) rumoured(h *hearsay) Avatar {
	return Avatar{ID: h.id, Pos: h.place(n.now).Pos(), Vel: h.vel.Vec(), AgeNs: n.now - h.at, Inside: h.seen}
}

// Self is the own avatar, thought on to the time of the last Step.
func (n *Node) Self() Avatar {
	pos, vel := n.me.at(n.now)
	return Avatar{ID: n.self, Key: n.id, Pos: pos.Pos(), Vel: vel.Vec(), AOI: n.me.aoi, FirstHand: true, Inside: true}
}

// Links counts the relations: publishers this node hears from, subscribers,
// and avatars known by digests.
func (n *Node) Links() (publishers, subscribers, hearsay int) {
	for i := range n.peers {
		if n.peers[i].out == outLive {
			publishers++
		}
	}
	return publishers, len(n.subs), len(n.heard)
}

// Counters gives the totals.
func (n *Node) Counters() Counters { return n.n }

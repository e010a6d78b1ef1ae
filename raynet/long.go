package raynet

import (
	"math/bits"

	"github.com/metatopia/metatopia/raynet/wire"
)

// octave is the doubling a squared distance (units²) falls into: 0 for the
// node's own point, 1 for one unit, 31 for the far end of the largest world.
func octave(d2 uint64) int { return (bits.Len64(d2) + 1) / 2 }

// octaveOpen says that the long view has room in an octave that lies beyond
// the near view's.
func (n *Node) octaveOpen(o int) bool {
	k := 0
	for _, p := range n.long {
		if int(p.octave) == o {
			k++
		}
	}
	return k < n.cfg.LongPerOctave && len(n.long) < maxLong
}

// tryLong takes a peer as a long link when its octave has room, or when it is
// a site and an avatar can go: sites stay.
func (n *Node) tryLong(p *peer) {
	if p.inLong || !n.usable(p) {
		return
	}
	o := octave(n.self.point.Dist2(p.at(n.now)))
	if !n.octaveOpen(o) {
		if p.rec.Kind != wire.Site || !n.dropAvatar(o) {
			return
		}
	}
	p.inLong, p.octave = true, uint8(o)
	n.long = insert(n.long, p)
	n.protect(p)
}

func (n *Node) dropAvatar(o int) bool {
	for _, p := range n.long {
		if int(p.octave) == o && p.rec.Kind == wire.Avatar {
			n.leaveLong(p)
			return true
		}
	}
	return false
}

func (n *Node) leaveLong(p *peer) {
	if !p.inLong {
		return
	}
	p.inLong = false
	n.long = erase(n.long, p)
	n.unprotect(p)
}

// longRound files the links again, because this node and they move, and pings
// the next one that has been silent.
func (n *Node) longRound() {
	var full [33]int
	for _, p := range append([]*peer(nil), n.long...) {
		p.octave = uint8(octave(n.self.point.Dist2(p.at(n.now))))
		if full[p.octave]++; full[p.octave] > n.cfg.LongPerOctave {
			n.leaveLong(p)
		}
	}
	for range n.long {
		n.longTurn++
		p := n.long[n.longTurn%len(n.long)]
		if n.since(p.heardAt) > n.cfg.DeadAfter {
			n.ping(p)
			return
		}
	}
}

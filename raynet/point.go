package raynet

import (
	"encoding/binary"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// jitterUnits is the largest jitter on each axis: 10/1024 m, about 1 cm.
const jitterUnits = 10

// margin widens the world box for selections, so that a jittered point is
// always inside it.
const margin = jitterUnits + 6

// point is the overlay point of a node at pos: pos plus a jitter that every
// node derives alike from the key, so that a crowd at one spot has an order
// and hardly ever a bisector of length zero.
func point(key *base.Key, pos spatial.Pos) spatial.Pos {
	j := jitterOf(key)
	return spatial.Pos{X: pos.X + int64(j[0]), Y: pos.Y + int64(j[1]), Z: pos.Z + int64(j[2])}
}

func jitterOf(key *base.Key) (j [3]int8) {
	for i := range j {
		j[i] = int8(int(binary.LittleEndian.Uint16(key[8+2*i:]))%(2*jitterUnits+1) - jitterUnits)
	}
	return j
}

// apart gives other, moved by one unit when it is exactly at origin: towards
// +X for the higher key, so that both nodes see the same order.
func apart(origin, other spatial.Pos, originKey, otherKey *base.Key) spatial.Pos {
	if origin != other {
		return other
	}
	if otherKey.Compare(*originKey) > 0 {
		other.X++
	} else {
		other.X--
	}
	return other
}

func shift(p spatial.Pos, by int64) spatial.Pos {
	return spatial.Pos{X: p.X + by, Y: p.Y + by, Z: p.Z + by}
}

// clamp brings a position into the world box.
func (n *Node) clamp(p spatial.Pos) spatial.Pos {
	lo, hi := n.cfg.Min, n.cfg.Max
	return spatial.Pos{X: min(max(p.X, lo.X), hi.X), Y: min(max(p.Y, lo.Y), hi.Y), Z: min(max(p.Z, lo.Z), hi.Z)}
}

func (n *Node) inWorld(p spatial.Pos) bool { return n.clamp(p) == p }

package rival

import (
	"math"

	"github.com/metatopia/metatopia/spatial"
)

// point is a place in units of 1/1024 m. Worlds are at most 2^30 units from
// their origin, so 32 bits do and views take half the memory.
type point struct{ x, y, z int32 }

func pointOf(p spatial.Pos) point { return point{int32(p.X), int32(p.Y), int32(p.Z)} }

// dist2 is the squared distance in units².
func (a point) dist2(b point) uint64 {
	dx, dy, dz := int64(a.x)-int64(b.x), int64(a.y)-int64(b.y), int64(a.z)-int64(b.z)
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

// from is a - o in metres.
func (a point) from(o point) vec {
	return vec{float32(int64(a.x)-int64(o.x)) / spatial.Unit, float32(int64(a.y)-int64(o.y)) / spatial.Unit,
		float32(int64(a.z)-int64(o.z)) / spatial.Unit}
}

// square of a length in metres, as units².
func square(m float64) uint64 { return uint64(m * m * spatial.Unit * spatial.Unit) }

// contact is what one node tells another of a third.
type contact struct {
	node int32
	at   point
	mark uint32 // what says which of two is newer: an age, or a time in ms
}

// index is where a node is in a list, -1 when it is not.
func index(list []contact, node int32) int {
	for i := range list {
		if list[i].node == node {
			return i
		}
	}
	return -1
}

// drop takes a node out of a list whose order does not matter.
func drop(list []contact, node int32) []contact {
	if i := index(list, node); i >= 0 {
		list[i] = list[len(list)-1]
		list = list[:len(list)-1]
	}
	return list
}

// closest is the member nearest to p, if it is nearer than within: the lower
// number at a tie. The index is -1 for none.
func closest(list []contact, p point, within uint64) (at int, d2 uint64) {
	at, d2 = -1, within
	for i := range list {
		if d := list[i].at.dist2(p); d < d2 || (d == d2 && at >= 0 && list[i].node < list[at].node) {
			at, d2 = i, d
		}
	}
	return at, d2
}

// millis is a time as a contact's mark.
func millis(now int64) uint32 { return uint32(now / 1_000_000) }

const never = math.MaxInt64

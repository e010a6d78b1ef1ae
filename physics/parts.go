package physics

import (
	"slices"

	"github.com/metatopia/metatopia/physics/shape"
)

// A pair of which one is a compound, a heightfield or a mesh may meet in several
// parts, each a contact of its own. That they touch is said once: when the
// first part begins, and when the last one has ended.

// pieced reports whether a contact is, or may be, one of several of its pair.
func (w *World) pieced(c *contact) bool {
	if c.sense() {
		return false
	}
	return w.severalParts(c.a) || w.severalParts(c.b)
}

func (w *World) severalParts(id BodyID) bool {
	if id == Ground {
		return false
	}
	i, ok := w.find(id)
	return ok && w.solids[i].Shape.Kind > Hull
}

// sameTouch reports whether two contacts are of one pair and, of the ground, of
// one plane.
func sameTouch(a, b key) bool {
	return a.a == b.a && a.b == b.b && (a.a != Ground || a.part&0xff == b.part&0xff)
}

// touches reports whether list, which is in key order, has a touching contact
// of the pair of k.
func touches(list []contact, k key) bool {
	k0 := key{a: k.a, b: k.b}
	i, _ := slices.BinarySearchFunc(list, k0, func(c contact, k key) int { return c.key.compare(k) })
	for ; i < len(list) && list[i].a == k.a && list[i].b == k.b; i++ {
		if list[i].touching && sameTouch(list[i].key, k) {
			return true
		}
	}
	return false
}

// endPieces reports the end of touches of several parts, of which w.contacts
// has the last step's and w.next this step's.
func (w *World) endPieces() {
	if len(w.geometries.shapes) == 0 {
		return // nothing has parts
	}
	for x := range w.contacts {
		c := &w.contacts[x]
		if !c.touching || !w.pieced(c) || touches(w.contacts[:x], c.key) || touches(w.next, c.key) {
			continue
		}
		w.endFor(c, Ground)
	}
}

// groundPart is the part of a contact with plane p: the child is above it, so
// that of one body the planes of a child come together.
func groundPart(p uint8, child uint64) uint64 { return child<<8 | uint64(p) }

// sortGround brings the contacts of one body with the planes, from index n on,
// into key order: those of a compound are found plane by plane.
func (w *World) sortGround(n int) {
	for i := n + 1; i < len(w.met); i++ {
		for k := i; k > n && w.met[k-1].key.part > w.met[k].key.part; k-- {
			w.met[k-1], w.met[k] = w.met[k], w.met[k-1]
			w.found[k-1], w.found[k] = w.found[k], w.found[k-1]
		}
	}
}

// partOf reports whether shapes a and b can meet in such a part.
func partOf(a, b *shape.Shape, part uint64) bool {
	return part>>32 < uint64(a.Parts()) && part&0xffffffff < uint64(b.Parts())
}

package physics

import (
	"math"
	"math/bits"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// A print is a digest of one body or one contact. Those of all are added up, so
// that each can be made anew alone: Hash makes those of what is awake and keeps
// those of what sleeps.

// sum is a digest of words.
type sum uint64

const (
	odd1 = 0x9e3779b97f4a7c15
	odd2 = 0xbf58476d1ce4e5b9
)

func (h *sum) word(x uint64) {
	*h = sum(bits.RotateLeft64(uint64(*h)^x*odd1, 29) * odd2)
}

func (h *sum) pair(a, b float32) {
	h.word(uint64(math.Float32bits(a)) | uint64(math.Float32bits(b))<<32)
}

func (h *sum) vecs(a, b spatial.Vec) {
	h.pair(a.X, a.Y)
	h.pair(a.Z, b.X)
	h.pair(b.Y, b.Z)
}

// end mixes with the finaliser of MurmurHash3 (Appleby 2011).
func (h sum) end() uint64 {
	x := uint64(h)
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// print is over all that appendTo writes.
func (s *solid) print() uint64 {
	var h sum
	h.word(uint64(s.ID))
	h.word(uint64(s.Shape.Geometry))
	marks := uint64(s.Shape.Kind) | uint64(s.Flags)<<8 | uint64(s.rest)<<16
	if s.standing {
		marks |= 1 << 24
	}
	if s.asleep {
		marks |= 1 << 25
	}
	h.word(marks | uint64(uint32(s.Filter.Group))<<32)
	h.word(uint64(s.Filter.Category) | uint64(s.Filter.Mask)<<32)
	h.vecs(s.Shape.Half, s.Pos)
	h.pair(s.Rot.X, s.Rot.Y)
	h.pair(s.Rot.Z, s.Rot.W)
	h.vecs(s.Vel, s.Spin)
	h.pair(s.Mass, s.Friction)
	h.pair(s.Restitution, s.accel)
	h.pair(s.want.X, s.want.Z)
	return h.end()
}

func (c *contact) print() uint64 {
	var h sum
	h.word(uint64(c.a))
	h.word(uint64(c.b))
	h.word(c.part)
	marks := uint64(c.count)
	if c.touching {
		marks |= 1 << 8
	}
	h.word(marks)
	for k := range c.count {
		h.word(uint64(c.feature[k]) | uint64(math.Float32bits(c.impulse[k]))<<32)
	}
	h.vecs(spatial.Vec(c.friction), spatial.Vec(c.roll))
	h.pair(c.twist, 0)
	return h.end()
}

// digestSolids adds up the prints of the bodies. That of a body is kept while
// the body is not changed: a step prints all anew that stir, a command the one it
// names, World.wake whom it wakes.
func (w *World) digestSolids(e *base.Encoder) {
	var total uint64
	for i := range w.solids {
		s := &w.solids[i]
		if !s.printed {
			s.kept, s.printed = s.print(), true
		}
		total += s.kept
	}
	e.U32(uint32(len(w.solids)))
	e.U64(total)
}

// prints are those of many together.
type prints struct {
	dormant uint64 // of World.dormant, where current
	current bool
}

// digestContacts adds up the prints of the contacts. The sum of the dormant
// ones is kept until one comes or goes.
func (w *World) digestContacts(e *base.Encoder) {
	if !w.prints.current {
		w.prints.dormant, w.prints.current = 0, true
		for i := range w.dormant {
			w.prints.dormant += w.dormant[i].print()
		}
	}
	total := w.prints.dormant
	for i := range w.contacts {
		total += w.contacts[i].print()
	}
	e.U32(uint32(len(w.contacts) + len(w.dormant)))
	e.U64(total)
}

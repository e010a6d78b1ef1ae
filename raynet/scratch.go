package raynet

import (
	"math/bits"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Scratch holds the buffers of selections, so that a selection in steady state
// allocates nothing. The zero value is ready. What it holds between two
// selections has no meaning: many nodes may share one, one at a time.
type Scratch struct {
	jury   jury
	second jury // a selection within a selection
	pairs  []pairView
	shades []pvec
	signed []byte // what a signature covers
	asks   []*peer
	hints  []wire.Hint
	order  []int32
	slot   []uint8
	rays   rayBuffers
	hull   hull
	cones  []float64 // volume under each plane's face
}

// sized gives a slice of length n, reusing b. Its contents are not cleared.
func sized[T any](b []T, n int) []T {
	if n <= cap(b) {
		return b[:n]
	}
	return make([]T, n, n+n/2)
}

// disorder bounds nearestFirst: of two candidates in the wrong order the
// squared distances differ by less than this factor: 1.25, and some rounding.
const disorder = 1.26

// nearestFirst lists the candidates by distance in classes of a quarter octave
// of the squared distance (at most 12 % of distance), in index order within a
// class. Selections need the near ones early, not a full order, and a counting
// sort costs a third of one.
func (s *Scratch) nearestFirst(origin spatial.Pos, cands []spatial.Pos) []int32 {
	s.order, s.slot = sized(s.order, len(cands)), sized(s.slot, len(cands))
	slot := s.slot[:len(cands)]
	// Squared distances have up to 64 bits: 4 classes for each length.
	var start [257]int32
	for i := range cands {
		d2 := origin.Dist2(cands[i])
		n := bits.Len64(d2)
		k := uint8(d2)
		if n >= 3 {
			k = uint8(n-1)<<2 | uint8(d2>>(n-3)&3)
		}
		slot[i] = k
		start[int(k)+1]++
	}
	sum := int32(0)
	for i := range start {
		sum += start[i]
		start[i] = sum
	}
	order := s.order[:len(cands)]
	for i, k := range slot {
		order[start[k]] = int32(i)
		start[k]++
	}
	return order
}

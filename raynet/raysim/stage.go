package raysim

import (
	"slices"

	"github.com/metatopia/metatopia/spatial"
)

// stage is who has the interest layer: everybody in a small world, and in a
// large one those within a ball, because ten poses a second to everybody near
// by is a hundred times the work of the overlay.
type stage struct {
	w      *World
	p      Interested
	on     []bool
	count  int
	centre spatial.Pos
	outer  uint64 // squared radius, units²; 0 for everybody
	inner  uint64
}

const (
	// wholeStage is the size of world in which everybody has the layer, and
	// stageSize how many have it in a larger one.
	wholeStage = 3000
	stageSize  = 2500
	// stageRim is how far from the edge one must be to be looked at, in
	// metres: an area of interest, and the way of a fast mover in which those
	// who come in learn who is there.
	stageRim = AOI + 28
)

// startStage puts the interest layer on, which takes a cycle; nil when the
// protocol has none.
func (w *World) startStage(centre spatial.Pos) *stage {
	p, ok := w.cfg.Protocol.(Interested)
	if !ok {
		return nil
	}
	s := &stage{w: w, p: p, on: make([]bool, w.Nodes()), centre: centre}
	if alive := w.Living(); len(alive) > wholeStage {
		d2 := make([]uint64, len(alive))
		for k, i := range alive {
			d2[k] = centre.Dist2(w.pos[i])
		}
		slices.Sort(d2)
		rim := uint64(stageRim * spatial.Unit)
		r := max(root(d2[stageSize]), 2*rim)
		s.outer, s.inner = r*r, (r-rim)*(r-rim)
	}
	s.follow()
	w.Cycles(1)
	return s
}

func root(v uint64) uint64 {
	r := uint64(0)
	for b := uint64(1) << 31; b > 0; b >>= 1 {
		if (r+b)*(r+b) <= v {
			r += b
		}
	}
	return r
}

// follow takes the layer off those who have left and puts it on those who have
// come: over half a second, so that nobody acts in step.
func (s *stage) follow() {
	w := s.w
	if s.outer > 0 {
		w.Grid() // positions of now
	}
	for i := range int32(w.Nodes()) {
		in := w.Alive(i) && (s.outer == 0 || s.centre.Dist2(w.pos[i]) <= s.outer)
		if in == s.on[i] {
			continue
		}
		s.on[i] = in
		if !in {
			if s.count--; w.Alive(i) {
				s.p.Unwatch(w.Machine(i))
			}
			continue
		}
		s.count++
		s.p.Watch(w.Machine(i), w.start(i))
		if w.walk != nil {
			continue // the next step brings it to life
		}
		w.SetPose(i, w.Now()+int64(w.rng.Float64()*float64(Second/2)), Pose{Pos: w.pos[i]})
	}
}

// track is follow for a stage that may not be there, and for a small world it
// is nothing.
func (s *stage) track() {
	if s != nil && s.outer > 0 {
		s.follow()
	}
}

// seats are up to k of those who may be looked at now; nodes when that is
// everybody.
func (s *stage) seats(nodes []int32, k int) func() []int32 {
	if s == nil || s.outer == 0 {
		return func() []int32 { return nodes }
	}
	return func() (is []int32) {
		for i := range int32(s.w.Nodes()) {
			if len(is) < k && s.on[i] && s.w.Honest(i) && s.centre.Dist2(s.w.At(i, s.w.Now())) <= s.inner {
				is = append(is, i)
			}
		}
		return is
	}
}

// end takes the layer off.
func (s *stage) end() {
	if s == nil {
		return
	}
	for i := range int32(s.w.Nodes()) {
		if s.on[i] && s.w.Alive(i) {
			s.p.Unwatch(s.w.Machine(i))
		}
	}
}

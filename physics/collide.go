package physics

import (
	"slices"

	"github.com/metatopia/metatopia/physics/shape"
)

// met says which two solids meet: what the narrow phase finds. How they do is
// in the shape.Manifold of the same index.
type met struct {
	i, j int32 // indexes in World.solids; i is len(solids) for the ground
	key  key
}

// catch is what one block of the narrow phase finds.
type catch struct {
	met   []met
	found []shape.Manifold
	woken []int32 // solids that were met asleep
	first int     // where they go in World.met

	// Of the same block of w.met, see matchBlock.
	begun []int32 // sensors' of w.met that were not there before
	ended []int32 // of w.contacts that are no more
}

// narrow fills w.met and w.found, in key order, from the pairs and the planes.
// A sleeper that was met is made to wake: see World.rouse.
func (w *World) narrow() {
	const few = 64 // pairs are not worth a worker
	w.met, w.found = w.met[:0], w.found[:0]
	w.narrowPlanes()
	w.task.cuts = 1
	if w.parallel != nil {
		w.task.cuts = cuts(len(w.pairs), few)
	}
	if w.task.cuts == 1 {
		c := &w.catches[0]
		c.met, c.found, c.woken = w.met, w.found, c.woken[:0]
		w.narrowPairs(c, w.pairs)
		w.met, w.found = c.met, c.found
		c.met, c.found = nil, nil
	} else {
		w.run(w.task.cuts, w.jobs.narrow)
		w.gather()
	}
	for k := range w.task.cuts {
		for _, i := range w.catches[k].woken {
			if s := &w.solids[i]; s.asleep {
				w.wake(s)
			}
		}
	}
}

// gather puts what the blocks found behind what the planes did.
func (w *World) gather() {
	n := len(w.met)
	for k := range w.task.cuts {
		c := &w.catches[k]
		c.first = n
		n += len(c.met)
	}
	w.met, w.found = slices.Grow(w.met, n-len(w.met))[:n], slices.Grow(w.found, n-len(w.found))[:n]
	w.run(w.task.cuts, w.jobs.gather)
}

func (w *World) gatherBlock(k int) {
	c := &w.catches[k]
	copy(w.met[c.first:], c.met)
	copy(w.found[c.first:], c.found)
}

func (w *World) narrowBlock(k int) {
	c := &w.catches[k]
	c.met, c.found, c.woken = c.met[:0], c.found[:0], c.woken[:0]
	lo, hi := part(len(w.pairs), w.task.cuts, k)
	w.narrowPairs(c, w.pairs[lo:hi])
}

func (w *World) narrowPlanes() {
	ground := int32(len(w.solids))
	for _, i := range w.movers {
		s := &w.solids[i]
		if s.fixed() || s.sensor() {
			continue
		}
		first := len(w.met)
		for p := range w.cfg.planes() {
			n, offset := w.cfg.plane(p)
			if !nearPlane(s, n, offset) {
				continue
			}
			w.found = shape.CollidePlane(n, offset, &s.form, &s.pose, w.found)
			for _, m := range w.found[len(w.met):] {
				w.met = append(w.met, met{ground, i, key{Ground, s.ID, groundPart(uint8(p), m.Part)}})
			}
		}
		if s.Shape.Kind == Compound {
			w.sortGround(first)
		}
	}
}

func (w *World) narrowPairs(c *catch, pairs []uint64) {
	for _, p := range pairs {
		i, j := int32(p>>32), int32(uint32(p))
		a, b := &w.solids[i], &w.solids[j]
		if a.sensor() || b.sensor() {
			w.notice(c, i, j)
			continue
		}
		n := len(c.found)
		c.found = w.meet(a, b, c.found)
		if len(c.found) == n {
			continue
		}
		for x := range c.found[n:] {
			c.met = append(c.met, met{i, j, key{a.ID, b.ID, c.found[n+x].Part}})
		}
		c.wake(a, b, i, j)
	}
}

// wake notes who was met asleep.
func (c *catch) wake(a, b *solid, i, j int32) {
	if a.asleep {
		c.woken = append(c.woken, i)
	}
	if b.asleep {
		c.woken = append(c.woken, j)
	}
}

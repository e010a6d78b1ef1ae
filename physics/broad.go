package physics

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/spatial/det"
)

// maxPairs bounds overlapping boxes per body, before contacts are looked for.
const maxPairs = 4 * MaxContacts

// begin derives what the step needs from the state.
func (w *World) begin() {
	for i := range w.solids {
		w.solids[i].derive()
	}
}

// findPairs fills w.pairs with the pairs whose axis-aligned boxes, grown by the
// margin, overlap: sweep and prune along the wider horizontal axis. Pairs of
// two static bodies are left out. The sweep order depends on places, the
// result is sorted by index and so by id.
func (w *World) findPairs() {
	axis := w.sweepAxis()
	w.sweep = w.sweep[:0]
	for i := range w.solids {
		s := &w.solids[i]
		w.sweep = append(w.sweep, uint64(ordered(axis(s.pos())-axis(s.ext)-margin/2))<<32|uint64(i))
	}
	slices.Sort(w.sweep)
	w.pairs = w.pairs[:0]
	limit := maxPairs * len(w.solids)
	for x, e := range w.sweep {
		i := int(uint32(e))
		a := &w.solids[i]
		end := ordered(axis(a.pos()) + axis(a.ext) + margin/2)
		for _, f := range w.sweep[x+1:] {
			if uint32(f>>32) > end {
				break
			}
			j := int(uint32(f))
			b := &w.solids[j]
			if (a.static() && b.static()) || !overlap(a, b) {
				continue
			}
			if len(w.pairs) == limit {
				slices.Sort(w.pairs)
				return
			}
			w.pairs = append(w.pairs, uint64(min(i, j))<<32|uint64(max(i, j)))
		}
	}
	slices.Sort(w.pairs)
}

func overlap(a, b *solid) bool {
	d := a.pos().Sub(b.pos()).Abs()
	return d.X <= a.ext.X+b.ext.X+margin && d.Y <= a.ext.Y+b.ext.Y+margin && d.Z <= a.ext.Z+b.ext.Z+margin
}

// sweepAxis picks X or Z, whichever spreads the bodies more.
func (w *World) sweepAxis() func(det.Vec) float32 {
	lo, hi := det.Vec{X: math.MaxFloat32, Z: math.MaxFloat32}, det.Vec{X: -math.MaxFloat32, Z: -math.MaxFloat32}
	for i := range w.solids {
		p := w.solids[i].pos()
		lo.X, lo.Z = min(lo.X, p.X), min(lo.Z, p.Z)
		hi.X, hi.Z = max(hi.X, p.X), max(hi.Z, p.Z)
	}
	if hi.X-lo.X >= hi.Z-lo.Z {
		return func(v det.Vec) float32 { return v.X }
	}
	return func(v det.Vec) float32 { return v.Z }
}

// ordered maps a finite float to an integer of the same order. Both zeros get
// the same.
func ordered(x float32) uint32 {
	b := math.Float32bits(x + 0)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

// findIslands decides who is awake. Bodies whose boxes overlap, directly or
// through others, form an island (statics do not join islands); an island
// sleeps when each of its bodies has been still for restSteps. A static body
// that was added or moved lately keeps its neighbours awake.
func (w *World) findIslands() {
	n := len(w.solids)
	w.parent = grown(w.parent, n)
	w.awake = grown(w.awake, n)
	for i := range w.parent {
		w.parent[i] = int32(i)
	}
	for _, p := range w.pairs {
		i, j := int32(p>>32), int32(uint32(p))
		if !w.solids[i].static() && !w.solids[j].static() {
			i, j = w.root(i), w.root(j)
			w.parent[max(i, j)] = min(i, j)
		}
	}
	for i := range w.solids {
		if s := &w.solids[i]; !s.static() && s.rest < restSteps {
			w.awake[w.root(int32(i))] = true
		}
	}
	for _, p := range w.pairs {
		i, j := int32(p>>32), int32(uint32(p))
		switch a, b := &w.solids[i], &w.solids[j]; {
		case a.static() && a.rest < restSteps:
			w.awake[w.root(j)] = true
		case b.static() && b.rest < restSteps:
			w.awake[w.root(i)] = true
		}
	}
	// A root is the lowest index of its island, so it is settled before its
	// members ask.
	for i := range w.solids {
		w.awake[i] = !w.solids[i].static() && w.awake[w.root(int32(i))]
	}
}

func (w *World) root(i int32) int32 {
	for w.parent[i] != i {
		w.parent[i] = w.parent[w.parent[i]]
		i = w.parent[i]
	}
	return i
}

package physics

import "github.com/metatopia/metatopia/spatial/det"

// A body that moves more than fast of its smallest half size in one step could
// jump through something. Its path is then cut where its core, a sphere of
// core times that half size, first meets another body or a plane; the next
// step finds the contact there.
const (
	fast = 0.5
	core = 0.9
)

// castSlop is how near counts as met, m.
const castSlop = 0.002

// castRounds bounds the advance towards one obstacle: each round at least
// halves what a glancing path leaves.
const castRounds = 24

// trimPaths fills w.shares: how much of its movement each body may make. Paths
// are relative, so the answer does not depend on the order of bodies. Two
// bodies that both turn fast may still pass through a corner of each other:
// turning is not swept.
func (w *World) trimPaths() {
	w.shares = grown(w.shares, len(w.solids))
	for i := range w.solids {
		w.shares[i] = 1
		if !w.awake[i] {
			continue
		}
		s, d := &w.solids[i], w.motions[i].dp
		h := s.half()
		r := min(h.X, h.Y, h.Z)
		if limit := float32(fast * r); d.Len2() <= float32(limit*limit) {
			continue
		}
		w.shares[i] = w.castAll(i, float32(core*r), d)
	}
}

// castAll is the share of the path d of body i, as a sphere of radius r, until
// it meets anything.
func (w *World) castAll(i int, r float32, d det.Vec) float32 {
	p := w.solids[i].pos()
	share := float32(1)
	for k := range uint8(planes) {
		n, offset := w.cfg.plane(k)
		gap, closing := n.Dot(p)-offset-r, -n.Dot(d)
		if gap > castSlop && closing > gap {
			share = min(share, gap/closing)
		}
	}
	for j := range w.solids {
		if j == i {
			continue
		}
		o := &w.solids[j]
		rel := d.Sub(w.motions[j].dp)
		reach := o.ext.Len() + r + rel.Len()
		away := o.pos().Sub(p)
		if away.Len2() > float32(reach*reach) {
			continue
		}
		share = min(share, cast(p, r, rel, o))
	}
	return share
}

// cast advances a sphere along d towards o by the distance that is surely
// free, until they meet or the path ends (conservative advancement, Mirtich
// 1996). Shapes that touch at the start are left to the solver.
func cast(p det.Vec, r float32, d det.Vec, o *solid) float32 {
	l := d.Len()
	if !(l > 0) {
		return 1
	}
	t := float32(0)
	for round := range castRounds {
		gap := distance(p.AddScaled(t, d), o) - r
		if gap <= castSlop {
			if round == 0 {
				return 1
			}
			return t
		}
		t += gap / l
		if t >= 1 {
			return 1
		}
	}
	return t
}

// distance from a point to the surface of o; 0 inside.
func distance(p det.Vec, o *solid) float32 {
	l := p.Sub(o.pos())
	h := o.half()
	if o.Shape.Kind == Sphere {
		return max(l.Len()-h.X, 0)
	}
	l = o.turn.ApplyInverse(l).Abs()
	return det.Vec{X: max(l.X-h.X, 0), Y: max(l.Y-h.Y, 0), Z: max(l.Z-h.Z, 0)}.Len()
}

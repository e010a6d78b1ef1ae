package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

const (
	// seamDepth is how high an upright body steps onto what can move, m, and
	// where it does not want to go. Higher, and it would climb what it should
	// push.
	seamDepth = 0.03

	// treadDepth is how far behind the place where a walker touches a step the
	// step must still be there, m.
	treadDepth = 0.03

	// treadFeature names the point of a step that is climbed.
	treadFeature = 1<<31 - 1
)

// meet finds where two solids meet. Where an upright body touches the side of
// a step that it may climb, it meets the top of it instead: the solver then
// lifts it at up to maxPush and takes none of its speed. So it neither stumbles
// over the seams of a floor nor is thrown up by an edge.
func (w *World) meet(a, b *solid, out []shape.Manifold) []shape.Manifold {
	n := len(out)
	out = shape.Collide(&a.form, &a.pose, &b.form, &b.pose, out)
	if a.walker() == b.walker() {
		return out
	}
	for i := n; i < len(out); i++ {
		if b.walker() {
			w.tread(b, a, &out[i], 1)
		} else {
			w.tread(a, b, &out[i], -1)
		}
	}
	return out
}

// walker reports whether s stands upright and can move.
func (s *solid) walker() bool { return s.upright() && !s.fixed() && !s.sensor() }

// tread turns m, between walker s and another body, to the top of a step when
// there is one. Its normal times up is the way s is pushed.
func (w *World) tread(s, other *solid, m *shape.Manifold, up float32) {
	n := m.Normal.Scale(up)
	if n.Y >= w.walkable || n.Y < -0.5 {
		return
	}
	in := det.Vec{X: -n.X, Z: -n.Z}.Unit(det.Vec{}) // into the obstacle
	limit := float32(seamDepth)
	want := s.want.Dot(in)
	switch {
	case s.standing && other.fixed() && want > 0 && want > float32(0.1*s.want.Len()):
		limit = w.cfg.Step
	case nearest(m) > 0:
		return // beside it, not over it
	}
	at := lowest(m, up)
	feet := s.Pos.Y - s.ext.Y
	if s.Pos.Y+at.Y > feet+limit {
		return
	}
	from := s.pos().Add(at).AddScaled(treadDepth, in)
	from.Y = feet + limit + 0.01
	h, ok := shape.Ray(&other.form, &other.pose, from, det.Vec{Y: -limit - 0.03})
	if !ok || h.Share == 0 || h.Normal.Y < w.walkable {
		return
	}
	at.Y = feet - s.Pos.Y
	p := shape.Point{RB: at, Gap: feet - h.Point.Y, Feature: treadFeature}
	p.RA = at.Add(s.pos()).Sub(other.pos())
	if up < 0 {
		p.RA, p.RB = p.RB, p.RA
	}
	m.Normal, m.Count = det.Vec{Y: up}, 1
	m.Points = [maxPoints]shape.Point{p}
}

// lowest is the lowest point of m from the centre of the walker.
func lowest(m *shape.Manifold, up float32) (at det.Vec) {
	for i := range m.Count {
		p := m.Points[i].RB
		if up < 0 {
			p = m.Points[i].RA
		}
		if i == 0 || p.Y < at.Y {
			at = p
		}
	}
	return at
}

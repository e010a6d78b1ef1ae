package shape

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// inside reports whether a point in the shape's own frame is in it.
func inside(s *Shape, p det.Vec) bool {
	h := s.Half
	switch s.Kind {
	case Sphere:
		return p.Len() <= h.X
	case Box:
		a := p.Abs()
		return a.X <= h.X && a.Y <= h.Y && a.Z <= h.Z
	case Capsule:
		p.Y -= det.Clamp(p.Y, -h.Y, h.Y)
		return p.Len() <= h.X
	case Hull:
		for i := range s.Geometry.hull.planes {
			if s.Geometry.hull.planes[i].above(p) > 0 {
				return false
			}
		}
		return true
	}
	for i := range s.Geometry.children {
		c := &s.Geometry.children[i]
		if inside(&c.Shape, c.Pose.Turn.ApplyInverse(p.Sub(c.Pose.Pos))) {
			return true
		}
	}
	return false
}

// TestMassIsMeasured compares volume, centre and inertia with those of a cloud
// of points drawn in the box around the shape.
func TestMassIsMeasured(t *testing.T) {
	d := newDraw(6)
	shapes := d.convexShapes(t)
	for i := range shapes {
		measure(t, d, i, &shapes[i])
	}
	s := hammer(t).Shape()
	measure(t, d, len(shapes), &s)
}

func measure(t *testing.T, d draw, i int, s *Shape) {
	t.Helper()
	origin := At(det.Vec{}, det.Identity)
	lo, hi := s.Bounds(&origin)
	const n = 200000
	var in, cx, cy, cz, xx, yy, zz float64
	for range n {
		p := det.Vec{X: d.f(lo.X, hi.X), Y: d.f(lo.Y, hi.Y), Z: d.f(lo.Z, hi.Z)}
		if !inside(s, p) {
			continue
		}
		x, y, z := float64(p.X), float64(p.Y), float64(p.Z)
		in, cx, cy, cz = in+1, cx+x, cy+y, cz+z
		xx, yy, zz = xx+x*x, yy+y*y, zz+z*z
	}
	size := hi.Sub(lo)
	volume := in / n * float64(size.X) * float64(size.Y) * float64(size.Z)
	if x := math.Abs(volume/float64(s.Volume()) - 1); x > 0.01 {
		t.Errorf("shape %d: volume %g, measured %g", i, s.Volume(), volume)
	}
	if x := math.Sqrt(cx*cx+cy*cy+cz*cz) / in; x > 0.003 {
		t.Errorf("shape %d: centre of mass %g m off", i, x)
	}
	got := s.Inertia(2)
	for k, want := range [3]float64{yy + zz, xx + zz, xx + yy} {
		if v := sizes(got)[k]; math.Abs(2*want/in/float64(v)-1) > 0.01 {
			t.Errorf("shape %d: inertia %g about axis %d, measured %g", i, v, k, 2*want/in)
		}
	}
}

// TestHullOfBox: a hull with the corners of a box has the same mass properties,
// wherever its points were given.
func TestHullOfBox(t *testing.T) {
	box := Shape{Kind: Box, Half: det.Vec{X: 0.2, Y: 0.5, Z: 1}}
	place := At(det.Vec{X: 5, Y: -3, Z: 2}, det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, 0.7))
	var r room
	q := polyOf(&box, &r)
	var points []det.Vec
	for _, c := range q.corners {
		points = append(points, place.Pos.Add(place.Turn.Apply(c)))
	}
	// Points inside, on faces and on edges change nothing.
	points = append(points, place.Pos, points[0].Add(points[1]).Scale(0.5), points[0].Add(points[3]).Scale(0.5))
	g, at, err := NewHull(points)
	if err != nil {
		t.Fatal(err)
	}
	h := g.hull
	if len(h.corners) != 8 || len(h.planes) != 6 || len(h.edges) != 12 {
		t.Errorf("%d corners, %d faces, %d edges", len(h.corners), len(h.planes), len(h.edges))
	}
	if at.Pos.Sub(place.Pos).Len() > 1e-5 {
		t.Errorf("centre at %v", at.Pos)
	}
	if v := g.volume / box.Volume(); det.Abs(v-1) > 1e-5 {
		t.Errorf("volume %g", g.volume)
	}
	for _, c := range h.corners {
		w := place.Turn.ApplyInverse(at.Pos.Add(at.Turn.Apply(c)).Sub(place.Pos)).Abs()
		if w.Sub(box.Half).Len() > 1e-5 {
			t.Errorf("corner at %v", w)
		}
	}
}

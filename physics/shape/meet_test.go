package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestManifoldsAreRight: for every pair of convex kinds, near each other or
// overlapping, the deepest point is as deep as the least overlap over many
// directions, the normal is such a direction, and every point lies on both.
func TestManifoldsAreRight(t *testing.T) {
	d := newDraw(4)
	shapes := d.convexShapes(t)
	tries := 300
	if testing.Short() {
		tries = 100 // once more under the race detector, and on arm64
	}
	for i := range shapes {
		for j := range shapes {
			met := 0
			for range tries {
				a, b := &shapes[i], &shapes[j]
				pa, pb := At(d.vec(3), d.rot()), At(det.Vec{}, d.rot())
				pb.Pos = pa.Pos.Add(d.unit().Scale(d.f(0.3, 1.4)))
				if checkManifold(t, d, a, &pa, b, &pb) {
					met++
				}
				if t.Failed() {
					t.Fatalf("shapes %d and %d: %+v %+v", i, j, pa, pb)
				}
			}
			if met < tries/20 {
				t.Errorf("shapes %d and %d met only %d times", i, j, met)
			}
		}
	}
}

func checkManifold(t *testing.T, d draw, a *Shape, pa *Pose, b *Shape, pb *Pose) bool {
	t.Helper()
	out := Collide(a, pa, b, pb, nil)
	near, ok := Distance(a, pa, b, pb, 10)
	if !ok {
		t.Fatal("no distance")
	}
	if len(out) == 0 {
		if near.Gap < Margin-1e-4 {
			t.Errorf("%g apart, but nowhere meet", near.Gap)
		}
		return false
	}
	m := &out[0]
	if len(out) != 1 || m.Count < 1 || m.Count > MaxPoints {
		t.Errorf("%d manifolds of %d points", len(out), m.Count)
	}
	if det.Abs(m.Normal.Len()-1) > 1e-4 {
		t.Errorf("normal %v", m.Normal)
	}
	least := m.Points[0].Gap
	for i := range m.Count {
		p := &m.Points[i]
		least = min(least, p.Gap)
		if p.Gap > Margin+1e-6 {
			t.Errorf("point of gap %g", p.Gap)
		}
		if x := p.RA.Sub(pb.Pos.Sub(pa.Pos)).Sub(p.RB).Len(); x > 1e-5 {
			t.Errorf("RA and RB name points %g apart", x)
		}
		for k := range i {
			if m.Points[k].Feature == p.Feature {
				t.Errorf("two points of feature %#x", p.Feature)
			}
		}
		// Both surfaces are half the gap away.
		if h := widen(p.RA).dot(widen(m.Normal)) - reach(a, pa, m.Normal); h > float64(det.Abs(p.Gap))/2+0.002 {
			t.Errorf("point %g m outside of a", h)
		}
	}
	if near.Gap > 0 {
		if x := det.Abs(least - near.Gap); x > 0.008+0.06*near.Gap {
			t.Errorf("gap %g, distance %g", least, near.Gap)
		}
		return true
	}
	most := along(a, pa, b, pb, m.Normal)
	for range 300 {
		most = max(most, along(a, pa, b, pb, d.unit()))
	}
	// A deepest corner may be cut off by the sides of the reference face.
	if x := float64(least) - most; x > 0.015-0.15*most || x < -0.01+0.06*most {
		t.Errorf("%d %d: depth %g, least overlap %g (along the normal %g)", a.Kind, b.Kind, least, most, along(a, pa, b, pb, m.Normal))
	}
	return true
}

// TestCornersBesideFaces: two hulls whose nearest faces do not lie over each other
// are as far apart as those faces say, whatever their edges say.
func TestCornersBesideFaces(t *testing.T) {
	d := newDraw(41)
	shapes := d.convexShapes(t)[3:]
	seen := 0
	for range 1000 {
		a, b := &shapes[d.r.IntN(len(shapes))], &shapes[d.r.IntN(len(shapes))]
		pa, pb := At(d.vec(3), d.rot()), At(det.Vec{}, d.rot())
		pb.Pos = pa.Pos.Add(d.unit().Scale(d.f(0.6, 1.4)))
		near, _ := Distance(a, &pa, b, &pb, 10)
		out := Collide(a, &pa, b, &pb, nil)
		if len(out) == 0 || near.Gap <= 0 {
			continue
		}
		seen++
		least := out[0].Points[0].Gap
		for i := range out[0].Count {
			least = min(least, out[0].Points[i].Gap)
		}
		if least < -1e-3 {
			t.Errorf("%g m apart, and %g m into each other", near.Gap, -least)
		}
	}
	if seen < 15 {
		t.Errorf("only %d pairs are close", seen)
	}
}

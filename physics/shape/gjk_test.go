package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestDistanceIsProven: the nearest points are as far apart as the planes
// across the normal that hold the two shapes apart, so nothing nearer exists.
func TestDistanceIsProven(t *testing.T) {
	d := newDraw(1)
	shapes := d.convexShapes(t)
	apart, touching := 0, 0
	for range 20000 {
		a, b := &shapes[d.r.IntN(len(shapes))], &shapes[d.r.IntN(len(shapes))]
		pa, pb := At(d.vec(3), d.rot()), At(det.Vec{}, d.rot())
		pb.Pos = pa.Pos.Add(d.unit().Scale(d.f(0, 3)))
		n, ok := Distance(a, &pa, b, &pb, 100)
		if !ok {
			t.Fatal("farther than 100 m")
		}
		if n.Gap <= 0 {
			touching++
			continue
		}
		apart++
		if p := along(a, &pa, b, &pb, n.Normal); float64(n.Gap)-p > 2e-5 || p-float64(n.Gap) > 2e-5 {
			t.Fatalf("%d and %d: gap %g, planes %g apart", a.Kind, b.Kind, n.Gap, p)
		}
		if l := n.OnB.Sub(n.OnA).Len(); det.Abs(l-n.Gap) > 2e-5 {
			t.Fatalf("%d and %d: gap %g, points %g apart", a.Kind, b.Kind, n.Gap, l)
		}
	}
	if apart < 5000 || touching < 1000 {
		t.Errorf("%d apart, %d touching: the test proves little", apart, touching)
	}
}

// TestOverlapIsProven: shapes that overlap do so along every direction tried,
// and those that do not are held apart by one.
func TestOverlapIsProven(t *testing.T) {
	d := newDraw(2)
	shapes := d.convexShapes(t)
	for range 3000 {
		a, b := &shapes[d.r.IntN(len(shapes))], &shapes[d.r.IntN(len(shapes))]
		pa, pb := At(d.vec(3), d.rot()), At(det.Vec{}, d.rot())
		pb.Pos = pa.Pos.Add(d.unit().Scale(d.f(0, 1.5)))
		if !Overlap(a, &pa, b, &pb) {
			continue
		}
		for range 200 {
			if p := along(a, &pa, b, &pb, d.unit()); p > 1e-5 {
				t.Fatalf("%d and %d overlap, but are %g apart", a.Kind, b.Kind, p)
			}
		}
	}
}

// TestCastIsProven: at the hit the shapes touch, and just before they do not.
func TestCastIsProven(t *testing.T) {
	d := newDraw(3)
	shapes := d.convexShapes(t)
	hits := 0
	for range 5000 {
		a, b := &shapes[d.r.IntN(len(shapes))], &shapes[d.r.IntN(len(shapes))]
		pa, pb := At(d.vec(3), d.rot()), At(d.vec(1), d.rot())
		way := pb.Pos.Sub(pa.Pos).Add(d.vec(1.5)).Scale(2)
		h, ok := Cast(a, &pa, way, b, &pb)
		gap := func(t float32) float32 {
			p := pa
			p.Pos = pa.Pos.AddScaled(t, way)
			n, _ := Distance(a, &p, b, &pb, 1000)
			return n.Gap
		}
		if !ok {
			for i := range 200 {
				if g := gap(float32(i) / 200); g <= 0 {
					t.Fatalf("%d and %d: missed, but overlap at %d/200", a.Kind, b.Kind, i)
				}
			}
			continue
		}
		hits++
		if g := gap(h.Share); h.Share > 0 && (g > 2*CastSlop || g < -1e-5) {
			t.Fatalf("%d and %d: at the hit %g m apart", a.Kind, b.Kind, g)
		}
		for i := range 20 {
			if g := gap(h.Share * float32(i) / 20); h.Share > 0 && g <= 0 {
				t.Fatalf("%d and %d: overlap before the hit", a.Kind, b.Kind)
			}
		}
		if h.Share > 0 && det.Abs(h.Normal.Len()-1) > 1e-4 {
			t.Fatalf("normal %v", h.Normal)
		}
	}
	if hits < 1000 {
		t.Errorf("%d hits: the test proves little", hits)
	}
}

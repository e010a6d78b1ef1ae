package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestSweepIsProven: until what Sweep says the shapes stay apart, looked at
// often, and there they are as near as asked for; where it says that they do
// not meet they never come nearer.
func TestSweepIsProven(t *testing.T) {
	d := newDraw(21)
	shapes := append(d.convexShapes(t), hammer(t).Shape(), Shape{Kind: Capsule, Half: det.Vec{X: 0.02, Y: 0.9}})
	by := Meeting{Start: 0.002, Stop: 0.002, Deep: -1}
	met := 0
	for i := range 600 {
		a, b := &shapes[i%len(shapes)], &shapes[d.r.IntN(len(shapes))]
		pa := NewPath(a, At(d.vec(0.5), d.rot()), d.vec(0.5).Add(det.Vec{X: d.f(1, 3)}), d.unit().Scale(d.f(0, 2)))
		pb := NewPath(b, At(d.vec(0.7).Add(det.Vec{X: 2}), d.rot()), d.vec(0.5), d.unit().Scale(d.f(0, 1)))
		if i%3 == 0 {
			pb = NewPath(b, pb.Pose, det.Vec{}, det.Vec{})
		}
		first, ok := Distance(a, &pa.Pose, b, &pb.Pose, 10)
		share, left := Sweep(a, &pa, b, &pb, by, 1)
		if left {
			if a.Kind != Compound && b.Kind != Compound && ok && first.Gap > by.Start+1e-5 {
				t.Fatalf("%d: left out at %g m", i, first.Gap)
			}
			continue
		}
		if again, _ := Sweep(a, &pa, b, &pb, by, 0.5); again != min(share, 0.5) {
			t.Fatalf("%d: %g of at most one half, %g of all", i, again, share)
		}
		const looks = 200
		for k := range looks {
			at := float32(share * float32(k) / looks)
			qa, qb := pa.At(at), pb.At(at)
			if n, ok := Distance(a, &qa, b, &qb, 10); ok && n.Gap < 0.0005 {
				t.Fatalf("%d: share %g, but %g m apart at %g", i, share, n.Gap, at)
			}
		}
		if share < 1 {
			qa, qb := pa.At(share), pb.At(share)
			if n, ok := Distance(a, &qa, b, &qb, 10); !ok || n.Gap > 0.0025 {
				t.Errorf("%d: share %g, and %g m apart there", i, share, n.Gap)
			}
			met++
		}
	}
	if met < 100 {
		t.Errorf("only %d met", met)
	}
}

// TestSweepOnHills: against triangles the same holds for what comes from above.
func TestSweepOnHills(t *testing.T) {
	d := newDraw(22)
	land := hills(t).Shape()
	still := NewPath(&land, At(det.Vec{}, det.Identity), det.Vec{}, det.Vec{})
	shapes := append(d.convexShapes(t), hammer(t).Shape(), Shape{Kind: Capsule, Half: det.Vec{X: 0.02, Y: 0.9}})
	by := Meeting{Start: 0.002, Stop: 0.002, Deep: -1}
	met := 0
	for i := range 150 {
		a := &shapes[i%len(shapes)]
		at := d.vec(3)
		at.Y = d.f(2.5, 4)
		pa := NewPath(a, At(at, d.rot()), det.Vec{X: d.f(-2, 2), Y: d.f(-4, -1), Z: d.f(-2, 2)}, d.unit().Scale(d.f(0, 2)))
		share, left := Sweep(a, &pa, &land, &still, by, 1)
		if left {
			continue
		}
		for k := range 50 {
			q := pa.At(float32(share * float32(k) / 50))
			if n, ok := Distance(a, &q, &land, &still.Pose, 1); ok && n.Gap < 0.0005 {
				t.Fatalf("%d: share %g, but %g m apart after %d of 50", i, share, n.Gap, k)
			}
		}
		if share < 1 {
			met++
		}
	}
	if met < 30 {
		t.Errorf("only %d met", met)
	}
}

func TestSweepAllocatesNothing(t *testing.T) {
	land, bar, lump := hills(t).Shape(), Shape{Kind: Capsule, Half: det.Vec{X: 0.02, Y: 0.9}}, hammer(t).Shape()
	still := NewPath(&land, At(det.Vec{}, det.Identity), det.Vec{}, det.Vec{})
	pa := NewPath(&bar, At(det.Vec{Y: 3}, det.Identity), det.Vec{Y: -3}, det.Vec{X: 1})
	pb := NewPath(&lump, At(det.Vec{Y: 1}, det.Identity), det.Vec{}, det.Vec{Z: 1})
	if n := testing.AllocsPerRun(10, func() {
		Sweep(&bar, &pa, &land, &still, Meeting{0.002, 0.002, 0}, 1)
		Sweep(&bar, &pa, &lump, &pb, Meeting{0.002, 0.002, 0}, 1)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestSubmergedIsMeasured against points drawn in the box around the shape.
func TestSubmergedIsMeasured(t *testing.T) {
	d := newDraw(17)
	shapes := append(d.convexShapes(t), hammer(t).Shape())
	for i := range shapes {
		s := &shapes[i]
		for _, upright := range []bool{true, false, false} {
			p := At(d.vec(3), d.rot())
			if upright {
				p = At(p.Pos, det.Identity)
			}
			lo, hi := s.Bounds(&p)
			level := lo.Y + (hi.Y-lo.Y)*d.f(0.1, 0.9)
			v, c := Submerged(s, &p, level)
			const n = 60000
			in := 0
			var sum wide
			for range n {
				w := det.Vec{X: d.f(lo.X, hi.X), Y: d.f(lo.Y, hi.Y), Z: d.f(lo.Z, hi.Z)}
				if w.Y <= level && inside(s, p.Turn.ApplyInverse(w.Sub(p.Pos))) {
					in++
					sum = sum.add(widen(w))
				}
			}
			size := hi.Sub(lo)
			want := float32(in) / n * size.X * size.Y * size.Z
			if det.Abs(v-want) > 0.03*s.Volume() {
				t.Errorf("shape %d: %g m³ below, measured %g", i, v, want)
			}
			if mid := sum.scale(1 / float64(in)).narrow(); mid.Sub(c).Len() > 0.03 {
				t.Errorf("shape %d: centre %v, measured %v", i, c, mid)
			}
			if all, _ := Submerged(s, &p, hi.Y+1); det.Abs(all-s.Volume()) > 1e-5*s.Volume() {
				t.Errorf("shape %d: all of it is %g, not %g", i, all, s.Volume())
			}
			if none, _ := Submerged(s, &p, lo.Y-1); none != 0 {
				t.Errorf("shape %d: %g below what it does not reach", i, none)
			}
		}
	}
}

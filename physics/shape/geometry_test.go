package shape

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

func examples(t testing.TB) []*Geometry {
	d := newDraw(8)
	return []*Geometry{
		cubeHull(t, 0.5), prism(t, 32, 0.4, 0.3), d.hull(t, 4, 1), d.hull(t, 64, 30),
		hammer(t), hills(t), ballMesh(t, 1),
	}
}

func TestParse(t *testing.T) {
	for _, g := range examples(t) {
		again, err := Parse(g.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if again.ID() != g.ID() || again.Kind() != g.Kind() || !bytes.Equal(again.AppendTo(nil), g.Bytes()) {
			t.Errorf("geometry %x came back as %x", g.ID(), again.ID())
		}
	}
}

// TestNewHullAnywhere: points in any pose, of any size, make a hull.
func TestNewHullAnywhere(t *testing.T) {
	d := newDraw(9)
	for range 500 {
		size := d.f(0.05, 100)
		points := make([]det.Vec, 4+d.r.IntN(200))
		for i := range points {
			points[i] = d.vec(size)
		}
		g, at, err := NewHull(points)
		if errors.Is(err, ErrDegenerate) && len(points) < 8 {
			continue // four points may lie in a plane
		}
		if err != nil {
			t.Fatalf("%d points of size %g: %v", len(points), size, err)
		}
		if len(points) > MaxCorners/2 {
			continue // inner points may be left out
		}
		for _, p := range points {
			l := at.Turn.ApplyInverse(p.Sub(at.Pos))
			for _, q := range g.hull.planes {
				if q.above(l) > 1e-4*size {
					t.Fatalf("%d points of size %g: one is %g outside", len(points), size, q.above(l))
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	cube := cubeHull(t, 0.5).Bytes()
	put := func(at int, x float32) []byte {
		b := bytes.Clone(cube)
		var e base.Encoder
		e.F32(x)
		copy(b[at:], e.B)
		return b
	}
	swapped := bytes.Clone(cube)
	copy(swapped[2:14], cube[14:26])
	copy(swapped[14:26], cube[2:14])
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, base.ErrTruncated},
		{"a sphere", []byte{1}, ErrKind},
		{"no field", []byte{5, 2, 0, 1, 0, 0, 0, 0, 0x40}, ErrCount},
		{"no mesh", []byte{6, 0, 0, 0, 0, 0, 0, 0, 0}, ErrCount},
		{"no children", []byte{7, 0}, ErrCount},
		{"a compound in a compound", append([]byte{7, 1, 4, 2, 0, 7, 0}, make([]byte, 28)...), ErrKind},
		{"an unknown kind", []byte{99}, ErrKind},
		{"too few corners", []byte{4, 3}, ErrCount},
		{"too many corners", append([]byte{4, 65}, make([]byte, 65*12)...), ErrCount},
		{"cut short", cube[:len(cube)-1], base.ErrTruncated},
		{"too long", append(bytes.Clone(cube), 0), base.ErrTruncated},
		{"corners out of order", swapped, ErrCanonical},
		{"off its centre", put(2, -2), ErrFrame},
		{"out of range", put(2, -600), ErrRange},
		{"not a number", put(2, float32(math.NaN())), base.ErrNotFinite},
		{"too large", make([]byte, MaxGeometryBytes+1), base.ErrBound},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	flat := []det.Vec{{X: 1}, {X: -1}, {Z: 1}, {Z: -1}, {X: 1, Z: 1}}
	if _, _, err := NewHull(flat); !errors.Is(err, ErrDegenerate) {
		t.Errorf("flat: %v", err)
	}
	if _, _, err := NewHull(flat[:3]); !errors.Is(err, ErrCount) {
		t.Errorf("three points: %v", err)
	}
	if _, _, err := NewHull([]det.Vec{{X: float32(math.Inf(1))}, {}, {}, {}}); !errors.Is(err, ErrRange) {
		t.Errorf("infinite: %v", err)
	}
}

// FuzzParse: whatever is accepted is canonical and can be used.
func FuzzParse(f *testing.F) {
	for _, g := range examples(f) {
		f.Add(g.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Parse(b)
		if err != nil {
			return
		}
		if !bytes.Equal(g.AppendTo(nil), b) {
			t.Fatal("other bytes")
		}
		s := g.Shape()
		if i := s.Inertia(1); !i.Finite() || !(i.X >= 0) {
			t.Fatalf("inertia %v", i)
		}
		ball := Shape{Kind: Sphere, Half: det.Vec{X: 0.5, Y: 0.5, Z: 0.5}}
		pa, pb := At(det.Vec{}, det.Identity), At(det.Vec{X: 0.1, Y: 0.7, Z: 0.2}, det.Identity)
		for _, m := range Collide(&s, &pa, &ball, &pb, nil) {
			if !m.Normal.Finite() || m.Count < 1 {
				t.Fatalf("manifold %+v", m)
			}
		}
	})
}

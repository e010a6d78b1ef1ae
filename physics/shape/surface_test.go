package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestFlatSurfaceIsAPlane: whatever lies on a flat field or mesh of small
// triangles meets it in one manifold, the one that a plane would give.
func TestFlatSurfaceIsAPlane(t *testing.T) {
	const n = 24
	flat := field(t, n, n, 0.25, make([]float32, n*n))
	var p []det.Vec
	var tri [][3]int
	for j := range n {
		for i := range n {
			p = append(p, flat.field.corner(int32(i), int32(j)))
		}
	}
	for j := range n - 1 {
		for i := range n - 1 {
			a := j*n + i
			tri = append(tri, [3]int{a, a + n, a + n + 1}, [3]int{a, a + n + 1, a + 1})
		}
	}
	m, err := NewMesh(p, tri)
	if err != nil {
		t.Fatal(err)
	}
	d := newDraw(12)
	shapes := d.convexShapes(t)
	for k := range shapes {
		for _, g := range []*Geometry{flat, m} {
			ground := g.Shape()
			for range 100 {
				s := &shapes[k]
				pose := At(d.vec(1.5), d.rot())
				if d.r.IntN(2) == 0 {
					pose = At(pose.Pos, det.AxisAngle(det.Vec{Y: 1}, d.f(-3, 3)))
				}
				pose.Pos.Y = 0
				pose.Pos.Y = float32(reach(s, &pose, det.Vec{Y: -1})) + d.f(-0.02, 0.03)
				at := At(det.Vec{}, det.Identity)
				got := Collide(&ground, &at, s, &pose, nil)
				want := CollidePlane(det.Vec{Y: 1}, 0, s, &pose, nil)
				if len(got) != len(want) {
					t.Fatalf("shape %d: %d manifolds, on a plane %d", k, len(got), len(want))
				}
				if len(got) == 0 {
					continue
				}
				if got[0].Normal.Y < 0.999999 {
					t.Fatalf("shape %d: normal %v", k, got[0].Normal)
				}
				a, b := deepest(&got[0]), deepest(&want[0])
				if det.Abs(a-b) > 1e-4 {
					t.Fatalf("shape %d: gap %g, on a plane %g", k, a, b)
				}
				if want[0].Count >= 3 && got[0].Count < 3 {
					t.Fatalf("shape %d: lies on %d points, on a plane on %d", k, got[0].Count, want[0].Count)
				}
			}
		}
	}
}

func deepest(m *Manifold) float32 {
	least := m.Points[0].Gap
	for i := range m.Count {
		least = min(least, m.Points[i].Gap)
	}
	return least
}

// TestRays: where a ray meets is on the surface, nothing is met sooner, and
// what is missed is far from the whole ray.
func TestRays(t *testing.T) {
	d := newDraw(13)
	shapes := append(d.convexShapes(t), hammer(t).Shape(), ballMesh(t, 0.7).Shape())
	point := Shape{Kind: Sphere}
	hits, rays := 0, 6000
	if testing.Short() {
		rays = 1000 // once more under the race detector, and on arm64
	}
	for range rays {
		s := &shapes[d.r.IntN(len(shapes))]
		p := At(d.vec(2), d.rot())
		from := p.Pos.Add(d.unit().Scale(2))
		way := p.Pos.Add(d.vec(0.6)).Sub(from).Scale(d.f(0.5, 2))
		gap := func(x float32) float32 {
			at := At(from.AddScaled(x, way), det.Identity)
			n, _ := Distance(&point, &at, s, &p, 100)
			return n.Gap
		}
		h, ok := Ray(s, &p, from, way)
		end := float32(1)
		if ok {
			hits++
			end = h.Share
			if g := gap(h.Share); det.Abs(g) > 1e-4 {
				t.Fatalf("kind %d: hit %g m from the surface", s.Kind, g)
			}
			if det.Abs(h.Normal.Len()-1) > 1e-4 || h.Normal.Dot(way) > 0 {
				t.Fatalf("kind %d: normal %v on the way %v", s.Kind, h.Normal, way)
			}
		}
		for i := range 60 {
			if x := float32(i) / 60; x < end-0.001 && gap(x) <= 0 {
				t.Fatalf("kind %d: inside at %g, before %g (hit %v)", s.Kind, x, end, ok)
			}
		}
	}
	if hits < rays/3 {
		t.Errorf("%d hits of %d", hits, rays)
	}
}

// TestRayOnHills: a ray from above meets the ground where its triangle is.
func TestRayOnHills(t *testing.T) {
	g := hills(t)
	s := g.Shape()
	at := At(det.Vec{X: 3, Y: -2, Z: 1}, det.AxisAngle(det.Vec{Y: 1}, 0.4))
	d := newDraw(14)
	var f facet
	for range 2000 {
		g.field.triangle(int32(d.r.IntN(15)), int32(d.r.IntN(11)), int32(d.r.IntN(2)), &f)
		a, b := d.f(0, 1), d.f(0, 1)
		if a+b > 1 {
			a, b = 1-a, 1-b
		}
		on := f.p[0].Scale(1-a-b).AddScaled(a, f.p[1]).AddScaled(b, f.p[2])
		w := at.Pos.Add(at.Turn.Apply(on))
		h, ok := Ray(&s, &at, w.Add(det.Vec{Y: 5}), det.Vec{Y: -10})
		if !ok || h.Point.Sub(w).Len() > 1e-3 {
			t.Fatalf("met at %v, want %v", h.Point, w)
		}
		if _, ok := Ray(&s, &at, w.Sub(det.Vec{Y: 5}), det.Vec{Y: 10}); ok {
			t.Fatal("met from below")
		}
	}
}

// TestCompoundIsItsChildren: distances and manifolds are those of the nearest
// child.
func TestCompoundIsItsChildren(t *testing.T) {
	d := newDraw(15)
	g := hammer(t)
	s := g.Shape()
	shapes := d.convexShapes(t)
	for range 500 {
		o := &shapes[d.r.IntN(len(shapes))]
		pa, pb := At(d.vec(3), d.rot()), At(det.Vec{}, d.rot())
		pb.Pos = pa.Pos.Add(d.vec(1.5))
		n, _ := Distance(&s, &pa, o, &pb, 100)
		best := float32(1e9)
		var manifolds []Manifold
		for i := range s.parts() {
			c, p := s.part(i, &pa)
			one, _ := Distance(c, &p, o, &pb, 100)
			best = min(best, one.Gap)
			manifolds = Collide(c, &p, o, &pb, manifolds)
		}
		if n.Gap != best {
			t.Fatalf("gap %g, of the nearest child %g", n.Gap, best)
		}
		got := Collide(&s, &pa, o, &pb, nil)
		if len(got) != len(manifolds) {
			t.Fatalf("%d manifolds, of the children %d", len(got), len(manifolds))
		}
		for i := range got {
			if got[i].Normal != manifolds[i].Normal || got[i].Count != manifolds[i].Count {
				t.Fatalf("manifold %d differs", i)
			}
			p := &got[i].Points[0]
			if p.RA.Sub(pb.Pos.Sub(pa.Pos)).Sub(p.RB).Len() > 1e-5 {
				t.Fatalf("RA %v and RB %v do not meet", p.RA, p.RB)
			}
		}
	}
}

// TestCollideAllocatesNothing for any pair of kinds.
func TestCollideAllocatesNothing(t *testing.T) {
	d := newDraw(16)
	shapes := append(d.convexShapes(t), hammer(t).Shape(), hills(t).Shape(), ballMesh(t, 0.7).Shape())
	out := make([]Manifold, 0, 256)
	pa, pb := At(det.Vec{}, d.rot()), At(det.Vec{X: 0.3, Y: 0.4, Z: 0.1}, d.rot())
	way := det.Vec{X: 0.1, Y: -1}
	for i := range shapes {
		for j := range shapes {
			a, b := &shapes[i], &shapes[j]
			if n := testing.AllocsPerRun(5, func() {
				out = Collide(a, &pa, b, &pb, out[:0])
				out = CollidePlane(det.Vec{Y: 1}, 0, a, &pa, out)
				Distance(a, &pa, b, &pb, 1)
				Cast(a, &pa, way, b, &pb)
				Ray(a, &pa, det.Vec{Y: 3}, way)
			}); n != 0 {
				t.Errorf("shapes %d and %d: %g allocations", i, j, n)
			}
		}
	}
}

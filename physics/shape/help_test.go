package shape

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// draw makes shapes and poses from a seed.
type draw struct{ r *base.Rand }

func newDraw(seed uint64) draw { return draw{base.NewRand(seed, 7)} }

func (d draw) f(lo, hi float32) float32 {
	return lo + float32((hi-lo)*float32(float64(d.r.Uint32()>>8)/(1<<24)))
}

func (d draw) vec(r float32) det.Vec { return det.Vec{X: d.f(-r, r), Y: d.f(-r, r), Z: d.f(-r, r)} }

func (d draw) unit() det.Vec {
	for {
		if v := d.vec(1); v.Len2() > 0.01 && v.Len2() <= 1 {
			return v.Scale(1 / v.Len())
		}
	}
}

func (d draw) rot() det.Quat { return det.AxisAngle(d.unit(), d.f(-3, 3)) }

func (d draw) hull(t testing.TB, n int, r float32) *Geometry {
	t.Helper()
	points := make([]det.Vec, n)
	for i := range points {
		points[i] = d.unit().Scale(r * d.f(0.6, 1))
	}
	g, _, err := NewHull(points)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// convexShapes are some of every convex kind.
func (d draw) convexShapes(t testing.TB) []Shape {
	return []Shape{
		{Kind: Sphere, Half: det.Vec{X: 0.4, Y: 0.4, Z: 0.4}},
		{Kind: Box, Half: det.Vec{X: 0.3, Y: 0.5, Z: 0.7}},
		{Kind: Capsule, Half: det.Vec{X: 0.2, Y: 0.5, Z: 0.2}},
		d.hull(t, 12, 0.6).Shape(),
		d.hull(t, 40, 0.8).Shape(),
		cubeHull(t, 0.5).Shape(),
		prism(t, 12, 0.4, 0.3).Shape(),
	}
}

func cubeHull(t testing.TB, h float32) *Geometry {
	t.Helper()
	var p []det.Vec
	for i := range 8 {
		s := func(bit int) float32 { return h - float32(2*h)*float32(i>>bit&1) }
		p = append(p, det.Vec{X: s(0), Y: s(1), Z: s(2)})
	}
	g, at, err := NewHull(p)
	if err != nil {
		t.Fatal(err)
	}
	if at.Pos.Len() > 1e-6 || at.Rot != det.Identity {
		t.Fatalf("a cube has moved: %+v", at)
	}
	return g
}

// prism is a standing cylinder of n sides.
func prism(t testing.TB, n int, r, half float32) *Geometry {
	t.Helper()
	var p []det.Vec
	for i := range n {
		a := float64(i) * 2 * math.Pi / float64(n)
		x, z := r*float32(math.Cos(a)), r*float32(math.Sin(a))
		p = append(p, det.Vec{X: x, Y: half, Z: z}, det.Vec{X: x, Y: -half, Z: z})
	}
	g, _, err := NewHull(p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// hammer is a box on a capsule with a hull below, apart from each other.
func hammer(t testing.TB) *Geometry {
	t.Helper()
	cube := cubeHull(t, 0.2)
	g, _, err := NewCompound([]Child{
		{Shape{Kind: Capsule, Half: det.Vec{X: 0.1, Y: 0.4}}, At(det.Vec{X: 3}, det.Identity)},
		{Shape{Kind: Box, Half: det.Vec{X: 0.15, Y: 0.15, Z: 0.4}}, At(det.Vec{X: 3, Y: 0.65}, det.Identity)},
		{cube.Shape(), At(det.Vec{X: 3.1, Y: -0.75, Z: 0.1}, det.AxisAngle(det.Vec{Y: 1}, 0.5))},
		{Shape{Kind: Sphere, Half: det.Vec{X: 0.1}}, At(det.Vec{X: 3.4, Y: 0.65}, det.Identity)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// hills is a heightfield of 16 by 12 samples.
func hills(t testing.TB) *Geometry {
	t.Helper()
	d := newDraw(11)
	h := make([]float32, 16*12)
	for i := range h {
		h[i] = d.f(-0.5, 0.5)
	}
	return field(t, 16, 12, 0.8, h)
}

func field(t testing.TB, nx, nz int, cell float32, h []float32) *Geometry {
	t.Helper()
	g, err := NewHeightfield(nx, nz, cell, h)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ballMesh is a mesh of 12 by 8 patches around a ball.
func ballMesh(t testing.TB, r float32) *Geometry {
	t.Helper()
	var p []det.Vec
	var tri [][3]int
	const n, m = 12, 8
	for j := range m + 1 {
		for i := range n {
			a, b := 2*math.Pi*float64(i)/n, math.Pi*float64(j)/m
			p = append(p, det.Vec{X: r * float32(math.Sin(b)*math.Cos(a)), Y: r * float32(math.Cos(b)), Z: r * float32(math.Sin(b)*math.Sin(a))})
		}
	}
	for _, j := range []int{0, m} { // one pole each
		for i := range n {
			p[j*n+i] = det.Vec{Y: r - float32(2*r)*float32(j/m)}
		}
	}
	for j := range m {
		for i := range n {
			a, b := j*n+i, j*n+(i+1)%n
			tri = append(tri, [3]int{a, b, b + n}, [3]int{a, b + n, a + n})
		}
	}
	g, err := NewMesh(p, tri)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// reach is the largest d·p over the points p of a placed convex shape, from
// its centre.
func reach(s *Shape, p *Pose, d det.Vec) float64 {
	c, _ := convexOf(s)
	l := widen(p.Turn.ApplyInverse(d))
	at, _ := c.support(l)
	return at.dot(l) + float64(c.radius)*l.len()
}

// along is how far b is from a along the unit vector n; negative = overlap.
func along(a *Shape, pa *Pose, b *Shape, pb *Pose, n det.Vec) float64 {
	return widen(pb.Pos.Sub(pa.Pos)).dot(widen(n)) - reach(a, pa, n) - reach(b, pb, n.Neg())
}

package oracle

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func (p *pair) addHull(b physics.Body, corners []det.Vec) {
	p.ours.addHull(b, corners)
	p.theirs.addHull(b, corners)
}

// capsule has its axis along Y.
func capsule(id physics.BodyID, r, half float32, pos spatial.Vec) physics.Body {
	b := ball(id, r, pos)
	b.Shape = physics.Shape{Kind: physics.Capsule, Half: v(r, half, 0)}
	return b
}

// octahedron has its corners at 1 m from its middle.
func octahedron() []det.Vec {
	return []det.Vec{{X: 1}, {X: -1}, {Y: 1}, {Y: -1}, {Z: 1}, {Z: -1}}
}

// prism is a hexagonal column of 1 m across the corners and 2·half high.
func prism(half float32) (c []det.Vec) {
	for i := range 6 {
		a := float64(i) * math.Pi / 3
		x, z := float32(math.Cos(a)/2), float32(math.Sin(a)/2)
		c = append(c, det.Vec{X: x, Y: half, Z: z}, det.Vec{X: x, Y: -half, Z: z})
	}
	return c
}

// TestCapsule: one that stands a little askew falls over, in the same time, and
// lies on its side; one that lies rolls.
func TestCapsule(t *testing.T) {
	p := both(t)
	p.floor()
	b := capsule(2, 0.3, 0.7, v(0, 1.0, 0))
	b.Rot = spatial.Quat{Z: float32(math.Sin(-0.05)), W: float32(math.Cos(-0.05))}
	p.add(b)
	fell := map[world]float64{}
	for step := range 240 {
		p.step(1)
		for _, w := range []world{p.ours, p.theirs} {
			if _, yes := fell[w]; !yes && height(2)(w) < 0.35 {
				fell[w] = float64(step) * dt
			}
		}
	}
	p.alike("falls in", 0.1, unknown, func(w world) float64 { return fell[w] })
	p.alike("height of what lies", 0.01, 0.3, height(2))
	p = both(t)
	p.floor()
	b = capsule(2, 0.3, 0.7, v(0, 0.3, 0))
	b.Rot, b.Vel = spatial.Quat{X: float32(math.Sqrt2) / 2, W: float32(math.Sqrt2) / 2}, v(3, 0, 0)
	p.add(b)
	p.step(30)
	p.alike("speed of what rolls", 0.2, unknown, speed(2))
	p.alike("its height", 0.01, 0.3, height(2))
}

// TestHull: an octahedron comes to lie on a face, a column stands on its end
// and slides as far as friction lets it.
func TestHull(t *testing.T) {
	p := both(t)
	p.floor()
	b := ball(2, 1, v(0, 2, 0))
	b.Rot = spatial.Quat{}
	b.Spin = v(0.5, 0.2, 1)
	p.addHull(b, octahedron())
	p.step(300)
	p.alike("height of an octahedron", 0.02, 1/math.Sqrt(3), height(2))
	p.alike("its speed", 0.02, 0, speed(2))
	p = both(t)
	p.floor()
	b = ball(2, 1, v(0, 0.25, 0))
	b.Vel = v(3, 0, 0)
	p.addHull(b, prism(0.25))
	p.step(90)
	p.alike("slid", 0.05, 9/(2*0.5*g), along(2))
	p.alike("height of a column", 0.01, 0.25, height(2))
}

// TestHulls: two columns stand on each other. (A tower of six stands in ours and
// falls in Rapier.)
func TestHulls(t *testing.T) {
	p := both(t)
	p.floor()
	for i := range 2 {
		p.addHull(ball(physics.BodyID(2+i), 1, v(0, 0.3+float32(i)*0.6, 0)), prism(0.3))
	}
	p.step(300)
	for i := range 2 {
		p.alike("height", 0.03, 0.3+float64(i)*0.6, height(physics.BodyID(2+i)))
	}
}

// TestMixedHeap: capsules, columns and octahedra fall into a pen and fill it as
// high.
func TestMixedHeap(t *testing.T) {
	p := both(t)
	s := scenes.Drops(96, 4)
	for i, b := range s.Bodies {
		switch {
		case b.Flags&physics.Static != 0:
			p.add(b)
		case i%3 == 0:
			c := capsule(b.ID, 0.3, 0.3, b.Pos)
			p.add(c)
		case i%3 == 1:
			p.addHull(b, prism(0.4))
		default:
			var small []det.Vec
			for _, c := range octahedron() {
				small = append(small, c.Scale(0.6))
			}
			p.addHull(b, small)
		}
	}
	p.step(300)
	ours, theirs := heapOf(p.ours, s), heapOf(p.theirs, s)
	of := map[world]heap{p.ours: ours, p.theirs: theirs}
	p.alike("mean height", 0.12*theirs.mean, unknown, func(w world) float64 { return of[w].mean })
	p.alike("highest", 0.3*theirs.top, unknown, func(w world) float64 { return of[w].top })
	p.alike("moving, J", 3, 0, func(w world) float64 { return of[w].moving })
}

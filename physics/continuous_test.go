package physics

import (
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func rod(id BodyID, half, x, y, z float32) Body {
	return Body{ID: id, Shape: Shape{Kind: shape.Capsule, Half: v(MinExtent, half, 0)}, Pos: v(x, y, z), Mass: 1, Friction: 0.3}
}

// thinWall is a wall of 16 m by 16 m that stands at x = 0, of one of five kinds.
func thinWall(kind int) (b Body, cmds []Command) {
	b = Body{ID: 1, Shape: boxShape(MinExtent, 8, 8), Flags: Static, Pos: v(0, 8, 0)}
	var g *shape.Geometry
	at := shape.Pose{Rot: det.Identity}
	var err error
	switch kind {
	case 0:
		return b, nil
	case 1:
		b.Flags = Kinematic
		return b, nil
	case 2:
		var p []det.Vec
		for i := range 8 {
			p = append(p, det.Vec{X: float32(1-i&1*2) * MinExtent, Y: float32(8 - i&2*8), Z: float32(8 - i&4*4)})
		}
		g, at, err = shape.NewHull(p)
	case 3:
		pane := shape.Shape{Kind: Box, Half: det.Vec{X: MinExtent, Y: 8, Z: 4}}
		g, at, err = shape.NewCompound([]shape.Child{
			{Shape: pane, Pose: shape.At(det.Vec{Z: -4}, det.Identity)}, {Shape: pane, Pose: shape.At(det.Vec{Z: 4}, det.Identity)},
		})
	case 4: // no thickness at all; seen from where the shots come
		g, err = shape.NewMesh([]det.Vec{{Y: -8, Z: -8}, {Y: 8, Z: -8}, {Y: 8, Z: 8}, {Y: -8, Z: 8}}, [][3]int{{0, 2, 1}, {0, 3, 2}})
	}
	if err != nil {
		panic(err)
	}
	b.Shape, b.Rot = geometryShape(g), spatial.Quat(at.Rot)
	b.Pos = b.Pos.Add(spatial.Vec(at.Pos))
	return b, []Command{addGeometry(g)}
}

// TestNothingPassesWalls: whatever is shot at a thin wall at the speed limit,
// from anywhere and spinning, stays on its side.
func TestNothingPassesWalls(t *testing.T) {
	r := base.NewRand(4, 1)
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	var met [5]int
	for i := range 300 {
		w, _ := New(Config{Gravity: Weightless})
		wall, cmds := thinWall(i / 5 % 5)
		b := []Body{
			ball(2, 0.02, 0, 8, 0), crate(2, 0, 8, 0), rod(2, 0.5, 0, 8, 0),
			{ID: 2, Shape: boxShape(0.01, 0.4, 0.2), Mass: 1}, ball(2, 0.5, 0, 8, 0),
		}[i%5]
		b.Pos = v(-f(1.2, 3), f(6, 10), f(-2, 2))
		b.Vel = v(f(60, 90), f(-40, 40), f(-10, 10))
		if i%7 > 3 {
			b.Vel = v(f(2, 20), f(-5, 5), f(-5, 5))
		}
		b.Spin = v(f(-50, 50), f(-50, 50), f(-50, 50))
		b.Restitution = f(0, 0.9)
		steps(t, w, 1, append(cmds, add(wall), add(b))...)
		for range 90 {
			if ev := steps(t, w, 1); slices.ContainsFunc(ev, func(e Event) bool { return e.Kind == EvBegin && e.B == 1 }) {
				met[i/5%5]++
			}
			if now := at(t, w, 2); now.Pos.X > at(t, w, 1).Pos.X && now.Pos.Y < 16 && now.Pos.Y > 0 && det.Abs(now.Pos.Z) < 8 {
				t.Errorf("%d: shape %d passed wall %d: at %v, started at %v with %v", i, b.Shape.Kind, i/5%5, now.Pos, b.Pos, b.Vel)
				break
			}
		}
	}
	for kind, n := range met {
		if n < 50 {
			t.Errorf("wall %d was met %d times", kind, n)
		}
	}
}

// TestNothingPassesHills: what is shot at a landscape of triangles, spinning,
// comes to lie on it.
func TestNothingPassesHills(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	r := base.NewRand(5, 1)
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	w, _ := New(Config{Open: true, Min: v(-40, -20, -40), Max: v(40, 80, 40)})
	g := hillsField()
	land := ground(g)
	land.Pos.Y = 0
	cmds := []Command{addGeometry(g), add(land)}
	for i := range 60 {
		b := []Body{ball(0, 0.05, 0, 0, 0), crate(0, 0, 0, 0), rod(0, 0.5, 0, 0, 0), {Shape: boxShape(0.01, 0.4, 0.2), Mass: 1}}[i%4]
		b.ID, b.Friction, b.Filter.Group = BodyID(i+10), 0.8, -1
		b.Pos, b.Vel = v(f(-7, 7), f(5, 30), f(-7, 7)), v(f(-20, 20), f(-90, -50), f(-20, 20))
		b.Spin = v(f(-50, 50), f(-50, 50), f(-50, 50))
		cmds = append(cmds, add(b))
	}
	steps(t, w, 1, cmds...)
	for range 120 {
		for _, e := range steps(t, w, 1) {
			if b, _ := w.Body(e.A); e.Kind == EvOut && b.Pos.Y <= -20 && max(det.Abs(b.Pos.X), det.Abs(b.Pos.Z)) < 14 {
				t.Errorf("%d fell through, out at %v", e.A, b.Pos)
			}
		}
	}
	lying := 0
	w.Each(func(b Body) bool {
		if h, ok := w.Ray(b.Pos.Add(v(0, 1, 0)), v(0, -3, 0), Query{Skip: b.ID, Filter: Filter{Group: -1}}); ok && h.ID == 1 {
			lying++
		}
		return true
	})
	if lying < 20 {
		t.Errorf("%d of 60 lie on the hills", lying)
	}
}

// TestRodsTurn: a thin rod that spins beside a wall does not turn through it.
func TestRodsTurn(t *testing.T) {
	for i, spin := range []float32{1, 5, 20, 60, 100} {
		for _, away := range []float32{0.1, 0.25, 0.45} {
			w, _ := New(Config{Gravity: Weightless})
			wall := Body{ID: 1, Shape: boxShape(MinExtent, 3, 3), Flags: Static, Pos: v(0, 5, 0), Friction: 0.3}
			b := rod(2, 0.5, -away, 5, 0)
			b.Spin = v(0, 0, spin)
			steps(t, w, 1, add(wall), add(b))
			for step := range 120 {
				steps(t, w, 1)
				now := at(t, w, 2)
				for _, end := range []float32{-0.5, 0.5} {
					p := now.Pos.Add(now.Rot.Rotate(v(0, end, 0)))
					if p.X > 0 && det.Abs(p.Y-5) < 3 && det.Abs(p.Z) < 3 {
						t.Fatalf("%d: %g rad/s at %g m: an end is at %v after %d steps", i, spin, away, p, step)
					}
				}
			}
		}
	}
}

// TestBullets: what moves towards each other at the speed limit meets when one
// of them is a bullet, and when what has an inside to speak of meets it head on.
func TestBullets(t *testing.T) {
	for i, c := range []struct{ a, b Body }{
		{ball(1, 0.02, -5, 5, 0), ball(2, 0.02, 5, 5, 0)},
		{rod(1, 0.3, -5, 5, 0), ball(2, 0.02, 5, 5, 0)},
		{ball(1, 0.02, -5, 5, 0), Body{ID: 2, Shape: boxShape(MinExtent, 1, 1), Pos: v(5, 5, 0), Mass: 3}},
		{Body{ID: 1, Shape: boxShape(MinExtent, 1, 1), Pos: v(-5, 5, 0), Mass: 3}, rod(2, 0.3, 5, 5, 0)},
	} {
		for _, flag := range []Flags{Bullet, 0}[:2-min(i%3, 1)] {
			w, _ := New(Config{Gravity: Weightless})
			c.a.Flags = flag
			c.a.Vel, c.b.Vel = v(97, 0, 0), v(-83, 0, 0)
			ev := steps(t, w, 6, add(c.a), add(c.b))
			hit := false
			for _, e := range ev {
				hit = hit || e.Kind == EvHit && e.A == 1 && e.B == 2
			}
			if !hit {
				t.Errorf("%d, flags %d: they did not meet: %v", i, flag, ev)
			}
		}
	}
}

// TestGrazing: a fast body that touches the floor at a flat angle is not held up
// by it.
func TestGrazing(t *testing.T) {
	for _, s := range []Shape{ballShape(0.1), boxShape(0.1, 0.1, 0.1)} {
		w, _ := New(Config{})
		floor := add(Body{ID: 10, Shape: boxShape(100, 0.5, 2), Flags: Static, Pos: v(50, 0.5, 0)})
		b := ball(1, 0.1, 0, 1.3, 0)
		b.Shape, b.Friction, b.Restitution, b.Vel = s, 0, 0.3, v(80, -1, 0)
		steps(t, w, 60, floor, add(b))
		if now := at(t, w, 1); now.Pos.X < 79 || now.Vel.X < 79 {
			t.Errorf("shape %d: at %v with %v after a second", s.Kind, now.Pos, now.Vel)
		}
	}
}

// TestNoPath: a path of no number is none.
func TestNoPath(t *testing.T) {
	s := solid{Body: crate(1, 0, 5, 0)}
	s.form = shape.Shape{Kind: Box, Half: s.half()}
	s.derive()
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		for _, p := range []sweep{newSweep(&s, det.Vec{X: bad}, det.Vec{}), newSweep(&s, det.Vec{}, det.Vec{Z: bad})} {
			if p.path.Travel() != 0 || p.swift() {
				t.Errorf("a path of %g counts", bad)
			}
		}
	}
}

// BenchmarkShooting is 500 bodies that all are fast, in a hall.
func BenchmarkShooting(b *testing.B) {
	w, _ := New(Config{Gravity: Weightless, Min: v(-20, 0, -20), Max: v(20, 40, 20)})
	r := base.NewRand(4, 1)
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	var cmds []Command
	for i := range 500 {
		x := ball(BodyID(i+1), 0.2, f(-19, 19), f(1, 39), f(-19, 19))
		x.Vel, x.Restitution = spatial.Vec(det.Vec{X: f(-1, 1), Y: f(-1, 1), Z: f(-1, 1)}.Unit(det.Vec{X: 1}).Scale(60)), 1
		cmds = append(cmds, add(x))
	}
	w.Step(cmds, nil)
	for b.Loop() {
		w.Step(nil, nil)
	}
	b.ReportMetric(float64(w.Len())*float64(b.N)/b.Elapsed().Seconds(), "body-steps/s")
}

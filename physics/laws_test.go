package physics

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// energy of all bodies in joules: moving, turning and lifted. In float64, for
// judging only.
func energy(w *World) float64 {
	var e float64
	for i := range w.solids {
		s := &w.solids[i]
		if s.static() {
			continue
		}
		s.derive()
		m := float64(s.Mass)
		e += 0.5*m*float64(det.Vec(s.Vel).Len2()) - m*float64(w.cfg.Gravity)*float64(s.Pos.Y-w.cfg.Min.Y)
		if !s.upright() {
			l, in := s.pose.Turn.ApplyInverse(det.Vec(s.Spin)), s.inertia()
			e += 0.5 * (float64(in.X*l.X*l.X) + float64(in.Y*l.Y*l.Y) + float64(in.Z*l.Z*l.Z))
		}
	}
	return e
}

func momentum(w *World) (p [3]float64) {
	w.Each(func(b Body) bool {
		p[0] += float64(b.Mass) * float64(b.Vel.X)
		p[1] += float64(b.Mass) * float64(b.Vel.Y)
		p[2] += float64(b.Mass) * float64(b.Vel.Z)
		return true
	})
	return p
}

// TestThrowArc: a thrown ball follows the parabola. Steps of h fall behind it
// by g·h·t/2, which is known exactly, and by rounding.
func TestThrowArc(t *testing.T) {
	s := arcScene()
	start := s.at[0][0].Body
	s.play(t, func(step int, w *World, _ []Event) {
		b, _ := w.Body(start.ID)
		h := float64(w.cfg.Dt) / float64(w.cfg.Substeps)
		at := float64(step+1) / 60
		x := float64(start.Pos.X) + float64(start.Vel.X)*at
		y := float64(start.Pos.Y) + float64(start.Vel.Y)*at - 9.81*at*at/2
		z := float64(start.Pos.Z) + float64(start.Vel.Z)*at
		if d := math.Hypot(float64(b.Pos.X)-x, float64(b.Pos.Z)-z); d > 1e-3 {
			t.Fatalf("step %d: %g m off sideways", step, d)
		}
		if d := math.Abs(float64(b.Pos.Y) - y); d > 0.04 {
			t.Fatalf("step %d: %g m off the parabola", step, d)
		}
		if d := math.Abs(float64(b.Pos.Y) - (y - 9.81*h*at/2)); d > 1e-3 {
			t.Fatalf("step %d: %g m off the stepped parabola", step, d)
		}
	})
}

// TestSphereHit: two equal spheres head on, without bounce and with, keep
// momentum; the speeds are what the restitution says.
func TestSphereHit(t *testing.T) {
	for _, bounce := range []float32{0, 0.5, 1} {
		for _, mass := range []float32{1, 3} {
			w, _ := New(Config{Gravity: Weightless})
			a, b := ball(1, 0.5, -2, 5, 0), ball(2, 0.5, 0, 5, 0)
			a.Vel.X, b.Mass = 5, mass
			a.Restitution, b.Restitution = bounce, bounce
			w.Step([]Command{add(a), add(b)}, nil)
			before := momentum(w)
			hits := float32(0)
			for range 60 {
				ev, _ := w.Step(nil, nil)
				for _, e := range ev {
					if e.Kind == EvHit && e.A == 2 {
						hits += e.Impulse
					}
				}
			}
			for i, p := range momentum(w) {
				if d := math.Abs(p - before[i]); d > 1e-5 {
					t.Errorf("bounce %g mass %g: momentum %d changed by %g", bounce, mass, i, d)
				}
			}
			got, _ := w.Body(2)
			want := 5 * (1 + bounce) / (1 + mass)
			if det.Abs(got.Vel.X-want) > 0.02*want {
				t.Errorf("bounce %g mass %g: the struck one moves at %g, want %g", bounce, mass, got.Vel.X, want)
			}
			if det.Abs(hits-mass*want) > 0.02*mass*want {
				t.Errorf("bounce %g mass %g: hit of %g N·s, want %g", bounce, mass, hits, mass*want)
			}
		}
	}
}

// TestEnergyDoesNotGrow: nothing in a closed scene adds energy. A body that
// falls may sink in by as much as it moves in a step; pushing it out again lifts
// it, and what stands on it, which is the allowance: one per cent.
func TestEnergyDoesNotGrow(t *testing.T) {
	all := append(scenes()[:4], heapScene("weightless", 4, func(id BodyID, x, y, z float32) Body {
		b := crate(id, x, y, z)
		b.Shape.Half.Y, b.Restitution = 0.2, 0.8
		b.Vel, b.Spin = v(float32(id%7)-3, float32(id%5)-2, float32(id%3)-1), v(float32(id%4)-1, 2, 3)
		return b
	}))
	all[4].cfg.Gravity = Weightless
	all[4].cfg.Min, all[4].cfg.Max = v(-5, 0, -5), v(5, 8, 5)
	for _, s := range all {
		least, first := math.Inf(1), 0.0
		s.play(t, func(step int, w *World, _ []Event) {
			e := energy(w)
			if step == 0 {
				first = e
			}
			if e > least+0.01*first+0.01 {
				t.Fatalf("%s step %d: %g J, after %g J (started with %g)", s.name, step, e, least, first)
			}
			least = min(least, e)
		})
		if !(least < first) {
			t.Errorf("%s: energy stayed %g: the scene proves nothing", s.name, first)
		}
	}
}

// TestTumble: an uneven box spinning free keeps its angular momentum in size
// within a few per cent and never gains energy.
func TestTumble(t *testing.T) {
	w, _ := New(Config{Gravity: Weightless})
	b := Body{ID: 1, Shape: boxShape(0.2, 0.5, 1), Pos: v(0, 50, 0), Mass: 2, Spin: v(0.05, 3, 0.02)}
	w.Step([]Command{add(b)}, nil)
	first := energy(w)
	flips, up := 0, true
	for i := range 1200 {
		w.Step(nil, nil)
		e := energy(w)
		if e > first*1.001 {
			t.Fatalf("step %d: %g J of %g", i, e, first)
		}
		now, _ := w.Body(1)
		if y := now.Rot.Rotate(v(0, 1, 0)).Y; (y > 0) != up {
			flips, up = flips+1, y > 0
		}
	}
	if e := energy(w); e < 0.5*first {
		t.Errorf("%g J left of %g after 20 s", e, first)
	}
	// Spin about the middle axis is unstable (Dzhanibekov): it must turn over.
	if flips == 0 {
		t.Error("the box never turned over")
	}
}

// TestSleepAndWake: a stack goes to sleep, costs no change, and wakes when it
// is hit or its support goes.
func TestSleepAndWake(t *testing.T) {
	s := stackScene()
	w := s.play(t, nil)
	if !w.Resting(1) || !w.Resting(10) {
		t.Fatal("the stack does not rest")
	}
	h := w.Hash()
	for range 100 {
		w.Step(nil, nil)
	}
	if w.Hash() != h {
		t.Fatal("a sleeping world changes")
	}
	fork, err := Restore(s.cfg, w.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	w.Step([]Command{{Kind: CmdRemove, ID: 1}}, nil)
	for range 60 {
		w.Step(nil, nil)
	}
	if b, _ := w.Body(10); b.Pos.Y > 8.7 {
		t.Errorf("the stack hangs in the air at %g", b.Pos.Y)
	}
	shot := ball(50, 0.3, -4, 9.5, 0)
	shot.Vel, shot.Mass = v(15, 0, 0), 3
	fork.Step([]Command{add(shot)}, nil)
	for range 60 {
		fork.Step(nil, nil)
	}
	if b, _ := fork.Body(10); b.Pos.X < 0.5 {
		t.Errorf("the top box did not notice the ball: %v", b.Pos)
	}
}

// TestNothingTunnels: a small ball at the speed limit does not pass a thin
// wall, a box that moves, or an avatar.
func TestNothingTunnels(t *testing.T) {
	for i, target := range []Body{
		{ID: 1, Shape: boxShape(0.05, 2, 2), Flags: Static, Pos: v(0, 2, 0)},
		{ID: 1, Shape: boxShape(0.05, 2, 2), Pos: v(0, 2, 0), Mass: 50},
		avatar(1, 0, 0),
	} {
		w, _ := New(Config{})
		b := ball(2, 0.1, -20, 0.6, 0)
		b.Vel, b.Mass = v(MaxSpeed, 0, 0), 0.1
		w.Step([]Command{add(target), add(b)}, nil)
		hit := false
		for range 30 {
			ev, _ := w.Step(nil, nil)
			for _, e := range ev {
				hit = hit || (e.Kind == EvHit && e.A == 1 && e.B == 2)
			}
		}
		if now, _ := w.Body(2); !hit || now.Pos.X > 0 {
			t.Errorf("target %d: hit %v, the ball is at %v", i, hit, now.Pos)
		}
	}
}

// TestSleepless: where nothing may sleep, a stack that stands is stepped on.
func TestSleepless(t *testing.T) {
	s := stackScene()
	s.cfg.Sleepless = true
	w := s.play(t, nil)
	if w.Resting(1) || w.Resting(10) || !w.anyStirs() {
		t.Error("a body sleeps")
	}
}

// TestBoundsHold: what is thrown at walls and ceiling stays inside.
func TestBoundsHold(t *testing.T) {
	s := mixScene(21, 50, 300)
	s.play(t, func(step int, w *World, _ []Event) {
		w.Each(func(b Body) bool {
			if err := b.check(&w.cfg); err != nil {
				t.Fatalf("step %d body %d: %v", step, b.ID, err)
			}
			return true
		})
	})
}

// TestRollingEnds: a rolling ball slows down and comes to rest.
func TestRollingEnds(t *testing.T) {
	w, _ := New(Config{})
	b := ball(1, 0.15, 0, 0.15, 0)
	b.Vel, b.Spin = v(2, 0, 0), v(0, 0, -2/0.15)
	w.Step([]Command{add(b)}, nil)
	for i := 0; !w.Resting(1); i++ {
		if i > 1200 {
			t.Fatal("still rolling after 20 s")
		}
		w.Step(nil, nil)
	}
	if now, _ := w.Body(1); now.Pos.X < 2 || now.Vel != (spatial.Vec{}) && now.Vel.Len() > restSpeed {
		t.Errorf("rolled to %v at %v", now.Pos, now.Vel)
	}
}

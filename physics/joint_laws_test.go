package physics

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// TestPendulum: small swings keep their energy within 1 % for ten seconds, once
// the joint bears the weight, and take the time a physical pendulum does.
func TestPendulum(t *testing.T) {
	const l = 2.0
	for _, kind := range []JointKind{BallJoint, HingeJoint, DistanceJoint} {
		b := bob(1, float32(l*math.Sin(0.1)), float32(10-l*math.Cos(0.1)), 0)
		j := hang(1, kind, Body{}, b, v(0, 10, 0), v(0, 0, 1))
		if kind == DistanceJoint {
			j.FrameB = Frame{}
			j.Flags, j.Low, j.High = JointLimit, l, l
		}
		w := world(t, Config{}, []Body{b}, j)
		steps(t, w, 10)
		rest := 9.81 * float64(8-state(t, w, 1).Gap)
		first, worst := energy(w)-rest, 0.0
		periods, last, x := 0, 0, b.Pos.X
		for i := range 600 {
			steps(t, w, 1)
			worst = max(worst, math.Abs(energy(w)-rest-first)/first)
			now, _ := w.Body(1)
			if x < 0 && now.Pos.X >= 0 {
				periods, last = periods+1, i+11
			}
			x = now.Pos.X
		}
		t.Logf("kind %d: energy within %.2f %%", kind, 100*worst)
		if worst > 0.01 {
			t.Errorf("kind %d: energy off by %g", kind, worst)
		}
		// It starts at its height: the n-th crossing to the right comes after
		// n - 1/4 periods.
		inertia := 0.4 * 0.1 * 0.1
		if kind == DistanceJoint {
			inertia = 0 // does not turn
		}
		want := 2 * math.Pi * math.Sqrt((l*l+inertia)/(9.81*l))
		if got := float64(last) / 60 / (float64(periods) - 0.25); math.Abs(got-want) > 0.01*want {
			t.Errorf("kind %d: a period of %g s, want %g", kind, got, want)
		}
	}
}

// TestChain: twenty links bear a hundred times the mass of one: the chain
// grows by less than 4 %, comes to rest and sleeps.
func TestChain(t *testing.T) {
	w := chain(t, 20, 100)
	worst := float32(0)
	for range 900 {
		steps(t, w, 1)
		worst = max(worst, gap(t, w))
	}
	end, _ := w.Body(21)
	t.Logf("widest gap %g, at the end %g; the weight hangs %g m lower", worst, gap(t, w), 29.6-end.Pos.Y)
	if worst > 0.035 || 29.6-end.Pos.Y > 0.4 || 29.6-end.Pos.Y < 0 {
		t.Errorf("widest gap %g, the weight at %v", worst, end.Pos)
	}
	if !w.Resting(1) || !w.Resting(21) {
		t.Errorf("the chain does not rest: %v", end.Vel)
	}
}

// TestHingeDrift: a door that is thrown about for twenty seconds stays on its
// hinges, and so does a fast wheel.
func TestHingeDrift(t *testing.T) {
	door := Body{ID: 1, Shape: boxShape(0.5, 1, 0.03), Pos: v(0.5, 1.5, 0), Mass: 20}
	wheel := Body{ID: 2, Shape: boxShape(0.05, 0.4, 0.4), Pos: v(5, 3, 0), Mass: 10, Spin: v(60, 0, 0)}
	dj := hang(1, HingeJoint, Body{}, door, v(0, 1.5, 0), v(0, 1, 0))
	dj.Flags, dj.Low, dj.High = JointLimit, -2, 2
	w := world(t, Config{}, []Body{door, wheel}, dj, hang(2, HingeJoint, Body{}, wheel, v(5, 3, 0), v(1, 0, 0)))
	for i := range 1200 {
		if i%100 == 0 {
			w.Step([]Command{{Kind: CmdImpulse, ID: 1, Vec: v(0, 0, float32(40-i%200))}}, nil)
		}
		steps(t, w, 1)
		if g := gap(t, w); g > 0.001 {
			t.Errorf("step %d: gap of %g m", i, g)
		}
		d, _ := w.Body(1)
		if up := d.Rot.Rotate(v(0, 1, 0)); up.Y < 0.99999 {
			t.Fatalf("step %d: the door leans by %g rad", i, math.Acos(float64(up.Y)))
		}
	}
	if b, _ := w.Body(2); b.Spin.X < 50 {
		t.Errorf("the wheel turns at %v, started at 60", b.Spin)
	}
}

// TestBridge: thirty planks, two hinges each, with crates thrown on it.
func TestBridge(t *testing.T) {
	w := world(t, Config{Min: v(-40, -40, -40), Max: v(40, 40, 40)}, nil)
	w.Step(bridge(30), nil)
	worst := float32(0)
	for i := range 1300 {
		if i%60 == 30 && i < 400 {
			c := crate(BodyID(1000+i), float32(i%5)-2, 3, 0)
			c.Mass = 5
			w.Step([]Command{add(c)}, nil)
		}
		steps(t, w, 1)
		worst = max(worst, gap(t, w))
	}
	lowest := float32(0)
	w.Each(func(b Body) bool { lowest = min(lowest, b.Pos.Y); return true })
	t.Logf("widest gap %g, %g at rest, lowest %g", worst, gap(t, w), lowest)
	if worst > 0.03 || gap(t, w) > 0.012 || lowest < -2 {
		t.Errorf("widest gap %g, %g at rest, lowest body at %g", worst, gap(t, w), lowest)
	}
	if !w.Resting(15) {
		b, _ := w.Body(15)
		t.Errorf("the bridge does not rest: %v %v", b.Vel, b.Spin)
	}
}

// bridge is of n planks of 5 kg over nothing.
func bridge(n int) (cmds []Command) {
	plank := func(i int) Body {
		return Body{ID: BodyID(i + 1), Shape: boxShape(0.24, 0.05, 0.6), Pos: v(float32(0.5*(float32(i)-float32(n-1)*0.5)), 0, 0), Mass: 5, Friction: 0.6}
	}
	last := Body{}
	for i := range n + 1 {
		b := Body{}
		if i < n {
			b = plank(i)
			cmds = append(cmds, add(b))
		}
		x := float32(0.5 * (float32(i) - float32(n)*0.5))
		for side := range 2 {
			j := hang(JointID(2*i+side+1), BallJoint, last, b, v(x, 0, float32(side)-0.5), v(0, 0, 1))
			if b.ID == Ground {
				j.A, j.B, j.FrameA, j.FrameB = j.B, j.A, j.FrameB, j.FrameA
				j.A, j.B = Ground, last.ID
			}
			j.Motor.MaxTorque = 3 // or it would sway for minutes
			cmds = append(cmds, joined(j))
		}
		last = b
	}
	return cmds
}

// TestJointMomentum: in free space no joint makes momentum or angular momentum.
// Spheres, since of an uneven body even the free flight keeps its angular
// momentum only nearly.
func TestJointMomentum(t *testing.T) {
	for kind := BallJoint; kind <= MotorJoint; kind++ {
		a, b := bob(1, -0.3, 50, 0.1), bob(2, 0.4, 50.2, -0.1)
		a.Mass, a.Vel, a.Spin = 3, v(0.2, -0.1, 0.3), v(2, 1, -3)
		b.Vel, b.Spin = v(-0.5, 0.9, 0.4), v(-1, 4, 2)
		j := hang(1, kind, a, b, v(0.1, 50.1, 0), v(1, 0.5, 0.2))
		j.Motor = Motor{Speed: 2, Linear: v(0.5, 0, 0), Angular: v(0, 1, 1), MaxForce: 30, MaxTorque: 3}
		j.Spring = Spring{Hertz: 3, Damping: 0.3, Target: 0.2}
		j.Flags, j.Low, j.High, j.Cone = JointLimit|JointCone, 0, 0.5, 0.4
		w := world(t, Config{Gravity: Weightless, Min: v(-100, 0, -100), Max: v(100, 100, 100)}, []Body{a, b}, j)
		p, l := momentum(w), angular(w)
		for i := range 300 {
			steps(t, w, 1)
			q, m := momentum(w), angular(w)
			for k := range 3 {
				if d := math.Abs(q[k] - p[k]); d > 1e-4 {
					t.Fatalf("kind %d step %d: momentum changed by %g", kind, i, d)
				}
				if d := math.Abs(m[k] - l[k]); d > 2e-4 {
					t.Fatalf("kind %d step %d: angular momentum changed by %g of %v", kind, i, d, l)
				}
			}
		}
	}
}

// angular momentum about (0, 50, 0), kg·m²/s.
func angular(w *World) (l [3]float64) {
	w.Each(func(b Body) bool {
		r, u := b.Pos.Sub(v(0, 50, 0)), b.Vel
		x := [3]float64{
			float64(r.Y)*float64(u.Z) - float64(r.Z)*float64(u.Y),
			float64(r.Z)*float64(u.X) - float64(r.X)*float64(u.Z),
			float64(r.X)*float64(u.Y) - float64(r.Y)*float64(u.X),
		}
		i := 0.4 * float64(b.Shape.Half.X) * float64(b.Shape.Half.X)
		for k, s := range [3]float32{b.Spin.X, b.Spin.Y, b.Spin.Z} {
			l[k] += float64(b.Mass) * (x[k] + i*float64(s))
		}
		return true
	})
	return l
}

// TestFramesHold: what Frames makes is at rest, for bodies anyhow turned.
func TestFramesHold(t *testing.T) {
	for kind := BallJoint; kind <= MotorJoint; kind++ {
		a, b := crate(1, 0, 50, 0), crate(2, 1.3, 50.4, 0.2)
		a.Rot = spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Y: 0.8}, 2))
		b.Rot = spatial.Quat(det.AxisAngle(det.Vec{Y: 0.6, Z: -0.8}, -1))
		j := hang(1, kind, a, b, v(0.7, 50, 0.1), v(-1, -2, 0.3))
		j.Motor = Motor{MaxForce: 100, MaxTorque: 100}
		if kind == DistanceJoint {
			j.Flags = JointLimit
		}
		w := world(t, Config{Gravity: Weightless}, []Body{a, b}, j)
		if s := state(t, w, 1); s.Gap > 1e-5 || det.Abs(s.Coordinate) > 1e-5 || s.Swing > 1e-3 {
			t.Errorf("kind %d: %+v", kind, s)
		}
		steps(t, w, 60)
		for _, want := range []Body{a, b} {
			if got, _ := w.Body(want.ID); got.Pos.Sub(want.Pos).Len() > 1e-3 {
				t.Errorf("kind %d: body %d moved to %v", kind, want.ID, got.Pos)
			}
		}
	}
}

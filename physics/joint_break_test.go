package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// broke is the step in which joint 1 broke, or 0.
func broke(t *testing.T, w *World, n int) (step int, events []Event) {
	t.Helper()
	for i := range n {
		for _, e := range steps(t, w, 1) {
			if e.Kind == EvBroke {
				step = i + 1
				events = append(events, e)
			}
		}
	}
	if _, there := w.Joint(1); there != (step == 0) {
		t.Errorf("broke in step %d, and the joint is there: %v", step, there)
	}
	return step, events
}

// TestBreakForce: a joint of each kind bears a weight when it may, and breaks
// when the weight is 10 % more than that.
func TestBreakForce(t *testing.T) {
	for _, kind := range []JointKind{BallJoint, HingeJoint, SliderJoint, FixedJoint, DistanceJoint, MotorJoint} {
		for _, c := range []struct {
			share  float32
			breaks bool
		}{{0.9, true}, {1.1, false}} {
			b := crate(1, 0, 5, 0)
			b.Mass = 10
			j := hang(1, kind, Body{}, b, v(0, 5, 0), v(0, 0, 1))
			if kind == DistanceJoint {
				j.FrameA.Pos.Y += 2
				j.Flags, j.High = JointLimit, 2
			}
			j.Motor.MaxForce, j.Motor.MaxTorque = 200, 200
			j.BreakForce = c.share * 98.1
			w := world(t, Config{}, []Body{b}, j)
			step, ev := broke(t, w, 240)
			if (step > 0) != c.breaks {
				t.Errorf("kind %d bearing %g of its weight: broke in step %d", kind, c.share, step)
			}
			if c.breaks && (len(ev) != 1 || ev[0].A != 1 || ev[0].B != Ground || ev[0].Joint != 1 || ev[0].Normal.Y < 0.99 ||
				ev[0].Impulse < j.BreakForce/60 || ev[0].Impulse > 1.2*98.1/60) {
				t.Errorf("kind %d: %+v", kind, ev)
			}
		}
	}
}

// TestBreakTorque: the same for a beam that sticks out of a wall.
func TestBreakTorque(t *testing.T) {
	for _, kind := range []JointKind{HingeJoint, SliderJoint, FixedJoint, MotorJoint} {
		for _, c := range []struct {
			share  float32
			breaks bool
		}{{0.9, true}, {1.1, false}} {
			beam := Body{ID: 1, Shape: boxShape(1, 0.1, 0.1), Pos: v(1, 5, 0), Mass: 10}
			j := hang(1, kind, Body{}, beam, v(0, 5, 0), v(1, 0, 0))
			j.Motor.MaxForce, j.Motor.MaxTorque = 1000, 1000
			if kind == SliderJoint {
				j.Flags = JointLimit
			}
			j.BreakTorque = c.share * 98.1
			w := world(t, Config{}, []Body{beam}, j)
			if step, _ := broke(t, w, 240); (step > 0) != c.breaks {
				t.Errorf("kind %d bearing %g of its torque: broke in step %d", kind, c.share, step)
			}
		}
	}
}

// TestBreakReports: both owners hear of it, a ghost's does not, and what hung
// there falls.
func TestBreakReports(t *testing.T) {
	a, b := crate(1, 0, 5, 0), crate(2, 0, 3.5, 0)
	a.Flags = Static
	j := hang(1, BallJoint, a, b, v(0, 4.25, 0), v(0, 1, 0))
	j.BreakForce = 20
	w := world(t, Config{}, []Body{a, b}, j)
	steps(t, w, 120)
	if !w.Resting(2) {
		t.Fatal("does not rest")
	}
	b.Vel, b.Pos = v(0, -4, 0), v(0, 3.5, 0)
	ev := apartFromSleep(steps(t, w, 3, Command{Kind: CmdSet, ID: 2, Body: b}))
	if _, there := w.Joint(1); there {
		t.Error("the joint is still there")
	}
	if len(ev) != 2 || ev[0].A != 1 || ev[0].B != 2 || ev[1].A != 2 || ev[1].B != 1 ||
		ev[0].Normal.Add(ev[1].Normal) != (spatial.Vec{}) || ev[0].Point.Sub(v(0, 4.25, 0)).Len() > 0.2 {
		t.Errorf("events %+v", ev)
	}
	steps(t, w, 60)
	if now, _ := w.Body(2); now.Pos.Y > 2 {
		t.Errorf("still hangs at %v", now.Pos)
	}
	b.Flags = Ghost
	w = world(t, Config{}, []Body{a, b}, j)
	if _, ev := broke(t, w, 3); len(ev) != 1 || ev[0].A != 1 {
		t.Errorf("with a ghost: %+v", ev)
	}
}

// TestBreakKeepsMomentum: the step in which a joint breaks has passed its
// impulse on, and the next ones pass none.
func TestBreakKeepsMomentum(t *testing.T) {
	a, b := bob(1, 0, 50, 0), bob(2, 1, 50, 0)
	a.Vel, b.Vel = v(0, -3, 0), v(0, 3, 0)
	j := hang(1, FixedJoint, a, b, v(0.5, 50, 0), v(1, 0, 0))
	j.BreakForce = 5
	w := world(t, Config{Gravity: Weightless}, []Body{a, b}, j)
	if step, _ := broke(t, w, 60); step == 0 {
		t.Fatal("did not break")
	}
	for _, p := range momentum(w) {
		nearly(t, "momentum", float32(p), 0, 1e-5)
	}
}

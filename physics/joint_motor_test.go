package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func nearly(t *testing.T, what string, got, want, tolerance float32) {
	t.Helper()
	if !(det.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %g, want %g within %g", what, got, want, tolerance)
	}
}

// TestHingeMotor: a flywheel gets to speed as fast as its torque allows, stays
// there, brakes when the motor is told to, and a weak motor does not lift.
func TestHingeMotor(t *testing.T) {
	wheel := Body{ID: 1, Shape: ballShape(0.5), Pos: v(0, 5, 0), Mass: 10}
	j := hang(1, HingeJoint, Body{}, wheel, v(0, 5, 0), v(1, 0, 0))
	j.Motor = Motor{Speed: 5, MaxTorque: 2}
	w := world(t, Config{}, []Body{wheel}, j)
	steps(t, w, 60) // I = 1 kg·m²: 2 rad/s after a second
	nearly(t, "speed at full torque", state(t, w, 1).Speed, 2, 0.02)
	steps(t, w, 120)
	nearly(t, "speed reached", state(t, w, 1).Speed, 5, 0.001)
	if steps(t, w, 600); w.Resting(1) {
		t.Error("a motor that turns let its body sleep")
	}
	stop := Joint{ID: 1, Motor: Motor{MaxTorque: 1}}
	steps(t, w, 150, Command{Kind: CmdMotor, Joint: &stop})
	nearly(t, "braked by friction", state(t, w, 1).Speed, 2.5, 0.02)
	steps(t, w, 200)
	if !w.Resting(1) {
		t.Error("does not rest after braking")
	}
	// An arm of 1 m and 10 kg needs 98 N·m.
	for _, c := range []struct {
		torque float32
		lifts  bool
	}{{96, false}, {101, true}} {
		arm := Body{ID: 1, Shape: boxShape(0.3, 0.1, 0.1), Pos: v(1, 5, 0), Mass: 10}
		j := hang(1, HingeJoint, Body{}, arm, v(0, 5, 0), v(0, 0, 1))
		j.Motor = Motor{Speed: 0.5, MaxTorque: c.torque}
		w := world(t, Config{}, []Body{arm}, j)
		steps(t, w, 60)
		if a := state(t, w, 1).Coordinate; (a > 0) != c.lifts {
			t.Errorf("a motor of %g N·m turned the arm to %g rad", c.torque, a)
		}
	}
}

// TestSliderMotor: a lift rises with its load when the motor can bear both.
func TestSliderMotor(t *testing.T) {
	for _, c := range []struct {
		force float32
		rises bool
	}{{950, false}, {1010, true}} {
		lift := Body{ID: 1, Shape: boxShape(1, 0.1, 1), Pos: v(0, 2, 0), Mass: 50, Friction: 0.8}
		load := crate(2, 0.3, 2.6, 0.2)
		load.Mass = 50
		j := hang(1, SliderJoint, Body{}, lift, v(0, 2, 0), v(0, 1, 0))
		j.Motor = Motor{Speed: 1, MaxForce: c.force}
		j.Flags, j.Low, j.High = JointLimit, -1.5, 3
		w := world(t, Config{}, []Body{lift, load}, j)
		steps(t, w, 120)
		s := state(t, w, 1)
		if (s.Coordinate > 0) != c.rises {
			t.Errorf("with %g N the lift is at %g", c.force, s.Coordinate)
		}
		if steps(t, w, 600); c.rises {
			s = state(t, w, 1)
			nearly(t, "top of the lift", s.Coordinate, 3, 0.005)
			if b, _ := w.Body(2); b.Pos.Y < 5.5 || !w.Resting(2) {
				t.Errorf("the load is at %v", b.Pos)
			}
		}
		if s.Gap > 0.002 {
			t.Errorf("the lift is %g m off its rail", s.Gap)
		}
	}
}

// TestSprings: a spring carries its target; hertz is the frequency.
func TestSprings(t *testing.T) {
	b := bob(1, 0, 5, 0)
	for _, kind := range []JointKind{SliderJoint, DistanceJoint} {
		j := hang(1, kind, Body{}, b, v(0, 5, 0), v(1, 0, 0))
		if kind == DistanceJoint {
			j.FrameA.Pos.X -= 2
			j.Spring.Target = 2
		}
		j.Spring.Hertz = 1
		c := b
		c.Vel.X = 1
		w := world(t, Config{Gravity: Weightless}, []Body{c}, j)
		steps(t, w, 15) // a quarter of a period: at the end, v/ω away
		nearly(t, "quarter", state(t, w, 1).Coordinate-j.Spring.Target, 1/(2*det.Pi), 0.01)
		nearly(t, "speed there", state(t, w, 1).Speed, 0, 0.06)
		steps(t, w, 15)
		nearly(t, "back", state(t, w, 1).Coordinate-j.Spring.Target, 0, 0.01)
	}
	door := Body{ID: 1, Shape: boxShape(0.5, 1, 0.05), Pos: v(0.5, 2, 0), Mass: 20, Spin: v(0, 3, 0)}
	j := hang(1, HingeJoint, Body{}, door, v(0, 2, 0), v(0, 1, 0))
	j.Spring = Spring{Hertz: 0.7, Damping: 1, Target: -1}
	w := world(t, Config{}, []Body{door}, j)
	steps(t, w, 600)
	nearly(t, "the door closer", state(t, w, 1).Coordinate, -1, 0.01)
	if !w.Resting(1) {
		t.Error("the door does not rest")
	}
}

// TestRope: a rope holds at its length and is slack within; a winch pulls in.
func TestRope(t *testing.T) {
	b := bob(1, 0.5, 9.5, 0)
	j := hang(1, DistanceJoint, Body{}, b, v(0, 10, 0), v(1, 0, 0))
	j.FrameB = Frame{}
	j.Flags, j.High = JointLimit, 3
	w := world(t, Config{}, []Body{b}, j)
	slack := false
	for range 900 {
		steps(t, w, 1)
		s := state(t, w, 1)
		slack = slack || s.Coordinate < 2
		if s.Coordinate > 3.01 {
			t.Fatalf("the rope is %g m long", s.Coordinate)
		}
	}
	if now, _ := w.Body(1); !slack || now.Pos.Y > 8 {
		t.Errorf("the bob is at %v", now.Pos)
	}
	pull := Joint{ID: 1, Motor: Motor{Speed: -1, MaxForce: 100}}
	steps(t, w, 120, Command{Kind: CmdMotor, Joint: &pull})
	nearly(t, "winched in", state(t, w, 1).Coordinate, 1, 0.3)
}

// TestMotorJoint: a platform follows its target pose with a bounded force, and
// a velocity where there is no spring.
func TestMotorJoint(t *testing.T) {
	p := Body{ID: 1, Shape: boxShape(1, 0.1, 1), Pos: v(0, 3, 0), Mass: 20}
	j := hang(1, MotorJoint, Body{}, p, v(0, 3, 0), v(1, 0, 0))
	j.Motor = Motor{MaxForce: 1000, MaxTorque: 500}
	j.Spring = Spring{Hertz: 4, Damping: 1}
	w := world(t, Config{}, []Body{p}, j)
	steps(t, w, 60)
	to := j
	to.FrameA.Pos = v(1, 5, -1)
	to.FrameA.Rot = spatial.Quat(det.AxisAngle(det.Vec{Y: 1}, 1).Mul(det.Quat(j.FrameA.Rot)))
	steps(t, w, 120, Command{Kind: CmdMotor, Joint: &to})
	b, _ := w.Body(1)
	// A spring of 4 Hz gives by g/ω².
	if d := b.Pos.Sub(v(1, 5-9.81/(8*det.Pi*8*det.Pi), -1)).Len(); d > 0.005 {
		t.Errorf("at %v, %g m off", b.Pos, d)
	}
	nearly(t, "heading", b.Rot.Rotate(v(0, 0, 1)).Heading(), 1, 0.01)
	to.Spring, to.Motor.Linear, to.Motor.Angular = Spring{}, v(0, 0, 1), v(1, 0, 0) // A's X is the world's, turned by 1
	steps(t, w, 60, Command{Kind: CmdMotor, Joint: &to})
	b, _ = w.Body(1)
	if got, want := b.Vel, to.FrameA.Rot.Rotate(v(0, 0, 1)); got.Sub(want).Len() > 0.01 {
		t.Errorf("moves at %v, want %v", got, want)
	}
	to.Motor.MaxForce = 150 // does not bear its 196 N
	steps(t, w, 60, Command{Kind: CmdMotor, Joint: &to})
	if now, _ := w.Body(1); now.Vel.Y > -1 {
		t.Errorf("a weak motor carries: %v", now.Vel)
	}
}

// TestBallMotor: friction ends a swing, a spring sets a limb upright.
func TestBallMotor(t *testing.T) {
	b := Body{ID: 1, Shape: boxShape(0.1, 0.5, 0.1), Pos: v(0, 5.5, 0), Mass: 5}
	j := hang(1, BallJoint, Body{}, b, v(0, 5, 0), v(0, 1, 0))
	j.Spring = Spring{Hertz: 5, Damping: 1}
	b.Vel, b.Spin = v(0.5, 0, 0), v(0, 0, -1)
	w := world(t, Config{}, []Body{b}, j)
	steps(t, w, 300)
	if s := state(t, w, 1); s.Swing > 0.01 || !w.Resting(1) {
		t.Errorf("the limb leans: %+v", s)
	}
	loose := Joint{ID: 1, Motor: Motor{MaxTorque: 5}}
	w.Step([]Command{{Kind: CmdMotor, Joint: &loose}, {Kind: CmdImpulse, ID: 1, Vec: v(15, 0, 0)}}, nil)
	steps(t, w, 900)
	if now, _ := w.Body(1); now.Pos.Y > 4.6 || !w.Resting(1) {
		t.Errorf("hangs at %v", now.Pos)
	}
	turn := Joint{ID: 1, Motor: Motor{MaxTorque: 500, Angular: v(2, 0, 0)}} // about A's X, upright
	steps(t, w, 60, Command{Kind: CmdMotor, Joint: &turn})
	if now, _ := w.Body(1); now.Spin.Sub(v(0, 2, 0)).Len() > 0.02 {
		t.Errorf("spins at %v", now.Spin)
	}
}

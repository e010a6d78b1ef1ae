package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// halfDegree is how far a limit may give.
const halfDegree = 0.5 * det.Pi / 180

// TestHingeLimits: a heavy arm falls from stop to stop and is thrown at both.
func TestHingeLimits(t *testing.T) {
	arm := Body{ID: 1, Shape: boxShape(0.5, 0.05, 0.1), Pos: v(0.5, 5, 0), Mass: 30}
	j := hang(1, HingeJoint, Body{}, arm, v(0, 5, 0), v(0, 0, 1))
	j.Flags, j.Low, j.High = JointLimit, -0.7, 0.4
	w := world(t, Config{}, []Body{arm}, j)
	var lo, hi float32
	for i := range 900 {
		if i%150 == 100 && i < 700 {
			w.Step([]Command{{Kind: CmdImpulse, ID: 1, Vec: v(0, 300, 20)}}, nil)
		}
		steps(t, w, 1)
		a := state(t, w, 1).Coordinate
		lo, hi = min(lo, a), max(hi, a)
	}
	nearly(t, "lower stop", lo, -0.7, halfDegree)
	nearly(t, "upper stop", hi, 0.4, halfDegree)
	nearly(t, "at rest", state(t, w, 1).Coordinate, -0.7, halfDegree)
	if !w.Resting(1) {
		t.Error("the arm does not rest on its stop")
	}
}

// TestBallLimits: a limb that is flung about keeps its cone and its twist, and
// comes to rest on the cone.
func TestBallLimits(t *testing.T) {
	for _, base := range []bool{false, true} {
		limb := Body{ID: 2, Shape: boxShape(0.4, 0.08, 0.06), Pos: v(0.4, 5, 0), Mass: 4}
		a := Body{}
		bodies := []Body{limb}
		if base { // on a body that is free itself
			a = Body{ID: 1, Shape: boxShape(0.3, 0.3, 0.3), Pos: v(-0.3, 5, 0), Mass: 20, Friction: 0.5}
			bodies = append(bodies, a)
		}
		j := hang(1, BallJoint, a, limb, v(0, 5, 0), v(1, 0, 0))
		j.Flags, j.Low, j.High, j.Cone = JointLimit|JointCone, -0.3, 0.5, 0.6
		j.Motor.MaxTorque = 0.5 // or it would go round the cone for ever
		w := world(t, Config{}, bodies, j)
		var worst, twist float32
		for i := range 1200 {
			if i%50 == 30 && i < 700 {
				b, _ := w.Body(2)
				b.Spin = b.Spin.Add(spatial.Vec{X: float32(i%7) - 3, Y: float32(i%11) - 5, Z: float32(i%5) - 2}.Scale(2))
				w.Step([]Command{{Kind: CmdSet, ID: 2, Body: b}}, nil)
			}
			steps(t, w, 1)
			s := state(t, w, 1)
			worst = max(worst, s.Swing)
			twist = max(twist, s.Coordinate-0.5, -0.3-s.Coordinate)
		}
		t.Logf("free base %v: cone %.3f rad, twist %.4f rad over", base, worst, twist)
		if worst > 0.6+halfDegree || twist > halfDegree {
			t.Errorf("free base %v: swing %g, twist %g over", base, worst, twist)
		}
		if worst < 0.59 || twist < -0.01 {
			t.Error("the limits were not reached")
		}
		if !w.Resting(2) {
			t.Errorf("free base %v: does not rest: %+v", base, state(t, w, 1))
		}
	}
}

// TestSliderLimits: the carriage of a slider between two free bodies stops at
// both ends.
func TestSliderLimits(t *testing.T) {
	a, b := crate(1, 0, 50, 0), crate(2, 0, 51.5, 0)
	j := hang(1, SliderJoint, a, b, v(0, 50.75, 0), v(0, 1, 0))
	j.Flags, j.Low, j.High = JointLimit, -0.4, 0.3
	w := world(t, Config{Gravity: Weightless}, []Body{a, b}, j)
	var lo, hi float32
	for i := range 600 {
		if i%100 == 0 {
			w.Step([]Command{{Kind: CmdImpulse, ID: 2, Vec: v(0.5, float32(8-i%200/6), 0.2)}}, nil)
		}
		steps(t, w, 1)
		s := state(t, w, 1)
		lo, hi = min(lo, s.Coordinate), max(hi, s.Coordinate)
		if s.Gap > 0.001 {
			t.Errorf("step %d: %g m off the rail", i, s.Gap)
		}
	}
	nearly(t, "lower end", lo, -0.4, 0.005)
	nearly(t, "upper end", hi, 0.3, 0.005)
}

// TestLockedLimits: limits that are one hold like a weld.
func TestLockedLimits(t *testing.T) {
	arm := Body{ID: 1, Shape: boxShape(0.5, 0.05, 0.1), Pos: v(0.5, 5, 0), Mass: 30}
	j := hang(1, HingeJoint, Body{}, arm, v(0, 5, 0), v(0, 0, 1))
	j.Flags, j.Low, j.High = JointLimit, 0.2, 0.2
	w := world(t, Config{}, []Body{arm}, j)
	steps(t, w, 120)
	nearly(t, "locked hinge", state(t, w, 1).Coordinate, 0.2, halfDegree)
}

package physics

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// JointID names a joint: chosen by the caller, not 0, unique in a world.
type JointID uint64

// JointKind tells a Joint apart. Values are stored: extend at the end only.
type JointKind uint8

const (
	// BallJoint keeps two points together. Limit bounds the twist about the
	// axis (rad), Cone how far the two axes may swing apart.
	BallJoint JointKind = 1 + iota
	// HingeJoint turns about the axis only. Its coordinate is the angle of B
	// over A in (-π, π].
	HingeJoint
	// SliderJoint moves along the axis of A only and never turns. Its
	// coordinate is how far B's frame is from A's, m.
	SliderJoint
	// FixedJoint welds two frames. A Spring makes the weld give.
	FixedJoint
	// DistanceJoint acts along the line between two points: with a Limit a
	// rope (Low = 0), a rod (Low = High) or what lies between; with a Spring
	// a spring of length Target; with a Motor a winch. Its coordinate is the
	// distance, m.
	DistanceJoint
	// MotorJoint drives B over A: to the velocities Motor.Linear and
	// Motor.Angular (in A's axes) or, with a Spring, until B's frame meets
	// A's, with at most Motor.MaxForce and Motor.MaxTorque.
	MotorJoint
)

// JointFlags of a Joint. Values are stored: extend at the end only.
type JointFlags uint8

const (
	JointCollide JointFlags = 1 << iota // the two bodies still meet; without, they pass through each other
	JointLimit                          // Low and High count
	JointCone                           // Cone counts

	knownJointFlags = JointCollide | JointLimit | JointCone
)

// Frame is where a joint sits on a body: a point from its centre and the
// joint's axes, both in the body's own axes. On Ground it is a place in the
// world. The axis of a joint is X of its frames.
type Frame struct {
	Pos spatial.Vec  // m
	Rot spatial.Quat // zero = Identity
}

// Spring pulls a joint's coordinate to Target (rad or m), or frames together
// where a kind has no coordinate. Hertz 0 is no spring. A spring is as strong
// as the masses need, so one value suits all weights.
type Spring struct {
	Hertz   float32
	Damping float32 // share of critical damping; 1 = no overshoot
	Target  float32
}

// Motor drives a joint with at most MaxForce (N) or MaxTorque (N·m); with
// neither it is off. A motor of no speed is friction.
type Motor struct {
	Speed     float32     // hinge: rad/s; slider and distance: m/s
	Linear    spatial.Vec // motor joint: m/s, in A's axes
	Angular   spatial.Vec // motor and ball joint: rad/s, in A's axes
	MaxForce  float32     // slider, distance and motor joint
	MaxTorque float32     // hinge, ball and motor joint
}

// Joint holds two bodies together. A or B may be Ground, not both. Joints are
// kept and solved in the order of (A, B, ID).
type Joint struct {
	ID    JointID
	Kind  JointKind
	Flags JointFlags
	A, B  BodyID

	FrameA, FrameB Frame

	Low, High float32 // with JointLimit: bounds of the coordinate
	Cone      float32 // with JointCone: rad
	Spring    Spring
	Motor     Motor

	// BreakForce (N) and BreakTorque (N·m) end the joint when what it bears,
	// averaged over a step, is more. 0 = it never breaks.
	BreakForce, BreakTorque float32
}

// ErrJoint: a joint that is unknown or taken, or between what cannot be joined.
var ErrJoint = errors.New("joint is unknown, taken or impossible")

func (k JointKind) angular() bool {
	return k == BallJoint || k == HingeJoint
}

// check brings j to its canonical form, in which what its kind does not use is
// zero, and refuses what a world may not hold.
func (j *Joint) check() error {
	if j.ID == 0 || j.A == j.B {
		return fmt.Errorf("%w: %d of bodies %d and %d", ErrJoint, j.ID, j.A, j.B)
	}
	if j.Kind < BallJoint || j.Kind > MotorJoint {
		return fmt.Errorf("%w: joint %d", ErrKind, j.Kind)
	}
	if j.Flags&^knownJointFlags != 0 {
		return fmt.Errorf("%w: joint flags %#x", ErrKind, j.Flags)
	}
	if err := cmp.Or(j.FrameA.check(j.A), j.FrameB.check(j.B)); err != nil {
		return err
	}
	if err := j.checkLimits(); err != nil {
		return err
	}
	if !(j.BreakForce >= 0 && j.BreakForce <= MaxForce && j.BreakTorque >= 0 && j.BreakTorque <= MaxForce) {
		return fmt.Errorf("%w: joint breaks at %g N, %g N·m", ErrValue, j.BreakForce, j.BreakTorque)
	}
	return cmp.Or(j.checkSpring(), j.checkMotor())
}

func (f *Frame) check(on BodyID) error {
	most := float32(MaxExtent)
	if on == Ground {
		most = MaxCoord
	}
	if !f.Pos.Finite() || !within(det.Vec(f.Pos), most) {
		return fmt.Errorf("%w: joint at %g,%g,%g", ErrValue, f.Pos.X, f.Pos.Y, f.Pos.Z)
	}
	b := Body{Rot: f.Rot}
	err := b.checkTurn()
	f.Rot = b.Rot
	return err
}

func (j *Joint) checkLimits() error {
	switch j.Kind {
	case FixedJoint, MotorJoint:
		j.Flags &^= JointLimit | JointCone
	case HingeJoint, SliderJoint, DistanceJoint:
		j.Flags &^= JointCone
	}
	if j.Flags&JointLimit == 0 {
		j.Low, j.High = 0, 0
	}
	if j.Flags&JointCone == 0 {
		j.Cone = 0
	}
	lo, hi := float32(-MaxReach), float32(MaxReach)
	switch {
	case j.Kind.angular():
		lo, hi = -MaxTurn, MaxTurn
	case j.Kind == DistanceJoint:
		lo = 0
	}
	if !(lo <= j.Low && j.Low <= j.High && j.High <= hi) {
		return fmt.Errorf("%w: joint limits %g to %g", ErrValue, j.Low, j.High)
	}
	if !(j.Cone >= 0 && j.Cone <= MaxTurn) {
		return fmt.Errorf("%w: joint cone %g", ErrValue, j.Cone)
	}
	return nil
}

func (j *Joint) checkSpring() error {
	s := &j.Spring
	if s.Hertz == 0 {
		*s = Spring{}
	}
	if j.Kind == BallJoint || j.Kind == FixedJoint || j.Kind == MotorJoint {
		s.Target = 0
	}
	if !(s.Hertz >= 0 && s.Hertz <= MaxHertz && s.Damping >= 0 && s.Damping <= MaxDamping && det.Abs(s.Target) <= MaxReach) {
		return fmt.Errorf("%w: spring of %g Hz, damping %g, to %g", ErrValue, s.Hertz, s.Damping, s.Target)
	}
	return nil
}

func (j *Joint) checkMotor() error {
	m := &j.Motor
	if j.Kind.angular() || j.Kind == FixedJoint {
		m.MaxForce = 0
	}
	if j.Kind == SliderJoint || j.Kind == DistanceJoint || j.Kind == FixedJoint {
		m.MaxTorque = 0
	}
	if m.MaxForce == 0 || j.Kind != MotorJoint {
		m.Linear = spatial.Vec{}
	}
	if m.MaxTorque == 0 || (j.Kind != MotorJoint && j.Kind != BallJoint) {
		m.Angular = spatial.Vec{}
	}
	if m.MaxForce == 0 && m.MaxTorque == 0 || j.Kind == MotorJoint || j.Kind == BallJoint {
		m.Speed = 0
	}
	most := float32(MaxSpeed)
	if j.Kind == HingeJoint {
		most = MaxSpin
	}
	if !(m.MaxForce >= 0 && m.MaxForce <= MaxForce && m.MaxTorque >= 0 && m.MaxTorque <= MaxForce) || !(det.Abs(m.Speed) <= most) ||
		!within(det.Vec(m.Linear), MaxSpeed) || !within(det.Vec(m.Angular), MaxSpin) {
		return fmt.Errorf("%w: joint motor %+v", ErrValue, *m)
	}
	return nil
}

package physics

import (
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// restSteps is how many steps in a row a body must be still before it may
// sleep; restSpeed and restSpin (m/s, rad/s) are what counts as still. Values
// after Catto, Box2D.
const (
	restSteps = 30
	restSpeed = 0.04
	restSpin  = 0.06
)

// solid is a Body with the rest of its state, and what follows from both.
type solid struct {
	Body

	// State: in the snapshot.
	want     det.Vec // wanted velocity, Y = 0
	accel    float32 // at most this to get there, m/s²; 0 = not driven
	standing bool    // touched ground below it in the last step
	rest     uint8   // still for so many steps, at most restSteps

	// Derived anew in every step that moves anything.
	turn det.Mat // Rot as a matrix
	ext  det.Vec // half size of the axis-aligned box around the shape
}

func (s *solid) static() bool  { return s.Flags&Static != 0 }
func (s *solid) upright() bool { return s.Flags&Upright != 0 }
func (s *solid) ghost() bool   { return s.Flags&Ghost != 0 }
func (s *solid) pos() det.Vec  { return det.Vec(s.Pos) }
func (s *solid) half() det.Vec { return det.Vec(s.Shape.Half) }
func (s *solid) driven() bool  { return s.accel > 0 }

// derive computes turn and ext from the state.
func (s *solid) derive() {
	h := s.half()
	s.turn = det.Quat(s.Rot).Matrix()
	if s.Shape.Kind == Sphere {
		s.ext = h
		return
	}
	a, b, c := s.turn.A.Abs(), s.turn.B.Abs(), s.turn.C.Abs()
	s.ext = a.Scale(h.X).AddScaled(h.Y, b).AddScaled(h.Z, c)
}

// inertia is the moment of inertia about the body's own axes, kg·m². A static
// body has none.
func (s *solid) inertia() det.Vec {
	h := s.half()
	if s.Shape.Kind == Sphere {
		i := float32(float32(0.4*s.Mass) * float32(h.X*h.X))
		return det.Vec{X: i, Y: i, Z: i}
	}
	m := s.Mass / 3
	x, y, z := float32(h.X*h.X), float32(h.Y*h.Y), float32(h.Z*h.Z)
	return det.Vec{X: float32(m * (y + z)), Y: float32(m * (x + z)), Z: float32(m * (x + y))}
}

// motion is what the solver works on: velocity, and movement since the start
// of the step.
type motion struct {
	v, w    det.Vec
	dp      det.Vec
	dq      det.Quat
	inv     float32 // 1/mass; 0 = immovable
	inertia det.Sym // inverse, world axes
}

// moving starts the motion of an awake body.
func (s *solid) moving() motion {
	m := motion{v: det.Vec(s.Vel), w: det.Vec(s.Spin), dq: det.Identity, inv: 1 / s.Mass}
	if !s.upright() {
		i := s.inertia()
		m.inertia = s.turn.Congruent(det.Vec{X: 1 / i.X, Y: 1 / i.Y, Z: 1 / i.Z})
	}
	return m
}

// still is the motion of a static or sleeping body.
var still = motion{dq: det.Identity}

// stop ends all movement.
func (s *solid) stop() { s.Vel, s.Spin = spatial.Vec{}, spatial.Vec{} }

// wake starts the count of still steps again.
func (s *solid) wake() { s.rest = 0 }

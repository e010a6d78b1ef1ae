package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
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
	asleep   bool    // see sleep.go; then rest = restSteps between steps

	form shape.Shape // what Shape means: see geometries.fit

	// The digest of the state, where printed: see print.go.
	kept    uint64
	printed bool

	// Derived whenever the state changes.
	pose shape.Pose
	ext  det.Vec // half size of the axis-aligned box around the shape

	proxy int32 // its leaf in World.near, counted from 1; 0 = none yet
	moved bool  // World.near was not told of the present pose
}

func (s *solid) static() bool  { return s.Flags&Static != 0 }
func (s *solid) sensor() bool  { return s.Flags&Sensor != 0 }
func (s *solid) out() bool     { return s.Flags&Out != 0 }
func (s *solid) upright() bool { return s.Flags&Upright != 0 }
func (s *solid) ghost() bool   { return s.Flags&Ghost != 0 }
func (s *solid) pos() det.Vec  { return det.Vec(s.Pos) }
func (s *solid) half() det.Vec { return det.Vec(s.Shape.Half) }
func (s *solid) driven() bool  { return s.accel > 0 }

// fixed reports whether nothing can push s.
func (s *solid) fixed() bool { return s.Flags&(Static|Kinematic) != 0 }

// round reports whether s rolls; Half.X is then its radius.
func (s *solid) round() bool { return s.Shape.Kind == Sphere || s.Shape.Kind == Capsule }

// awake reports whether the step may move s; stirs whether what is near s must
// be looked at: a static body stirs for a while after it was added or moved.
func (s *solid) awake() bool { return !s.asleep && s.Flags&(Static|Out) == 0 }
func (s *solid) stirs() bool { return s.awake() || s.static() && s.rest < restSteps && !s.out() }

// derive computes pose and ext from the state and the form.
func (s *solid) derive() {
	s.pose = shape.At(s.pos(), det.Quat(s.Rot))
	s.ext = s.form.Extent(&s.pose.Turn)
	s.moved = true
}

// inertia is the moment of inertia about the body's own axes, kg·m². A static
// body has none.
func (s *solid) inertia() det.Vec {
	return s.form.Inertia(s.Mass)
}

// stop ends all movement.
func (s *solid) stop() { s.Vel, s.Spin = spatial.Vec{}, spatial.Vec{} }

// wake starts the count of still steps of s again. A sleeper is awake, and its
// island with it, once World.rouse has run.
func (w *World) wake(s *solid) {
	s.rest = 0
	w.alter(s)
	w.roused = w.roused || s.asleep
}

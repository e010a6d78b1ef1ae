package physics

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// BodyID names a body: chosen by the caller, not 0, unique in a world. It
// orders bodies, contacts and events.
type BodyID uint64

// Ground stands in an Event for the ground, a wall or the ceiling.
const Ground BodyID = 0

// ShapeKind tells a Shape apart.
type ShapeKind = shape.Kind

const (
	Sphere      = shape.Sphere
	Box         = shape.Box
	Capsule     = shape.Capsule
	Hull        = shape.Hull
	Heightfield = shape.Heightfield
	Mesh        = shape.Mesh
	Compound    = shape.Compound
)

// Shape is a solid around the body's centre. Half is the half size of a Box;
// of a Sphere only Half.X counts: the radius; of a Capsule Half.X, the radius,
// and Half.Y, the half length of its axis along Y. The rest have a Geometry,
// which the world must know: see CmdGeometry.
type Shape struct {
	Kind     ShapeKind
	Half     spatial.Vec
	Geometry GeometryID
}

// check brings s to its canonical form. Whether the world has its geometry is
// not looked at.
func (s *Shape) check(static bool) error {
	h := &s.Half
	switch s.Kind {
	case Sphere:
		h.Y, h.Z = h.X, h.X
	case Capsule:
		h.Z = h.X
	case Box:
	case Heightfield, Mesh:
		if !static {
			return ErrGeometry
		}
		fallthrough
	case Hull, Compound:
		*h = spatial.Vec{}
		if s.Geometry == 0 {
			return ErrGeometry
		}
		return nil
	default:
		return fmt.Errorf("%w: shape %d", ErrKind, s.Kind)
	}
	s.Geometry = 0
	if !extent(h.X) || !extent(h.Y) || !extent(h.Z) {
		return fmt.Errorf("%w: half size %g,%g,%g", ErrValue, h.X, h.Y, h.Z)
	}
	return nil
}

// Flags of a Body. Values are stored: extend at the end only.
type Flags uint8

const (
	Static    Flags = 1 << iota // never moves
	Upright                     // never rotates; may be driven
	Ghost                       // owned elsewhere: moves and pushes like any other, reports no events
	Sensor                      // notices what it overlaps (EvEnter, EvLeave) and pushes nothing
	Kinematic                   // moves by its velocity, whatever is in its way: a platform, a door
	Bullet                      // does not pass through what moves, either, however fast
	Out                         // left the bounds of an Open world or was not finite: see EvOut

	knownFlags = Static | Upright | Ghost | Sensor | Kinematic | Bullet | Out
)

// Body is what the caller may know and set of a body.
type Body struct {
	ID          BodyID
	Shape       Shape
	Flags       Flags
	Pos         spatial.Vec  // centre of mass, m
	Rot         spatial.Quat // zero = Identity
	Vel         spatial.Vec  // m/s
	Spin        spatial.Vec  // rad/s, world axes
	Mass        float32      // kg; ignored and stored as 0 when Static or Kinematic
	Friction    float32      // Coulomb coefficient; a pair uses the root of the product
	Restitution float32      // 0 = no bounce, 1 = all of it; a pair uses the larger
	Filter      Filter       // whom it meets; zero = everybody
}

// What a Step refuses about a command; test with errors.Is.
var (
	ErrID      = errors.New("body id is zero, unknown or taken")
	ErrFull    = errors.New("too many bodies")
	ErrValue   = errors.New("value is not finite or out of range")
	ErrKind    = errors.New("unknown kind or flag")
	ErrStatic  = errors.New("body is static, kinematic or out")
	ErrUpright = errors.New("body is not upright")
)

// check brings b to its canonical form and refuses what a world may not hold.
func (b *Body) check(c *Config) error {
	if b.ID == Ground {
		return ErrID
	}
	if b.Flags&^knownFlags != 0 {
		return fmt.Errorf("%w: flags %#x", ErrKind, b.Flags)
	}
	if err := b.Shape.check(b.Flags&Static != 0); err != nil {
		return err
	}
	if b.Flags&Static != 0 && b.Flags&Kinematic != 0 {
		return fmt.Errorf("%w: static and kinematic", ErrKind)
	}
	if b.Flags&(Static|Out) != 0 {
		b.Vel, b.Spin = spatial.Vec{}, spatial.Vec{}
	}
	if b.Flags&(Static|Kinematic) != 0 {
		b.Mass = 0
	} else if !(b.Mass >= MinMass && b.Mass <= MaxMass) {
		return fmt.Errorf("%w: mass %g", ErrValue, b.Mass)
	}
	if b.Flags&Upright != 0 {
		b.Spin = spatial.Vec{}
	}
	if !(b.Friction >= 0 && b.Friction <= MaxFriction) {
		return fmt.Errorf("%w: friction %g", ErrValue, b.Friction)
	}
	if !(b.Restitution >= 0 && b.Restitution <= 1) {
		return fmt.Errorf("%w: restitution %g", ErrValue, b.Restitution)
	}
	return b.checkMotion(c)
}

// checkMotion is check for pose and velocity alone.
func (b *Body) checkMotion(c *Config) error {
	p, lo, hi := b.Pos, c.Min, c.Max
	if !(p.X >= lo.X && p.X <= hi.X && p.Y >= lo.Y && p.Y <= hi.Y && p.Z >= lo.Z && p.Z <= hi.Z) {
		return fmt.Errorf("%w: position %g,%g,%g", ErrValue, p.X, p.Y, p.Z)
	}
	if !b.Vel.Finite() || !(b.Vel.Len() <= float32(MaxSpeed*rounding)) {
		return fmt.Errorf("%w: velocity %g,%g,%g", ErrValue, b.Vel.X, b.Vel.Y, b.Vel.Z)
	}
	if !b.Spin.Finite() || !(b.Spin.Len() <= float32(MaxSpin*rounding)) {
		return fmt.Errorf("%w: spin %g,%g,%g", ErrValue, b.Spin.X, b.Spin.Y, b.Spin.Z)
	}
	return b.checkTurn()
}

// checkTurn leaves a rotation that is a unit within rounding untouched, bit
// for bit, so that a hand-off changes nothing.
func (b *Body) checkTurn() error { return checkRot(&b.Rot) }

func checkRot(rot *spatial.Quat) error {
	q := det.Quat(*rot)
	if q == (det.Quat{}) {
		*rot = spatial.Identity
		return nil
	}
	if n := q.Norm2(); !q.Finite() || !(n > 0.25 && n < 4) {
		return fmt.Errorf("%w: rotation %g,%g,%g,%g", ErrValue, q.X, q.Y, q.Z, q.W)
	} else if det.Abs(n-1) > unitTolerance {
		*rot = rot.Unit()
	}
	return nil
}

// rounding lets a velocity that was shortened to the limit pass, one bit above.
const rounding = 1.00001

// unitTolerance is how far float32 normalisation leaves a squared length from
// 1, with a margin of ten.
const unitTolerance = 1e-5

func extent(x float32) bool { return x >= MinExtent && x <= MaxExtent }

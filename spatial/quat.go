package spatial

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// Quat is a rotation as a unit quaternion: X, Y, Z the vector part, W the
// scalar part. The zero Quat is no rotation and is not Valid; Identity is the
// rotation that turns nothing.
type Quat struct{ X, Y, Z, W float32 }

// Identity turns nothing.
var Identity = Quat{W: 1}

// quatTolerance is how far the squared length of a stored rotation may be from
// 1: repeated float32 normalisation stays a thousand times closer.
const quatTolerance = 1e-3

// Valid reports whether q is finite and has length 1 within rounding.
func (q Quat) Valid() bool {
	d := det.Quat(q)
	return d.Finite() && det.Abs(d.Norm2()-1) <= quatTolerance
}

// Unit scales q to length 1; what has no direction becomes Identity.
func (q Quat) Unit() Quat { return Quat(det.Quat(q).Unit()) }

// Mul is the rotation p followed by q.
func (q Quat) Mul(p Quat) Quat { return Quat(det.Quat(q).Mul(det.Quat(p))) }

// Rotate turns v.
func (q Quat) Rotate(v Vec) Vec { return Vec(det.Quat(q).Rotate(det.Vec(v))) }

// Yaw is the rotation about the upright axis that turns +Z towards heading
// (radians, see Vec.Heading).
func Yaw(heading float32) Quat {
	return Quat(det.AxisAngle(det.Vec{Y: 1}, heading))
}

// ErrRotation: four numbers that are not a unit quaternion.
var ErrRotation = errors.New("not a unit rotation")

// AppendTo writes the canonical 16 bytes.
func (q Quat) AppendTo(e *base.Encoder) { e.F32(q.X); e.F32(q.Y); e.F32(q.Z); e.F32(q.W) }

// ReadQuat reads 16 bytes; they must be a Valid rotation.
func ReadQuat(d *base.Decoder) Quat {
	q := Quat{d.F32(), d.F32(), d.F32(), d.F32()}
	if d.Err() == nil && !q.Valid() {
		d.Fail(ErrRotation)
		return Quat{}
	}
	return q
}

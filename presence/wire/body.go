package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Point is a spatial.Pos in 12 bytes: every coordinate of a valid position
// fits in 31 bits.
type Point struct{ X, Y, Z int32 }

// PointOf clamps a position into the coordinate range.
func PointOf(p spatial.Pos) Point {
	return Point{coord(p.X), coord(p.Y), coord(p.Z)}
}

func coord(v int64) int32 { return int32(min(max(v, -spatial.MaxCoord), spatial.MaxCoord)) }

// Pos is the position.
func (p Point) Pos() spatial.Pos { return spatial.Pos{X: int64(p.X), Y: int64(p.Y), Z: int64(p.Z)} }

// Dist2 is the squared distance in units².
func (p Point) Dist2(o Point) uint64 {
	dx, dy, dz := int64(p.X)-int64(o.X), int64(p.Y)-int64(o.Y), int64(p.Z)-int64(o.Z)
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

func (p Point) appendTo(e *base.Encoder) { e.I32(p.X); e.I32(p.Y); e.I32(p.Z) }

func readPoint(d *base.Decoder) Point {
	p := Point{d.I32(), d.I32(), d.I32()}
	if !p.Pos().Valid() {
		d.Fail(fmt.Errorf("%w: position %v", ErrField, p.Pos()))
		return Point{}
	}
	return p
}

// Velocity is in centimetres per second.
type Velocity struct{ X, Y, Z int16 }

// VelocityOf rounds to cm/s and clamps to what fits, 327 m/s on each axis.
// NaN gives 0.
func VelocityOf(v spatial.Vec) Velocity { return Velocity{cms(v.X), cms(v.Y), cms(v.Z)} }

func cms(m float32) int16 {
	c := float64(m) * 100
	switch {
	case c != c:
		return 0
	case c >= 32767:
		return 32767
	case c <= -32767:
		return -32767
	case c >= 0:
		return int16(c + 0.5)
	}
	return -int16(0.5 - c)
}

// Vec is the velocity in m/s.
func (v Velocity) Vec() spatial.Vec {
	return spatial.Vec{X: float32(v.X) / 100, Y: float32(v.Y) / 100, Z: float32(v.Z) / 100}
}

func (v Velocity) appendTo(e *base.Encoder) {
	e.U16(uint16(v.X))
	e.U16(uint16(v.Y))
	e.U16(uint16(v.Z))
}

func readVelocity(d *base.Decoder) Velocity {
	return Velocity{int16(d.U16()), int16(d.U16()), int16(d.U16())}
}

// Stamp orders the poses of one avatar: the epoch grows with every start of
// its node, the sequence number with every pose.
type Stamp struct{ Epoch, Seq uint32 }

// Newer reports whether s was made after o.
func (s Stamp) Newer(o Stamp) bool {
	return s.Epoch > o.Epoch || (s.Epoch == o.Epoch && s.Seq > o.Seq)
}

// Body is where an avatar was when it said so, where it was going, and how
// far it looks, in metres.
type Body struct {
	Stamp Stamp
	Pos   Point
	Vel   Velocity
	AOI   uint16
}

func (b *Body) appendTo(e *base.Encoder) {
	e.U32(b.Stamp.Epoch)
	e.U32(b.Stamp.Seq)
	b.Pos.appendTo(e)
	b.Vel.appendTo(e)
	e.U16(b.AOI)
}

func readBody(d *base.Decoder) Body {
	return Body{Stamp{d.U32(), d.U32()}, readPoint(d), readVelocity(d), d.U16()}
}

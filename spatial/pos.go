package spatial

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Unit is the resolution of a world position: 1/1024 m.
const Unit = 1024

// MaxCoord bounds every coordinate of a Pos, in units (about 1,048 km), so
// that squared distances fit in 64 unsigned bits.
const MaxCoord = 1 << 30

// Pos is a world position in units of 1/1024 m. Y points up. It is exact
// everywhere in the world; Vec is the local, inexact companion.
type Pos struct{ X, Y, Z int64 }

// Vec is a local offset or a velocity in metres (per second).
type Vec struct{ X, Y, Z float32 }

// At makes a Pos from metres, clamped to MaxCoord; a NaN becomes 0.
func At(x, y, z float64) Pos { return Pos{units(x), units(y), units(z)} }

func units(m float64) int64 {
	v := float64(m * Unit)
	switch {
	case v != v:
		return 0
	case v >= MaxCoord:
		return MaxCoord
	case v <= -MaxCoord:
		return -MaxCoord
	case v >= 0:
		return int64(v + 0.5) //lint:clamped by the cases above
	}
	return -int64(0.5 - v) //lint:clamped by the cases above
}

// Meters gives the coordinates in metres, for people and screens.
func (p Pos) Meters() (x, y, z float64) {
	return float64(float64(p.X) / Unit), float64(float64(p.Y) / Unit), float64(float64(p.Z) / Unit)
}

// String is "x,y,z" in metres with two decimals.
func (p Pos) String() string {
	x, y, z := p.Meters()
	return fmt.Sprintf("%.2f,%.2f,%.2f", x, y, z)
}

// Valid reports whether every coordinate is within MaxCoord.
func (p Pos) Valid() bool { return inCoord(p.X) && inCoord(p.Y) && inCoord(p.Z) }

func inCoord(v int64) bool { return v >= -MaxCoord && v <= MaxCoord }

// Dist2 is the squared distance in units². Both positions must be Valid.
func (p Pos) Dist2(o Pos) uint64 {
	dx, dy, dz := p.X-o.X, p.Y-o.Y, p.Z-o.Z
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

// Sub is p - origin in metres: exact while the offset is below 16 km.
func (p Pos) Sub(origin Pos) Vec {
	return Vec{
		// The outer conversion keeps a caller's sum apart from the division,
		// which compiles to a product that could be fused with it.
		float32(float32(p.X-origin.X) / Unit),
		float32(float32(p.Y-origin.Y) / Unit),
		float32(float32(p.Z-origin.Z) / Unit),
	}
}

// Add is origin + v, rounded to the unit. v must be finite; it is clamped to
// the world's coordinate range.
func (p Pos) Add(v Vec) Pos {
	return Pos{
		clampCoord(p.X + units(float64(v.X))),
		clampCoord(p.Y + units(float64(v.Y))),
		clampCoord(p.Z + units(float64(v.Z))),
	}
}

func clampCoord(v int64) int64 { return min(max(v, -MaxCoord), MaxCoord) }

// AppendTo writes the canonical 24 bytes.
func (p Pos) AppendTo(e *base.Encoder) { e.I64(p.X); e.I64(p.Y); e.I64(p.Z) }

// ReadPos reads 24 bytes and refuses coordinates beyond MaxCoord.
func ReadPos(d *base.Decoder) Pos {
	p := Pos{d.I64(), d.I64(), d.I64()}
	if !p.Valid() {
		d.Fail(fmt.Errorf("position %d,%d,%d is outside the coordinate range", p.X, p.Y, p.Z))
		return Pos{}
	}
	return p
}

// AppendTo writes the canonical 12 bytes.
func (v Vec) AppendTo(e *base.Encoder) { e.F32(v.X); e.F32(v.Y); e.F32(v.Z) }

// ReadVec reads 12 bytes; every component must be finite.
func ReadVec(d *base.Decoder) Vec { return Vec{d.F32(), d.F32(), d.F32()} }

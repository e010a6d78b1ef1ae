package presence

import (
	"math/bits"

	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// All geometry is in integers: units of 1/1024 m, exact and the same on every
// CPU.

// vec is an offset in units, or a velocity in units a second.
type vec struct{ x, y, z int64 }

// sub is a - b, with each component clamped to what lets the squared distance
// of two such offsets fit in 63 bits: 524 km, far beyond any area of interest.
func sub(a, b wire.Point) vec {
	return vec{clamp(int64(a.X) - int64(b.X)), clamp(int64(a.Y) - int64(b.Y)), clamp(int64(a.Z) - int64(b.Z))}
}

func clamp(v int64) int64 { return min(max(v, -1<<29), 1<<29) }

func (a vec) minus(b vec) vec { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }

func (a vec) len2() int64 { return a.x*a.x + a.y*a.y + a.z*a.z }

func (a vec) dot(b vec) int64 { return a.x*b.x + a.y*b.y + a.z*b.z }

// speed is a velocity in units a second.
func speed(v wire.Velocity) vec {
	return vec{int64(v.X) * 256 / 25, int64(v.Y) * 256 / 25, int64(v.Z) * 256 / 25}
}

// ahead thinks a pose on by dt, at most maxExtrapolate.
func ahead(p wire.Point, v wire.Velocity, dt int64) wire.Point {
	if v == (wire.Velocity{}) || dt <= 0 {
		return p
	}
	// cm/s times ms in units: 1024 / (100 x 1000) = 32 / 3125.
	ms := min(dt, maxExtrapolate) / millisecond
	return wire.Point{
		X: p.X + int32(int64(v.X)*ms*32/3125),
		Y: p.Y + int32(int64(v.Y)*ms*32/3125),
		Z: p.Z + int32(int64(v.Z)*ms*32/3125),
	}
}

// margin is the hysteresis of an area of interest of radius r, in units.
func margin(r int64) int64 { return max(r/16, 2*spatial.Unit) }

// meets reports whether an offset d with the relative velocity v is within r,
// or will be soon. Three moments stand for the whole path: it can miss only
// who grazes the ball.
func meets(d, v vec, r, soon int64) bool {
	r2 := r * r
	if d.len2() <= r2 {
		return true
	}
	if v == (vec{}) {
		return false
	}
	ms := soon / millisecond
	d.x, d.y, d.z = d.x+v.x*ms/2000, d.y+v.y*ms/2000, d.z+v.z*ms/2000
	if d.len2() <= r2 {
		return true
	}
	d.x, d.y, d.z = d.x+v.x*ms/2000, d.y+v.y*ms/2000, d.z+v.z*ms/2000
	return d.len2() <= r2
}

// sectorOf is the direction of d as one of 24: the face of the cube it goes
// through (6), and the quarter of that face (4).
func sectorOf(d vec) int {
	ax, ay, az := abs(d.x), abs(d.y), abs(d.z)
	switch {
	case ax >= ay && ax >= az:
		return side(d.x)<<2 | side(d.y)<<1 | side(d.z)
	case ay >= az:
		return 8 | side(d.y)<<2 | side(d.x)<<1 | side(d.z)
	}
	return 16 | side(d.z)<<2 | side(d.x)<<1 | side(d.y)
}

// sectorAxis points into the middle of a sector, with length near 11.
func sectorAxis(s int) vec {
	sign := func(bit int) int64 { return int64(s>>bit&1)*2 - 1 }
	main, u, w := 9*sign(2), 4*sign(1), 4*sign(0)
	switch s >> 3 {
	case 0:
		return vec{main, u, w}
	case 1:
		return vec{u, main, w}
	}
	return vec{u, w, main}
}

func side(v int64) int { return int(uint64(^v) >> 63) }

func abs(v int64) int64 { return max(v, -v) }

// root is the integer square root, rounded down.
func root(v int64) int64 {
	if v <= 0 {
		return 0
	}
	// Newton's method from above falls until it is there.
	r := int64(1) << ((bits.Len64(uint64(v)) + 1) / 2)
	for {
		next := (r + v/r) / 2
		if next >= r {
			return r
		}
		r = next
	}
}

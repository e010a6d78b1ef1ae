package shard

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// motion is the motion of a body as it goes over the wire: whole numbers, so
// that both sides hold exactly the same. Places are relative to the sender's
// site.
type motion struct {
	Flags motionFlags
	Pos   [3]int32 // 1/placeUnits m
	Turn  [3]int16 // the three smaller components, 1/turnUnits
	Vel   [3]int32 // 1/speedUnits m/s
	Spin  [3]int32 // 1/spinUnits rad/s
	Drive drive    // of an upright body that is driven
}

type motionFlags uint8

const (
	largest   motionFlags = 3      // which component of the rotation is left out
	atRest    motionFlags = 1 << 2 // it lies still and sends no more
	inFlight  motionFlags = 1 << 3 // it touches nothing
	upright   motionFlags = 1 << 4 // has neither rotation nor spin
	spins     motionFlags = 1 << 5
	moves     motionFlags = 1 << 6
	isDriven  motionFlags = 1 << 7
	maxPlace              = 1 << 25
	maxSpeedU             = 1 << 19
)

const (
	placeUnits = 4096
	speedUnits = 4096
	spinUnits  = 1024
	turnUnits  = 32767 / 0.70711
)

// round is x·units as the nearest whole number of at most limit.
func round(x float32, units float64, limit int32) int32 {
	v := math.Floor(float64(float64(x)*units) + 0.5)
	return int32(min(max(v, -float64(limit)), float64(limit)))
}

func rounded(v spatial.Vec, units float64, limit int32) [3]int32 {
	return [3]int32{round(v.X, units, limit), round(v.Y, units, limit), round(v.Z, units, limit)}
}

func unrounded(v [3]int32, units float64) spatial.Vec {
	return spatial.Vec{X: float32(float64(v[0]) / units), Y: float32(float64(v[1]) / units), Z: float32(float64(v[2]) / units)}
}

// motionOf rounds the motion of a body.
func motionOf(p *physics.Body, rest, free bool) motion {
	m := motion{Pos: rounded(p.Pos, placeUnits, maxPlace)}
	if rest {
		m.Flags |= atRest
	} else {
		m.Vel = rounded(p.Vel, speedUnits, maxSpeedU)
		m.Spin = rounded(p.Spin, spinUnits, maxSpeedU)
	}
	if free {
		m.Flags |= inFlight
	}
	if m.Vel != [3]int32{} {
		m.Flags |= moves
	}
	if p.Flags&physics.Upright != 0 {
		m.Flags |= upright
		m.Spin = [3]int32{}
		return m
	}
	if m.Spin != [3]int32{} {
		m.Flags |= spins
	}
	q := [4]float32{p.Rot.X, p.Rot.Y, p.Rot.Z, p.Rot.W}
	big := 0
	for i := range q {
		if det.Abs(q[i]) > det.Abs(q[big]) {
			big = i
		}
	}
	m.Flags |= motionFlags(big)
	sign := float32(1)
	if q[big] < 0 {
		sign = -1
	}
	for i, k := 0, 0; i < 4; i++ {
		if i != big {
			m.Turn[k] = int16(round(float32(sign*q[i]), turnUnits, math.MaxInt16))
			k++
		}
	}
	return m
}

// moment is the motion a rounded one stands for.
func (m *motion) moment(tick base.Tick) moment {
	r := moment{Tick: tick, Pos: unrounded(m.Pos, placeUnits), Vel: unrounded(m.Vel, speedUnits), Spin: unrounded(m.Spin, spinUnits), Rot: spatial.Identity}
	if m.Flags&upright != 0 {
		return r
	}
	var q [4]float32
	big := int(m.Flags & largest)
	left := float32(1)
	for i, k := 0, 0; i < 4; i++ {
		if i != big {
			q[i] = float32(float64(m.Turn[k]) / turnUnits)
			left -= float32(q[i] * q[i])
			k++
		}
	}
	q[big] = det.Sqrt(max(left, 0))
	r.Rot = spatial.Quat(det.Quat{X: q[0], Y: q[1], Z: q[2], W: q[3]}.Unit())
	return r
}

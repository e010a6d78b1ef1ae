package spatial

import (
	"math"
	"math/bits"
)

// Plane is the border of two sites: the places equally far from both.
type Plane struct{ A, B Site }

// Border is the plane between two sites. They must lie at different places.
func Border(a, b Site) Plane { return Plane{a, b} }

// Side is negative where a place is nearer to A, positive nearer to B, 0 on
// the border: exact, for every Valid position.
func (pl Plane) Side(p Pos) int { return cmpU64(pl.A.Pos.Dist2(p), pl.B.Pos.Dist2(p)) }

// Owner is the site p belongs to if there were no third: the rule of
// Sites.Owner.
func (pl Plane) Owner(p Pos) Site {
	s := pl.Side(p)
	if s < 0 || (s == 0 && pl.A.ID.Compare(pl.B.ID) < 0) {
		return pl.A
	}
	return pl.B
}

// Distance is how far p is from the border in metres, positive on B's side.
// Its sign is exact and its value the same on every CPU: the integers
// |p-a|² - |p-b|² and |b-a|² are exact, and each of the conversions, the root
// and the division rounds once.
func (pl Plane) Distance(p Pos) float64 {
	da, db := pl.A.Pos.Dist2(p), pl.B.Pos.Dist2(p)
	// The difference needs 65 bits with its sign, so the sign goes apart.
	diff, borrow := bits.Sub64(da, db, 0)
	sign := 1.0
	if borrow != 0 {
		diff, sign = -diff, -1
	}
	span := math.Sqrt(float64(pl.A.Pos.Dist2(pl.B.Pos)))
	if span == 0 || diff == 0 {
		return 0
	}
	// (|p-a|² - |p-b|²) / (2·|b-a|) is in units.
	return float64(sign * (float64(diff) / (span * (2 * Unit))))
}

// Normal is the unit vector across the border, from A towards B.
func (pl Plane) Normal() Vec {
	a, b := pl.A.Pos, pl.B.Pos
	span := math.Sqrt(float64(a.Dist2(b)))
	if span == 0 {
		return Vec{}
	}
	return Vec{
		float32(float64(b.X-a.X) / span),
		float32(float64(b.Y-a.Y) / span),
		float32(float64(b.Z-a.Z) / span),
	}
}

package raynet

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
)

// vec is a direction, or an inverted offset in 1/m. float32 is exact enough: a
// ray is a sample anyway.
type vec struct{ x, y, z float32 }

func (a vec) dot(b vec) float32 {
	return float32(a.x*b.x) + float32(a.y*b.y) + float32(a.z*b.z)
}

// Cosine and sine of the golden angle, pi*(3-sqrt 5).
const (
	goldenCos = -0.7373688780783197
	goldenSin = 0.6754902942615238
)

// fillLattice gives len(v) nearly even directions. The turn by the golden
// angle is a repeated complex product, so that no library function decides the
// bits.
func fillLattice(v []vec) {
	c, s := 1.0, 0.0
	for k := range v {
		z := 1 - float64(2*k+1)/float64(len(v))
		r := math.Sqrt(1 - float64(z*z))
		v[k] = vec{float32(r * c), float32(r * s), float32(z)}
		c, s = float64(c*goldenCos)-float64(s*goldenSin), float64(c*goldenSin)+float64(s*goldenCos)
	}
}

// rotation is a matrix by rows.
type rotation [3]vec

func (m *rotation) apply(v vec) vec { return vec{m[0].dot(v), m[1].dot(v), m[2].dot(v)} }

// randomRotation is uniform: a unit quaternion from two points of the unit
// disc (Marsaglia 1972), which needs no trigonometry.
func randomRotation(rng *base.Rand) rotation {
	a, b, n1 := disc(rng)
	c, d, n2 := disc(rng)
	f := math.Sqrt((1 - n1) / n2)
	x, y, z, w := a, b, float64(c*f), float64(d*f)
	row := func(p, q, r float64) vec { return vec{float32(p), float32(q), float32(r)} }
	xx, yy, zz := float64(x*x), float64(y*y), float64(z*z)
	xy, xz, yz := float64(x*y), float64(x*z), float64(y*z)
	wx, wy, wz := float64(w*x), float64(w*y), float64(w*z)
	return rotation{
		row(1-2*(yy+zz), 2*(xy-wz), 2*(xz+wy)),
		row(2*(xy+wz), 1-2*(xx+zz), 2*(yz-wx)),
		row(2*(xz-wy), 2*(yz+wx), 1-2*(xx+yy)),
	}
}

// disc gives a point inside the unit disc, but not its centre, and its
// squared distance from it.
func disc(rng *base.Rand) (x, y, n float64) {
	for {
		x, y = float64(rng.Float64()), float64(rng.Float64())
		x, y = x+x-1, y+y-1
		n = float64(x*x) + float64(y*y)
		if n < 1 && n > 1e-12 {
			return x, y, n
		}
	}
}

package raynet

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Rays selects by N directions of a spherical Fibonacci lattice, turned at
// random for each selection so that a face too small for the lattice is hit
// sooner or later. With p the offset of a candidate, its bisector is met along
// the unit vector u at lambda = |p|²/(2 u·p), so 1/lambda = u·q with
// q = 2p/|p|²: the neighbour along u is the candidate with the largest u·q,
// and a wall is a floor under it. The best and the second best of each ray
// give all leave-one-out volumes in one pass.
type Rays struct{ N int }

// maxRays bounds a lattice; the specification used 1,000 random directions
// where 128 of the lattice do.
const maxRays = 4096

// Select implements Selector.
func (r Rays) Select(_ *Scratch, dst []Score, origin spatial.Pos, box spatial.Box, cands []spatial.Pos, rng *base.Rand) {
	clear(dst)
	rot := randomRotation(rng)
	n := min(max(r.N, 1), maxRays)
	q := make([]vec, len(cands))
	for i, c := range cands {
		q[i] = invert(offset(origin, c))
	}
	lo, hi := offset(origin, box.Min), offset(origin, box.Max)
	for k, dir := range lattice(n) {
		_ = k
		u := rot.apply(dir)
		floor := wall(u, lo, hi)
		best, second := floor, floor
		win, next := -1, -1
		for i := range q {
			g := u.dot(q[i])
			if g > best {
				second, next = best, win
				best, win = g, i
			} else if g > second {
				second, next = g, i
			}
		}
		if win < 0 {
			continue
		}
		l1, l2 := 1/float64(best), 1/float64(second)
		dst[win].Contribution += float64(float64(l2*l2)*l2) - float64(float64(l1*l1)*l1)
		dst[win].Rays++
		if next >= 0 {
			dst[next].Backup++
		}
	}
}

// vec is a direction or an offset in metres. float32 is exact enough: a ray is
// a sample anyway.
type vec struct{ x, y, z float32 }

func (a vec) dot(b vec) float32 {
	return float32(a.x*b.x) + float32(a.y*b.y) + float32(a.z*b.z)
}

// offset is p - origin in metres.
func offset(origin, p spatial.Pos) [3]float64 {
	return [3]float64{float64(p.X-origin.X) / spatial.Unit, float64(p.Y-origin.Y) / spatial.Unit, float64(p.Z-origin.Z) / spatial.Unit}
}

// invert gives 2p/|p|². p is at least one unit long: the core never offers a
// candidate at the origin.
func invert(p [3]float64) vec {
	n2 := float64(p[0]*p[0]) + float64(p[1]*p[1]) + float64(p[2]*p[2])
	if n2 == 0 {
		return vec{}
	}
	f := 2 / n2
	return vec{float32(p[0] * f), float32(p[1] * f), float32(p[2] * f)}
}

// wall is 1/lambda of the box along u, from offsets of its corners.
func wall(u vec, lo, hi [3]float64) float32 {
	g := axisWall(u.x, lo[0], hi[0])
	g = max(g, axisWall(u.y, lo[1], hi[1]))
	return max(g, axisWall(u.z, lo[2], hi[2]))
}

// nearWall keeps 1/lambda finite for an origin on a wall: 1 mm.
const nearWall = 0.001

func axisWall(u float32, lo, hi float64) float32 {
	if u >= 0 {
		return float32(float64(u) / max(hi, nearWall))
	}
	return float32(-float64(u) / max(-lo, nearWall))
}

// Cosine and sine of the golden angle, pi*(3-sqrt 5).
const (
	goldenCos = -0.7373688780783197
	goldenSin = 0.6754902942615238
)

// lattice gives n nearly even directions. The turn by the golden angle is a
// repeated complex product, so that no library function decides the bits.
func lattice(n int) []vec {
	if n == len(lattice128) {
		return lattice128[:]
	}
	v := make([]vec, n)
	fillLattice(v)
	return v
}

var lattice128 = func() (v [128]vec) { fillLattice(v[:]); return v }()

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

package raynet

import (
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

// rayBuffers is the state of one selection, an array for each field because
// the inner loop reads four of them and seldom writes.
type rayBuffers struct {
	lattice      []vec
	x, y, z      []float32
	best, second []float32
	win, next    []int32
}

// aim turns the lattice and sets the walls as the floor of each ray.
func (b *rayBuffers) aim(n int, rng *base.Rand, origin spatial.Pos, box spatial.Box) {
	if len(b.lattice) != n {
		b.lattice = sized(b.lattice, n)
		fillLattice(b.lattice)
		b.x, b.y, b.z = sized(b.x, n), sized(b.y, n), sized(b.z, n)
		b.best, b.second = sized(b.best, n), sized(b.second, n)
		b.win, b.next = sized(b.win, n), sized(b.next, n)
	}
	rot := randomRotation(rng)
	lo, hi := invertWalls(origin, box)
	for k := range b.lattice {
		u := rot.apply(b.lattice[k])
		b.x[k], b.y[k], b.z[k] = u.x, u.y, u.z
		// The walls on the far side give a negative value or zero.
		g := max(u.x*hi.x, u.x*lo.x, u.y*hi.y, u.y*lo.y, u.z*hi.z, u.z*lo.z)
		b.best[k], b.second[k] = g, g
		b.win[k], b.next[k] = -1, -1
	}
}

// refresh is how many candidates pass between two looks at the least second
// best: a look costs about half a candidate.
const refresh = 6

// Select implements Selector.
func (r Rays) Select(s *Scratch, dst []Score, origin spatial.Pos, box spatial.Box, cands []spatial.Pos, rng *base.Rand) {
	clear(dst)
	b := &s.rays
	b.aim(min(max(r.N, 1), maxRays), rng, origin, box)
	bound := float32(0)
	for i, c := range s.nearestFirst(origin, cands) {
		q := invert(offset(origin, cands[c]))
		if i%refresh == 0 {
			bound = leastOf(b.second)
			bound *= bound
		}
		// u·q <= |q|: too far for every ray.
		if near := q.dot(q); near < bound {
			if near*disorder < bound {
				break
			}
			continue
		}
		b.offer(c, q)
	}
	for k, win := range b.win {
		if win < 0 {
			continue
		}
		l1, l2 := 1/float64(b.best[k]), 1/float64(b.second[k])
		dst[win].Contribution += float64(float64(l2*l2)*l2) - float64(float64(l1*l1)*l1)
		dst[win].Rays++
		if next := b.next[k]; next >= 0 {
			dst[next].Backup++
		}
	}
}

// offer lets one candidate compete on every ray.
func (b *rayBuffers) offer(c int32, q vec) {
	x := b.x
	y, z, second := b.y[:len(x)], b.z[:len(x)], b.second[:len(x)]
	best, win, next := b.best[:len(x)], b.win[:len(x)], b.next[:len(x)]
	for k := range x {
		g := float32(x[k]*q.x) + float32(y[k]*q.y) + float32(z[k]*q.z)
		if g <= second[k] {
			continue
		}
		if g > best[k] {
			second[k], next[k] = best[k], win[k]
			best[k], win[k] = g, c
		} else {
			second[k], next[k] = g, c
		}
	}
}

func leastOf(v []float32) float32 {
	m := v[0]
	for _, x := range v[1:] {
		if x < m {
			m = x
		}
	}
	return m
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

// nearWall keeps 1/lambda finite for an origin on a wall or outside: 1 mm.
const nearWall = 0.001

// invertWalls gives 1/lambda of the walls along the negative and the positive
// axes.
func invertWalls(origin spatial.Pos, box spatial.Box) (lo, hi vec) {
	l, h := offset(origin, box.Min), offset(origin, box.Max)
	lo = vec{float32(-1 / max(-l[0], nearWall)), float32(-1 / max(-l[1], nearWall)), float32(-1 / max(-l[2], nearWall))}
	hi = vec{float32(1 / max(h[0], nearWall)), float32(1 / max(h[1], nearWall)), float32(1 / max(h[2], nearWall))}
	return lo, hi
}

package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Exact selects by the true Voronoi cell: the box, clipped by the bisectors of
// the candidates, nearest first, until the rest is out of reach. It sees every
// face, however small, and gives the same scores to the same candidates, so
// that a view at rest does not change.
//
// Contribution is not the whole volume that leaving a candidate out would add,
// which takes a cell for each face. It is the part of it in the pyramid on the
// face whose tip is where the ray through the face's centre of mass meets the
// next plane: a lower bound that ranks as well. Of 20 kept the two measures
// keep the same neighbours.
type Exact struct{}

// exactRays is what the volume under all faces of a cell counts as in
// Score.Rays, so that both selectors speak of the same scale.
const exactRays = 128

// Select implements Selector.
func (Exact) Select(s *Scratch, dst []Score, origin spatial.Pos, box spatial.Box, cands []spatial.Pos, _ *base.Rand) {
	clear(dst)
	s.clip(origin, box, cands)
	h := &s.hull
	h.index()
	planes := len(h.planes)
	s.cones = sized(s.cones, planes)
	total := 0.0
	for p := range planes {
		s.cones[p] = 0
		if !h.hasFace(p) {
			continue
		}
		cone, centre := middle(h.face(int32(p)))
		s.cones[p] = cone
		total += cone
		if p < walls {
			continue
		}
		next, value := s.runnerUp(p, centre, origin, cands)
		dst[s.order[p-walls]].Contribution = float64(cone * (1/value - 1))
		if next >= walls {
			dst[s.order[next-walls]].Backup++
		}
	}
	for p := walls; p < planes; p++ {
		if h.hasFace(p) {
			dst[s.order[p-walls]].Rays = 1 + int(s.cones[p]/total*exactRays)
		}
	}
}

// clip makes the cell of origin. Candidate order[k] has the plane walls+k;
// those that are out of reach get none.
func (s *Scratch) clip(origin spatial.Pos, box spatial.Box, cands []spatial.Pos) {
	h := &s.hull
	h.reset(origin, box)
	reach := h.reach()
	for k, c := range s.nearestFirst(origin, cands) {
		q := inverse(offset(origin, cands[c]))
		// x·q <= |x||q|: beyond this no corner is cut off.
		if near := q.dot(q) * reach; near <= 1 {
			if near*disorder <= 1 {
				return
			}
			h.add(q)
			continue
		}
		h.cut(h.add(q))
		if k&3 == 3 {
			reach = h.reach()
		}
	}
}

// runnerUp finds the plane that the ray through a point of plane p's face
// meets next, and the value x·q of the point there: at 1/value times the
// point.
func (s *Scratch) runnerUp(p int, x xyz, origin spatial.Pos, cands []spatial.Pos) (next int, value float64) {
	h := &s.hull
	x2 := x.dot(x)
	next = -1
	for k := 0; k < walls+len(cands); k++ {
		if k == len(h.planes) {
			h.add(inverse(offset(origin, cands[s.order[k-walls]])))
		}
		q := h.planes[k]
		if v := x.dot(q); v > value {
			if k != p {
				next, value = k, v
			}
		} else if k >= walls && q.dot(q)*x2*disorder < value*value {
			break
		}
	}
	// A twin of p may be ahead of it by rounding.
	return next, min(value, 1)
}

// middle gives the volume of the pyramid from the origin to a face, and the
// face's centre of mass.
func middle(face []xyz) (cone float64, centre xyz) {
	a := face[0]
	for i := 1; i+1 < len(face); i++ {
		b, c := face[i], face[i+1]
		v := a.dot(b.cross(c))
		if v < 0 {
			v = -v
		}
		cone += v
		centre = centre.plus(a.plus(b).plus(c).times(v))
	}
	if cone == 0 {
		return 0, a
	}
	return cone / 6, centre.times(1 / (3 * cone))
}

// inverse gives 2p/|p|²: the bisector towards p is where x·q = 1. p is at
// least one unit long: the core never offers a candidate at the origin.
func inverse(p [3]float64) xyz {
	v := xyz{p[0], p[1], p[2]}
	n2 := v.dot(v)
	if n2 == 0 {
		return xyz{}
	}
	return v.times(2 / n2)
}

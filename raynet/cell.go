package raynet

import (
	"cmp"
	"math"
	"slices"

	"github.com/metatopia/metatopia/spatial"
)

// Cell is a convex polyhedron around the origin of its coordinates, in metres.
type Cell struct{ Faces []Face }

// Face is one side. Candidate is the index of the candidate whose bisector it
// lies on, or -1 for a wall. Corners are in order around the face.
type Face struct {
	Candidate int
	Corners   []Point
}

// Point is an offset from the cell's node in metres.
type Point [3]float64

func (a Point) dot(b Point) float64 {
	return float64(a[0]*b[0]) + float64(a[1]*b[1]) + float64(a[2]*b[2])
}

func (a Point) cross(b Point) Point {
	return Point{
		float64(a[1]*b[2]) - float64(a[2]*b[1]),
		float64(a[2]*b[0]) - float64(a[0]*b[2]),
		float64(a[0]*b[1]) - float64(a[1]*b[0]),
	}
}

// towards is a + t(b-a).
func (a Point) towards(b Point, t float64) Point {
	var p Point
	for i := range p {
		p[i] = a[i] + float64(t*(b[i]-a[i]))
	}
	return p
}

// NewCell is the Voronoi cell of origin among cands, clipped to the box,
// without the candidate of index skip (-1 skips none).
func NewCell(origin spatial.Pos, box spatial.Box, cands []spatial.Pos, skip int) *Cell {
	c := boxCell(offset(origin, box.Min), offset(origin, box.Max))
	order := make([]int, 0, len(cands))
	for i := range cands {
		if i != skip {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(origin.Dist2(cands[a]), origin.Dist2(cands[b]))
	})
	reach := c.reach()
	for _, i := range order {
		p := Point(offset(origin, cands[i]))
		d2 := p.dot(p)
		if d2 > 4*reach {
			// The bisector of this and of every farther one is beyond
			// the farthest corner.
			break
		}
		if c.cut(i, p, d2/2) {
			reach = c.reach()
		}
	}
	return c
}

func boxCell(lo, hi Point) *Cell {
	at := func(bits int) Point {
		p := lo
		for i := range p {
			if bits>>i&1 == 1 {
				p[i] = hi[i]
			}
		}
		return p
	}
	c := &Cell{}
	for _, q := range [6][4]int{{0, 2, 6, 4}, {1, 5, 7, 3}, {0, 4, 5, 1}, {2, 3, 7, 6}, {0, 1, 3, 2}, {4, 6, 7, 5}} {
		c.Faces = append(c.Faces, Face{-1, []Point{at(q[0]), at(q[1]), at(q[2]), at(q[3])}})
	}
	return c
}

// reach is the squared distance of the farthest corner.
func (c *Cell) reach() float64 {
	far := 0.0
	for _, f := range c.Faces {
		for _, p := range f.Corners {
			far = max(far, p.dot(p))
		}
	}
	return far
}

// cut keeps the part where x·normal <= d and closes it with a new face. It
// says whether anything was cut off.
func (c *Cell) cut(candidate int, normal Point, d float64) bool {
	eps := 1e-12 * (d + 1e-9)
	outside := func(p Point) float64 { return p.dot(normal) - d }
	if !slices.ContainsFunc(c.Faces, func(f Face) bool {
		return slices.ContainsFunc(f.Corners, func(p Point) bool { return outside(p) > eps })
	}) {
		return false
	}
	var rim []Point
	kept := c.Faces[:0]
	for _, f := range c.Faces {
		var in []Point
		for i, a := range f.Corners {
			b := f.Corners[(i+1)%len(f.Corners)]
			da, db := outside(a), outside(b)
			if da <= 0 {
				in = append(in, a)
				if da == 0 {
					rim = append(rim, a)
				}
			}
			if (da < 0 && db > 0) || (da > 0 && db < 0) {
				p := a.towards(b, da/(da-db))
				in = append(in, p)
				rim = append(rim, p)
			}
		}
		if len(in) >= 3 {
			kept = append(kept, Face{f.Candidate, in})
		}
	}
	c.Faces = kept
	if face := around(rim, normal); len(face) >= 3 {
		c.Faces = append(c.Faces, Face{candidate, face})
	}
	return true
}

// around orders the corners of a new face by their angle in its plane and
// drops those that meet.
func around(rim []Point, normal Point) []Point {
	if len(rim) < 3 {
		return nil
	}
	var mid Point
	for _, p := range rim {
		for i := range mid {
			mid[i] += p[i] / float64(len(rim))
		}
	}
	side := Point{1, 0, 0}
	if normal[0]*normal[0] > normal.dot(normal)/2 {
		side = Point{0, 1, 0}
	}
	u := normal.cross(side)
	v := normal.cross(u)
	lu, lv := math.Sqrt(u.dot(u)), math.Sqrt(v.dot(v))
	type corner struct {
		p     Point
		angle float64
	}
	cs := make([]corner, len(rim))
	for i, p := range rim {
		q := Point{p[0] - mid[0], p[1] - mid[1], p[2] - mid[2]}
		cs[i] = corner{p, diamond(q.dot(u)/lu, q.dot(v)/lv)}
	}
	slices.SortStableFunc(cs, func(a, b corner) int { return cmp.Compare(a.angle, b.angle) })
	out := make([]Point, 0, len(cs))
	for _, c := range cs {
		if len(out) == 0 || !meets(out[len(out)-1], c.p) {
			out = append(out, c.p)
		}
	}
	for len(out) > 1 && meets(out[0], out[len(out)-1]) {
		out = out[:len(out)-1]
	}
	return out
}

func meets(a, b Point) bool {
	d := Point{a[0] - b[0], a[1] - b[1], a[2] - b[2]}
	return d.dot(d) < 1e-18
}

// diamond grows with the angle of (x, y) from 0 to 4: the order of atan2
// without its bits, which differ between CPUs.
func diamond(x, y float64) float64 {
	s := math.Abs(x) + math.Abs(y)
	if s == 0 {
		return 0
	}
	if y >= 0 {
		return 1 - x/s
	}
	return 3 + x/s
}

// Volume is in m³.
func (c *Cell) Volume() float64 {
	v := 0.0
	for i := range c.Faces {
		v += c.Faces[i].cone()
	}
	return v
}

// cone is the volume of the pyramid from the origin to the face.
func (f *Face) cone() float64 {
	v := 0.0
	for i := 1; i+1 < len(f.Corners); i++ {
		v += math.Abs(f.Corners[0].dot(f.Corners[i].cross(f.Corners[i+1]))) / 6
	}
	return v
}

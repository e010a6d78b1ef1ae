package raysim

import (
	"math"

	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/spatial"
)

// exact is the true Voronoi cell of a node among all living ones.
type exact struct {
	nodes  []int32   // neighbours, in no order
	angles []float64 // solid angle of each one's face
	volume float64   // m³
}

// cellOf clips the cell of a point by all others that can touch it: those
// within twice the distance of its farthest corner.
func cellOf(g *grid, p spatial.Pos, skip func(i int32) bool) exact {
	var cands []spatial.Pos
	var who []int32
	for r := 2 * g.edge; ; {
		cands, who = cands[:0], who[:0]
		g.within(p, r, func(i int32, _ uint64) {
			if !skip(i) {
				cands, who = append(cands, apart(p, g.pos[i])), append(who, i)
			}
		})
		c := raynet.NewCell(p, g.box, cands, -1)
		need := int64(2*math.Sqrt(reach2(c))*spatial.Unit) + 1
		if need <= r || r >= 2*g.diameter() {
			return describe(c, who)
		}
		// A cell that few points bound may reach through the whole world:
		// more points soon make it smaller.
		r = min(need, r+r*3/4)
	}
}

// apart moves a point that is exactly at origin: no bisector has length zero.
func apart(origin, p spatial.Pos) spatial.Pos {
	if p == origin {
		p.X++
	}
	return p
}

func reach2(c *raynet.Cell) float64 {
	far := 0.0
	for _, f := range c.Faces {
		for _, p := range f.Corners {
			far = max(far, p[0]*p[0]+p[1]*p[1]+p[2]*p[2])
		}
	}
	return far
}

func describe(c *raynet.Cell, who []int32) exact {
	x := exact{volume: c.Volume()}
	for _, f := range c.Faces {
		if f.Candidate >= 0 {
			x.nodes = append(x.nodes, who[f.Candidate])
			x.angles = append(x.angles, solidAngle(f.Corners))
		}
	}
	return x
}

// solidAngle is that of a polygon seen from the origin, in steradian, by
// triangles (van Oosterom and Strackee 1983).
func solidAngle(ps []raynet.Point) float64 {
	dot := func(a, b raynet.Point) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
	length := func(a raynet.Point) float64 { return math.Sqrt(dot(a, a)) }
	sum := 0.0
	for i := 1; i+1 < len(ps); i++ {
		a, b, c := ps[0], ps[i], ps[i+1]
		cross := raynet.Point{b[1]*c[2] - b[2]*c[1], b[2]*c[0] - b[0]*c[2], b[0]*c[1] - b[1]*c[0]}
		la, lb, lc := length(a), length(b), length(c)
		sum += 2 * math.Atan2(math.Abs(dot(a, cross)), la*lb*lc+dot(a, b)*lc+dot(a, c)*lb+dot(b, c)*la)
	}
	return sum
}

// Shape is how well a near view covers the exact cell.
type Shape struct {
	Coverage   float64 // part of the exact neighbours that are in the view
	SolidAngle float64 // the same, weighted by the solid angle of their faces
	Volume     float64 // of the cell that the view alone gives, over the exact one
	Neighbours float64 // exact ones
}

// shapeOf compares a near view with the exact cell; near members that are not
// in the grid (the dead) count as absent.
func shapeOf(g *grid, i int32, at spatial.Pos, near []int32, alive func(int32) bool) Shape {
	x := cellOf(g, at, func(j int32) bool { return j == i })
	var s Shape
	seen, all := 0.0, 0.0
	for k, j := range x.nodes {
		all += x.angles[k]
		for _, m := range near {
			if m == j {
				s.Coverage++
				seen += x.angles[k]
				break
			}
		}
	}
	s.Neighbours = float64(len(x.nodes))
	s.SolidAngle, s.Volume = 1, 1
	if all > 0 {
		s.SolidAngle = seen / all
		s.Coverage /= s.Neighbours
	} else {
		s.Coverage = 1
	}
	var own []spatial.Pos
	for _, m := range near {
		if m != i && alive(m) {
			own = append(own, apart(at, g.pos[m]))
		}
	}
	if x.volume > 0 {
		s.Volume = raynet.NewCell(at, g.box, own, -1).Volume() / x.volume
	}
	return s
}

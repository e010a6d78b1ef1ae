package shape

import "github.com/metatopia/metatopia/spatial/det"

// plane is n·p = offset; n is unit and points out of the solid.
type plane struct {
	n      det.Vec
	offset float32
}

// above is how far p is outside.
func (p *plane) above(v det.Vec) float32 { return p.n.Dot(v) - p.offset }

// edge joins two corners; left and right are its faces. Seen from outside,
// left lies to the left of the way from a to b.
type edge struct{ a, b, left, right uint8 }

// topology says how the corners of a polyhedron are joined.
type topology struct {
	loops []uint8  // the corners of all faces, each against the clock seen from outside
	start []uint16 // face i has loops[start[i]:start[i+1]]
	edges []edge
}

// face is the corners of face i.
func (t *topology) face(i int) []uint8 { return t.loops[t.start[i]:t.start[i+1]] }

// poly is a convex polyhedron in some frame.
type poly struct {
	corners []det.Vec
	planes  []plane
	*topology
}

// boxTopology numbers corners by the signs of x, y, z (bits 0, 1, 2; set =
// negative), and faces +x -x +y -y +z -z.
var boxTopology = topology{
	loops: []uint8{
		0, 2, 6, 4,
		1, 5, 7, 3,
		0, 4, 5, 1,
		2, 3, 7, 6,
		0, 1, 3, 2,
		4, 6, 7, 5,
	},
	start: []uint16{0, 4, 8, 12, 16, 20, 24},
	edges: []edge{
		{4, 0, 0, 2}, {6, 4, 0, 5}, {2, 6, 0, 3}, {0, 2, 0, 4},
		{3, 1, 1, 4}, {7, 3, 1, 3}, {5, 7, 1, 5}, {1, 5, 1, 2},
		{1, 0, 2, 4}, {4, 5, 2, 5}, {7, 6, 3, 5}, {2, 3, 3, 4},
	},
}

// room holds a polyhedron of the largest size, to be filled on a stack.
type room struct {
	corners [MaxCorners]det.Vec
	planes  [MaxFaces]plane
}

// polyOf fills r with s, a box or a hull, in its own frame.
func polyOf(s *Shape, r *room) poly {
	if s.Kind == Hull {
		return s.Geometry.hull.poly()
	}
	h := s.Half
	for i := range 8 {
		c := h
		if i&1 != 0 {
			c.X = -c.X
		}
		if i&2 != 0 {
			c.Y = -c.Y
		}
		if i&4 != 0 {
			c.Z = -c.Z
		}
		r.corners[i] = c
	}
	r.planes[0], r.planes[1] = plane{det.Vec{X: 1}, h.X}, plane{det.Vec{X: -1}, h.X}
	r.planes[2], r.planes[3] = plane{det.Vec{Y: 1}, h.Y}, plane{det.Vec{Y: -1}, h.Y}
	r.planes[4], r.planes[5] = plane{det.Vec{Z: 1}, h.Z}, plane{det.Vec{Z: -1}, h.Z}
	return poly{r.corners[:8], r.planes[:6], &boxTopology}
}

// into fills r with p seen from another frame: turned, then moved.
func (p *poly) into(turn *det.Mat, at det.Vec, r *room) poly {
	for i := range p.corners {
		r.corners[i] = at.Add(turn.Apply(p.corners[i]))
	}
	for i := range p.planes {
		n := turn.Apply(p.planes[i].n)
		r.planes[i] = plane{n, p.planes[i].offset + n.Dot(at)}
	}
	return poly{r.corners[:len(p.corners)], r.planes[:len(p.planes)], p.topology}
}

// lowest is the least n·c over the corners.
func (p *poly) lowest(n det.Vec) float32 {
	least := n.Dot(p.corners[0])
	for _, c := range p.corners[1:] {
		least = min(least, n.Dot(c))
	}
	return least
}

// deepest is the corner farthest against n, and its number.
func (p *poly) deepest(n det.Vec) (c det.Vec, number uint32) {
	c = p.corners[0]
	for i := range p.corners {
		if n.Dot(p.corners[i]) < n.Dot(c) {
			c, number = p.corners[i], uint32(i)
		}
	}
	return c, number
}

// sees is the plane whose normal is nearest to n.
func (p *poly) sees(n det.Vec) (face int) {
	most := float32(-2)
	for i := range p.planes {
		if d := p.planes[i].n.Dot(n); d > most {
			face, most = i, d
		}
	}
	return face
}

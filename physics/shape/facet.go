package shape

import "github.com/metatopia/metatopia/spatial/det"

// facet is a triangle of a heightfield or mesh: solid below, against the clock
// seen from above. beyond is the third corner of the neighbour over the edge
// from corner i to the next, where there is one.
type facet struct {
	p      [3]det.Vec
	n      det.Vec
	beyond [3]det.Vec
	joined [3]bool
	id     uint32
}

// setNormal is not ok for a triangle without area.
func (f *facet) setNormal() bool {
	n := f.p[1].Sub(f.p[0]).Cross(f.p[2].Sub(f.p[0]))
	l := n.Len()
	if !(l > 1e-12) {
		return false
	}
	f.n = n.Scale(1 / l)
	return true
}

// move shifts the origin to o.
func (f *facet) move(o det.Vec) {
	for i := range 3 {
		f.p[i], f.beyond[i] = f.p[i].Sub(o), f.beyond[i].Sub(o)
	}
}

// bounds of the triangle.
func (f *facet) bounds() (lo, hi det.Vec) {
	a, b, c := f.p[0], f.p[1], f.p[2]
	lo = det.Vec{X: min(a.X, b.X, c.X), Y: min(a.Y, b.Y, c.Y), Z: min(a.Z, b.Z, c.Z)}
	hi = det.Vec{X: max(a.X, b.X, c.X), Y: max(a.Y, b.Y, c.Y), Z: max(a.Z, b.Z, c.Z)}
	return lo, hi
}

// cover is how far over a neighbour a direction may lean and still count as
// pushing from the shared edge: it makes what touches right above an edge touch
// both sides rather than none.
const cover = 1e-3

// allows reports whether the triangle may push along the unit direction d:
// where its outermost points along d are an edge or a corner, the neighbours
// must not be nearer. Otherwise what rolls over a smooth mesh would bump into
// the edges inside it (Ericson, "Real-Time Collision Detection", 5.1; Coumans'
// internal edges are of the same kind).
func (f *facet) allows(d det.Vec) bool {
	var h [3]float32
	for i := range 3 {
		h[i] = d.Dot(f.p[i])
	}
	top := max(h[0], h[1], h[2])
	near := float32(1e-4 * (f.p[1].Sub(f.p[0]).Len() + f.p[2].Sub(f.p[0]).Len()))
	on := [3]bool{h[0] >= top-near, h[1] >= top-near, h[2] >= top-near}
	if on[0] && on[1] && on[2] {
		return true
	}
	edge := -1
	for i := range 3 {
		if on[i] && on[(i+1)%3] {
			edge = i
		}
	}
	for i := range 3 {
		// The edge itself, or both edges of the corner.
		if i == edge || edge < 0 && (on[i] || on[(i+1)%3]) {
			if f.joined[i] && d.Dot(f.leaving(i)) < -cover {
				return false
			}
		}
	}
	return true
}

// leaving is the direction in the plane of neighbour i that leaves it over the
// shared edge.
func (f *facet) leaving(i int) det.Vec {
	a := f.p[i]
	e := f.p[(i+1)%3].Sub(a)
	t := f.beyond[i].Sub(a)
	t = t.AddScaled(-t.Dot(e)/e.Dot(e), e)
	return t.Neg().Unit(det.Vec{})
}

// weigh gives the point of the triangle nearest to p, and whether it is inside
// the triangle and not on its rim.
func (f *facet) weigh(p wide) (at wide, within bool) {
	a, b, c := widen(f.p[0]), widen(f.p[1]), widen(f.p[2])
	w := nearestOnTriangle(p, a, b, c)
	at = a.scale(w[0]).addScaled(w[1], b).addScaled(w[2], c)
	return at, w[0] > 0 && w[1] > 0 && w[2] > 0
}

// facetTopology is a triangle as a flat polyhedron of two faces, the upper
// first.
var facetTopology = topology{
	loops: []uint8{0, 1, 2, 0, 2, 1},
	start: []uint16{0, 3, 6},
	edges: []edge{{0, 1, 0, 1}, {1, 2, 0, 1}, {2, 0, 0, 1}},
}

func (f *facet) poly(r *room) poly {
	copy(r.corners[:], f.p[:])
	r.planes[0] = plane{f.n, f.n.Dot(f.p[0])}
	r.planes[1] = plane{f.n.Neg(), -f.n.Dot(f.p[0])}
	return poly{r.corners[:3], r.planes[:2], &facetTopology}
}

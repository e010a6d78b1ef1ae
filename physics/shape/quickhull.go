package shape

import (
	"slices"
)

// flatness is how far points may be off a plane or a line and count as on it,
// as a share of the size of what they belong to.
const flatness = 2e-5

// quickhull finds the convex hull of points: the farthest point first, until
// none is outside or most corners are found (Barber and others 1996). Faces
// whose corners lie in a plane become one; points on a face or an edge that
// are no corners are left out. f.points are the corners, in the order of points.
func quickhull(points []wide, most int) (*faceted, error) {
	q := &quick{points: points, slack: float64(flatness * sizeOf(points))}
	if !q.start() {
		return nil, ErrDegenerate
	}
	for n := 4; n < most; n++ {
		eye, face := q.farthest()
		if eye < 0 {
			break
		}
		if !q.add(eye, face) {
			return nil, ErrDegenerate
		}
	}
	return q.faces()
}

// sizeOf is the largest absolute coordinate.
func sizeOf(points []wide) (size float64) {
	for _, p := range points {
		size = max(size, p.x, -p.x, p.y, -p.y, p.z, -p.z)
	}
	return size
}

// tri is a face of the growing hull; over[i] is the face across the edge from
// corner i to the next.
type tri struct {
	c       [3]int
	over    [3]int
	n       wide
	offset  float64
	area    float64
	outside []int
	dead    bool
}

type quick struct {
	points []wide
	tris   []tri
	slack  float64
}

func (q *quick) newTri(a, b, c int) tri {
	pa, pb, pc := q.points[a], q.points[b], q.points[c]
	n := pb.sub(pa).cross(pc.sub(pa))
	t := tri{c: [3]int{a, b, c}, area: n.len()}
	t.n, _ = n.unit()
	t.offset = (t.n.dot(pa) + t.n.dot(pb) + t.n.dot(pc)) / 3
	return t
}

func (t *tri) above(p wide) float64 { return t.n.dot(p) - t.offset }

// start makes the first tetrahedron of points far apart.
func (q *quick) start() bool {
	if len(q.points) < 4 {
		return false
	}
	// The ends of the longest axis.
	lo, hi, longest := 0, 0, -1.0
	for axis := range 3 {
		at := func(i int) float64 { p := q.points[i]; return [3]float64{p.x, p.y, p.z}[axis] }
		l, h := 0, 0
		for i := range q.points {
			if at(i) < at(l) {
				l = i
			}
			if at(i) > at(h) {
				h = i
			}
		}
		if w := at(h) - at(l); w > longest {
			lo, hi, longest = l, h, w
		}
	}
	a, along := q.points[lo], q.points[hi].sub(q.points[lo])
	c, far := q.most(func(p wide) float64 { return p.sub(a).cross(along).len() })
	if far <= float64(q.slack*along.len()) {
		return false
	}
	n, _ := along.cross(q.points[c].sub(a)).unit()
	d, far := q.most(func(p wide) float64 { return max(p.sub(a).dot(n), -p.sub(a).dot(n)) })
	if far <= q.slack {
		return false
	}
	v := [4]int{lo, hi, c, d}
	if q.points[d].sub(a).dot(n) > 0 {
		v[0], v[1] = v[1], v[0]
	}
	q.tris = []tri{q.newTri(v[0], v[1], v[2]), q.newTri(v[0], v[3], v[1]), q.newTri(v[1], v[3], v[2]), q.newTri(v[2], v[3], v[0])}
	q.tris[0].over, q.tris[1].over = [3]int{1, 2, 3}, [3]int{3, 2, 0}
	q.tris[2].over, q.tris[3].over = [3]int{1, 3, 0}, [3]int{2, 1, 0}
	for i := range q.points {
		if !slices.Contains(v[:], i) {
			q.assign(i, q.tris)
		}
	}
	return true
}

func (q *quick) most(f func(wide) float64) (best int, far float64) {
	far = -1
	for i, p := range q.points {
		if v := f(p); v > far {
			best, far = i, v
		}
	}
	return best, far
}

// assign gives point i to the first of the faces that it is outside of.
func (q *quick) assign(i int, faces []tri) {
	for k := range faces {
		if f := &faces[k]; !f.dead && f.above(q.points[i]) > q.slack {
			f.outside = append(f.outside, i)
			return
		}
	}
}

// farthest is the point most outside and the face it is outside of; -1 when
// there is none.
func (q *quick) farthest() (eye, face int) {
	eye, far := -1, 0.0
	for k := range q.tris {
		for _, i := range q.tris[k].outside {
			if d := q.tris[k].above(q.points[i]); d > far {
				eye, face, far = i, k, d
			}
		}
	}
	return eye, face
}

// add joins the eye to the horizon: the edges between the faces it sees and
// those it does not.
func (q *quick) add(eye, face int) bool {
	seen := []int{face}
	q.tris[face].dead = true
	type rim struct{ a, b, beyond int }
	var horizon []rim
	for x := 0; x < len(seen); x++ {
		for _, o := range q.tris[seen[x]].over {
			if !q.tris[o].dead && q.tris[o].above(q.points[eye]) > q.slack/4 {
				q.tris[o].dead = true
				seen = append(seen, o)
			}
		}
	}
	for _, s := range seen {
		t := &q.tris[s]
		for i, o := range t.over {
			if !q.tris[o].dead {
				horizon = append(horizon, rim{t.c[i], t.c[(i+1)%3], o})
			}
		}
	}
	// Walk the rim once around: it must be one loop.
	first := len(q.tris)
	at := horizon[0]
	for range horizon {
		t := q.newTri(at.a, at.b, eye)
		k := len(q.tris)
		t.over = [3]int{at.beyond, k + 1, k - 1}
		b := &q.tris[at.beyond]
		for i := range 3 {
			if b.c[i] == at.b && b.c[(i+1)%3] == at.a {
				b.over[i] = k
			}
		}
		q.tris = append(q.tris, t)
		next := slices.IndexFunc(horizon, func(r rim) bool { return r.a == at.b })
		if next < 0 {
			return false
		}
		at = horizon[next]
	}
	last := len(q.tris) - 1
	if at != horizon[0] {
		return false
	}
	q.tris[first].over[2], q.tris[last].over[1] = last, first
	for _, s := range seen {
		for _, i := range q.tris[s].outside {
			if i != eye {
				q.assign(i, q.tris[first:])
			}
		}
		q.tris[s].outside = nil
	}
	return true
}

package shape

// gjkRounds bounds the search. Polytopes of up to 64 corners need fewer than
// 20; the bound is for rounding that goes in circles.
const gjkRounds = 48

// gjkNear is when the search stops: the part of the squared distance that
// another round could still take off. gjkTouch is the distance (m) at which
// cores count as overlapping.
const (
	gjkNear  = 1e-9
	gjkTouch = 1e-6
)

// corner2 is a corner of the difference of two cores.
type corner2 struct {
	p, a, b wide // p = a - b, all in a's frame
	ia, ib  uint32
}

// simplex is up to four corners and the weights that make the point of their
// hull nearest to the origin.
type simplex struct {
	n      int
	c      [4]corner2
	weight [4]float64
}

// nearest is what gjk found, in a's frame.
type nearest struct {
	dist     float64 // between the cores; 0 = they overlap
	onA, onB wide
	normal   wide // unit, from a to b; zero when they overlap
	simplex  simplex
}

// gjk finds the nearest points of two cores (Gilbert, Johnson and Keerthi
// 1988), with the sub-distances of Ericson, "Real-Time Collision Detection",
// 5.1.
func gjk(a, b *convex, f *view) (n nearest) {
	s := &n.simplex
	v := f.at.neg()
	if v.dot(v) == 0 {
		v = wide{x: 1}
	}
	s.c[0] = support2(a, b, f, v)
	s.n, s.weight[0] = 1, 1
	v = s.c[0].p
	vv := v.dot(v)
	for range gjkRounds {
		if vv <= gjkTouch*gjkTouch {
			return overlapping(n)
		}
		c := support2(a, b, f, v)
		if vv-v.dot(c.p) <= float64(gjkNear*vv) || s.has(c.ia, c.ib) {
			break
		}
		old := *s
		s.c[s.n] = c
		s.n++
		next, inside := s.solve()
		if inside {
			return overlapping(n)
		}
		nn := next.dot(next)
		if nn >= vv {
			*s = old // rounding: no nearer than before
			break
		}
		v, vv = next, nn
	}
	n.onA, n.onB = s.points()
	d := n.onB.sub(n.onA)
	n.dist = d.len()
	if n.dist <= gjkTouch {
		return overlapping(n)
	}
	n.normal = d.scale(1 / n.dist)
	return n
}

func overlapping(n nearest) nearest {
	n.onA, n.onB = n.simplex.points()
	n.dist, n.normal = 0, wide{}
	return n
}

// support2 is the corner of a - b farthest against v.
func support2(a, b *convex, f *view, v wide) (c corner2) {
	c.a, c.ia = a.support(v.neg())
	l, ib := b.support(f.back(v))
	c.b, c.ib = f.point(l), ib
	c.p = c.a.sub(c.b)
	return c
}

func (s *simplex) has(ia, ib uint32) bool {
	for i := range s.n {
		if s.c[i].ia == ia && s.c[i].ib == ib {
			return true
		}
	}
	return false
}

// points are the nearest points on a and on b.
func (s *simplex) points() (onA, onB wide) {
	for i := range s.n {
		onA = onA.addScaled(s.weight[i], s.c[i].a)
		onB = onB.addScaled(s.weight[i], s.c[i].b)
	}
	return onA, onB
}

// solve keeps the corners that span the point nearest to the origin and gives
// that point. inside: the origin is within four corners.
func (s *simplex) solve() (v wide, inside bool) {
	switch s.n {
	case 2:
		s.segment()
	case 3:
		s.triangle()
	case 4:
		if s.tetrahedron() {
			return wide{}, true
		}
	}
	for i := range s.n {
		v = v.addScaled(s.weight[i], s.c[i].p)
	}
	return v, false
}

func (s *simplex) segment() {
	a, b := s.c[0].p, s.c[1].p
	ab := b.sub(a)
	t, len2 := -a.dot(ab), ab.dot(ab)
	w := [2]float64{1, 0}
	switch {
	case t >= len2 && len2 > 0:
		w = [2]float64{0, 1}
	case t > 0:
		w[1] = t / len2
		w[0] = 1 - w[1]
	}
	s.take(w[:])
}

func (s *simplex) triangle() {
	a, b, c := s.c[0].p, s.c[1].p, s.c[2].p
	w := nearestOnTriangle(wide{}, a, b, c)
	s.take(w[:])
}

// take keeps the corners of positive weight.
func (s *simplex) take(w []float64) {
	k := 0
	for i := range w {
		if w[i] > 0 {
			s.c[k], s.weight[k] = s.c[i], w[i]
			k++
		}
	}
	s.n = k
}

// tetrahedron reports whether the origin is inside, or reduces to the nearest
// face, edge or corner.
func (s *simplex) tetrahedron() (inside bool) {
	faces := [4][4]int{{0, 1, 2, 3}, {0, 3, 1, 2}, {0, 2, 3, 1}, {1, 3, 2, 0}}
	best, found := 0.0, false
	var weights [4]float64
	for _, f := range faces {
		a, b, c, d := s.c[f[0]].p, s.c[f[1]].p, s.c[f[2]].p, s.c[f[3]].p
		n := b.sub(a).cross(c.sub(a))
		// Outside when the origin and the fourth corner are on different sides;
		// a flat tetrahedron counts as outside of every face.
		away, other := -a.dot(n), d.sub(a).dot(n)
		if float64(away*other) > 0 {
			continue
		}
		w := nearestOnTriangle(wide{}, a, b, c)
		p := a.scale(w[0]).addScaled(w[1], b).addScaled(w[2], c)
		if l := p.dot(p); !found || l < best {
			best, found = l, true
			weights = [4]float64{}
			weights[f[0]], weights[f[1]], weights[f[2]] = w[0], w[1], w[2]
		}
	}
	if !found {
		return true
	}
	s.take(weights[:])
	return false
}

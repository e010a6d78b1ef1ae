package shape

import "github.com/metatopia/metatopia/spatial/det"

// faceCosine: a normal this near to that of a face is that of the face.
const faceCosine = 0.9998

// coreTouch is the distance between cores below which their nearest points
// give no direction, m.
const coreTouch = 1e-4

// segment is the axis of a capsule.
type segment struct{ a, b det.Vec }

func (s *segment) at(t float32) det.Vec { return s.a.AddScaled(t, s.b.Sub(s.a)) }

// meetPolyCapsule finds where a box or hull a and a capsule or ball b meet: along two
// points of a face when the capsule lies on one, else at the nearest points.
func meetPolyCapsule(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	f := newView(pa, pb)
	ca, _ := convexOf(a)
	r, h := b.Half.X, b.Half.Y
	if b.Kind == Sphere {
		h = 0
	}
	cb := convex{half: det.Vec{Y: h}}
	g := gjk(&ca, &cb, &f)
	if g.dist > float64(r+Margin) {
		return
	}
	var rm room
	q := polyOf(a, &rm)
	at, y := f.at.narrow(), f.y.narrow()
	s := segment{at.AddScaled(-h, y), at.AddScaled(h, y)}
	n := g.normal.narrow()
	var l line
	if g.dist <= coreTouch {
		var face int
		if face, n = q.escape(&s, &l); face >= 0 {
			l.onFace(&q, face, &s)
			if l.count == 0 {
				l.deepest(&q, face, &s)
			}
		}
	} else {
		face := q.sees(n)
		if q.planes[face].n.Dot(n) > faceCosine {
			n = q.planes[face].n
			l.onFace(&q, face, &s)
		}
		if l.count == 0 {
			l.count = 1
			l.points[0] = linePoint{g.onB.narrow(), float32(g.dist), 3}
		}
	}
	d := pb.Pos.Sub(pa.Pos)
	m.Normal = pa.Turn.Apply(n)
	for i := range l.count {
		p := &l.points[i]
		gap := p.gap - r
		if gap > Margin {
			continue
		}
		// From the axis down to midway between the two surfaces.
		at := pa.Turn.Apply(p.at.AddScaled(-r-float32(0.5*gap), n))
		m.Points[m.Count] = Point{RA: at, RB: at.Sub(d), Gap: gap, Feature: p.feature}
		m.Count++
	}
}

// line is up to two points of a segment and their gaps to a polyhedron.
type line struct {
	count  int
	points [2]linePoint
}

type linePoint struct {
	at      det.Vec
	gap     float32
	feature uint32
}

// onFace cuts s to what lies over a face and gives the ends of that.
func (l *line) onFace(q *poly, face int, s *segment) {
	loop := q.face(face)
	n := q.planes[face].n
	lo, hi := float32(0), float32(1)
	fa, fb := uint32(1), uint32(2)
	for i := range loop {
		p, next := q.corners[loop[i]], q.corners[loop[(i+1)%len(loop)]]
		side := next.Sub(p).Cross(n) // outward
		da, db := side.Dot(s.a.Sub(p)), side.Dot(s.b.Sub(p))
		if da > 0 && db > 0 {
			return
		}
		if (da > 0) == (db > 0) {
			continue
		}
		t := da / (da - db)
		if da > 0 && t > lo {
			lo, fa = t, 0x100|uint32(i)
		} else if db > 0 && t < hi {
			hi, fb = t, 0x200|uint32(i)
		}
	}
	if lo > hi {
		return
	}
	a, b := s.at(lo), s.at(hi)
	if float32((hi-lo)*s.b.Sub(s.a).Len()) > Margin {
		l.put(q, face, a, fa)
		l.put(q, face, b, fb)
	} else if q.planes[face].above(a) <= q.planes[face].above(b) {
		l.put(q, face, a, fa)
	} else {
		l.put(q, face, b, fb)
	}
}

func (l *line) put(q *poly, face int, at det.Vec, feature uint32) {
	l.points[l.count] = linePoint{at, q.planes[face].above(at), uint32(face)<<16 | feature}
	l.count++
}

// deepest takes the end of s that is lower under a face.
func (l *line) deepest(q *poly, face int, s *segment) {
	if q.planes[face].above(s.a) <= q.planes[face].above(s.b) {
		l.put(q, face, s.a, 1)
	} else {
		l.put(q, face, s.b, 2)
	}
}

// escape finds the shortest way to move a segment out of q: over a face, or
// over an edge (face < 0), whose point it leaves in l.
func (q *poly) escape(s *segment, l *line) (face int, n det.Vec) {
	best := float32(-1e30)
	for i := range q.planes {
		p := &q.planes[i]
		if gap := min(p.above(s.a), p.above(s.b)); gap > best {
			best, face, n = gap, i, p.n
		}
	}
	dir := s.b.Sub(s.a)
	for i := range q.edges {
		e := &q.edges[i]
		ea := q.corners[e.a]
		ed := q.corners[e.b].Sub(ea)
		c := ed.Cross(dir)
		if c.Len2() <= float32(1e-4*float32(ed.Len2()*dir.Len2())) {
			continue
		}
		c = c.Scale(1 / c.Len())
		// Outward, and between the two faces of the edge.
		nl, nr := q.planes[e.left].n, q.planes[e.right].n
		if c.Dot(nl.Add(nr)) < 0 {
			c = c.Neg()
		}
		if c.Dot(nr.Cross(ed)) < 0 || c.Dot(nl.Cross(ed)) > 0 {
			continue
		}
		gap := c.Dot(s.a.Sub(ea))
		if gap <= best+edgeBias {
			continue
		}
		sa, t, ok := crossing(ea, ed, s.a, dir)
		if !ok || sa < 0 || sa > 1 || t < 0 || t > 1 {
			continue
		}
		best, face, n = gap, -1, c
		l.count = 1
		l.points[0] = linePoint{s.at(t), gap, 4}
	}
	if face >= 0 {
		l.count = 0
	}
	return face, n
}

// crossing gives where two lines p + s·u and q + t·v are nearest.
func crossing(p, u, q, v det.Vec) (s, t float32, ok bool) {
	w := p.Sub(q)
	a, b, c := u.Dot(u), u.Dot(v), v.Dot(v)
	d, e := u.Dot(w), v.Dot(w)
	den := float32(a*c) - float32(b*b)
	if !(den > float32(1e-6*float32(a*c))) {
		return 0, 0, false
	}
	return (float32(b*e) - float32(c*d)) / den, (float32(a*e) - float32(b*d)) / den, true
}

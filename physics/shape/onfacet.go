package shape

import "github.com/metatopia/metatopia/spatial/det"

// behind is how far the centre of what lies on a facet may be below it, as a
// share of the shape's inner radius. Farther, it is on the other side.
const behind = 0.5

// put adds a point at, midway between the surfaces.
func (m *Manifold) put(n, at det.Vec, gap float32, feature uint32) {
	m.Normal = n
	m.Points[m.Count] = Point{RB: at, Gap: gap, Feature: feature}
	m.Count++
}

func (o *onSurface) ball(f *facet, m *Manifold) {
	r := o.b.Half.X
	high := -f.n.Dot(f.p[0])
	if high > r+Margin || high < -float32(behind*r) {
		return
	}
	at, within := f.weigh(wide{})
	n, dist := f.n, high
	if !within {
		if high < 0 {
			return
		}
		dist = float32(at.len())
		if dist > r+Margin {
			return
		}
		if dist > coreTouch {
			n = at.narrow().Scale(-1 / dist)
		}
		if !f.allows(n) {
			return
		}
	}
	gap := dist - r
	m.put(n, n.Scale(-r-float32(0.5*gap)), gap, 0)
}

func (o *onSurface) capsule(f *facet, m *Manifold) {
	r, h := o.b.Half.X, o.b.Half.Y
	high := -f.n.Dot(f.p[0])
	if high < -float32(behind*r) || high > r+h+Margin || !o.afford(capsuleFacets) {
		return
	}
	tri := convex{corners: f.p[:]}
	core := convex{half: det.Vec{Y: h}}
	g := gjk(&tri, &core, &o.f)
	if g.dist > float64(r+Margin) {
		return
	}
	y := o.turn.B
	s := segment{y.Scale(-h), y.Scale(h)}
	n := g.normal.narrow()
	var l line
	if g.dist <= coreTouch || n.Dot(f.n) > faceCosine {
		n = f.n
		var rm room
		q := f.poly(&rm)
		l.onFace(&q, 0, &s)
		if l.count == 0 && g.dist <= coreTouch {
			return
		}
	} else if !f.allows(n) {
		return
	}
	if l.count == 0 {
		l.count = 1
		l.points[0] = linePoint{g.onB.narrow(), float32(g.dist), 3}
	}
	for i := range l.count {
		p := &l.points[i]
		if gap := p.gap - r; gap <= Margin {
			m.put(n, p.at.AddScaled(-r-float32(0.5*gap), n), gap, p.feature)
		}
	}
}

// polyhedron finds how a box or hull lies on a facet: on its plane, or against
// an edge or corner of it where no neighbour is nearer.
func (o *onSurface) polyhedron(f *facet, m *Manifold) {
	q := &o.q
	base := f.n.Dot(f.p[0])
	if -base < 0 {
		return // the centre is below
	}
	gap := q.lowest(f.n) - base
	if gap > Margin {
		return
	}
	if !o.afford(polyFacets) {
		o.stud(f, m)
		return
	}
	best, face, ea, eb := gap, -1, -1, -1
	var normal det.Vec
	barred := float32(-1e30) // the largest gap along which a neighbour pushes
	for i := range q.planes {
		p := &q.planes[i]
		g := min(p.above(f.p[0]), p.above(f.p[1]), p.above(f.p[2]))
		if g > Margin {
			return
		}
		if g <= best+faceBias && g <= barred {
			continue
		}
		n := p.n.Neg()
		if n.Dot(f.n) < 0 {
			continue // from below
		}
		if !f.allows(n) {
			barred = max(barred, g)
		} else if g > best+faceBias {
			best, face, normal = g, i, n
		}
	}
	for i := range q.edges {
		for k := range 3 {
			n, g, ok := o.cross(f, i, k)
			if !ok {
				continue
			}
			if g > Margin {
				return
			}
			if g <= best+edgeBias && g <= barred {
				continue
			}
			if !f.allows(n) {
				barred = max(barred, g)
			} else if g > best+edgeBias {
				best, ea, eb, normal = g, i, k, n
			}
		}
	}
	switch {
	case best < -2*Margin && barred > best+edgeBias:
		// A neighbour pushes along a shorter way, unless none is nearer.
		if o.above(f) {
			o.lieOn(f, m)
		}
	case ea >= 0:
		o.edgeOn(f, ea, eb, normal, best, m)
	case face >= 0:
		o.faceOn(f, face, m)
	default:
		o.lieOn(f, m)
	}
}

// afford counts a facet that may be near and reports whether it is one of the
// first most.
func (o *onSurface) afford(most int) bool {
	o.spent++
	return o.spent <= most
}

// stud takes the facet for its corners: the one that is deepest in the
// polyhedron, under the faces that look towards the facet, is where it lies on.
func (o *onSurface) stud(f *facet, m *Manifold) {
	for _, p := range f.p {
		gap := float32(-1e30)
		for i := range o.q.planes {
			plane := &o.q.planes[i]
			g := plane.above(p)
			if g > Margin {
				gap = g
				break
			}
			if plane.n.Dot(f.n) < 0 {
				gap = max(gap, g)
			}
		}
		if gap > Margin || gap == -1e30 || m.Count > 0 && gap >= m.Points[0].Gap {
			continue
		}
		m.Count = 0
		m.put(f.n, p, gap, studFeature|f.id&0xffffff)
	}
}

// above reports whether the centre or the deepest corner of the polyhedron is
// over the facet: then no neighbour is nearer to it.
func (o *onSurface) above(f *facet) bool {
	low, _ := o.q.deepest(f.n)
	for _, p := range [2]det.Vec{{}, low} {
		in := true
		for i := range 3 {
			side := f.p[(i+1)%3].Sub(f.p[i]).Cross(f.n)
			in = in && side.Dot(p.Sub(f.p[i])) <= 0
		}
		if in {
			return true
		}
	}
	return false
}

// cross is the axis across edge i of the polyhedron and edge k of the facet,
// from the facet, when both lie outermost along it.
func (o *onSurface) cross(f *facet, i, k int) (n det.Vec, gap float32, ok bool) {
	q := &o.q
	e := &q.edges[i]
	ea := q.corners[e.a]
	da := q.corners[e.b].Sub(ea)
	pk := f.p[k]
	db := f.p[(k+1)%3].Sub(pk)
	n = da.Cross(db)
	l := n.Len()
	if l <= float32(0.005*det.Sqrt(float32(da.Len2()*db.Len2()))) {
		return n, 0, false
	}
	n = n.Scale(1 / l)
	// Outermost of the facet: its third corner is not above.
	if n.Dot(f.p[(k+2)%3].Sub(pk)) > 0 {
		n = n.Neg()
	}
	if n.Dot(f.n) < 0 {
		return n, 0, false // from below
	}
	// Outermost of the polyhedron, the other way: between the faces of its edge.
	out := n.Neg()
	if out.Dot(q.planes[e.left].n.Cross(da)) > 0 || out.Dot(q.planes[e.right].n.Cross(da)) < 0 {
		return n, 0, false
	}
	return n, n.Dot(ea.Sub(pk)), true
}

func (o *onSurface) edgeOn(f *facet, i, k int, n det.Vec, gap float32, m *Manifold) {
	e := &o.q.edges[i]
	ea, pk := o.q.corners[e.a], f.p[k]
	da, db := o.q.corners[e.b].Sub(ea), f.p[(k+1)%3].Sub(pk)
	s, t, ok := crossing(ea, da, pk, db)
	if !ok {
		return
	}
	a, b := ea.AddScaled(det.Clamp(s, 0, 1), da), pk.AddScaled(det.Clamp(t, 0, 1), db)
	m.put(n, a.Add(b).Scale(0.5), gap, edgeFeature|f.id<<10&0x3ffffc00|uint32(i)<<2|uint32(k))
}

// lieOn clips the lowest face of the polyhedron to the facet. Corners of the
// polyhedron keep their name from facet to facet.
func (o *onSurface) lieOn(f *facet, m *Manifold) {
	var rm room
	t := f.poly(&rm)
	face := o.q.sees(f.n.Neg())
	var cut polygon
	clipFace(&t, 0, &o.q, face, &cut)
	o.keep(f, &t.planes[0], f.n, &cut, uint32(face)<<12, m)
}

// faceOn clips the facet to a face of the polyhedron.
func (o *onSurface) faceOn(f *facet, face int, m *Manifold) {
	var rm room
	t := f.poly(&rm)
	var cut polygon
	clipFace(&o.q, face, &t, 0, &cut)
	o.keep(f, &o.q.planes[face], o.q.planes[face].n.Neg(), &cut, 1<<19|uint32(face)<<12, m)
}

// keep makes a manifold of normal n of what of cut is under the plane ref.
func (o *onSurface) keep(f *facet, ref *plane, n det.Vec, cut *polygon, side uint32, m *Manifold) {
	var found [2 * MaxSides]clipped
	u, v := Tangents(n)
	count := 0
	for i := range cut.n {
		c := &cut.c[i]
		gap := ref.above(c.at)
		if gap > Margin {
			continue
		}
		feature := side | uint32(c.in)<<6 | uint32(c.out)
		if side>>19 != 0 || c.in >= MaxSides || c.out >= MaxSides {
			feature |= f.id<<20&0x7ff00000 | 1<<19
		}
		found[count] = clipped{u.Dot(c.at), v.Dot(c.at), gap, feature}
		count++
	}
	count = reduce(found[:count])
	for i := range count {
		c := &found[i]
		at := u.Scale(c.x).AddScaled(c.y, v)
		// Along ref's own normal: up from it by the gap, halved.
		at = at.AddScaled(ref.offset+float32(0.5*c.gap), ref.n)
		m.put(n, at, c.gap, c.feature)
	}
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// meetPolys finds where two polyhedra meet, at least one of them a hull: by the
// axis of the largest gap among the faces of both and the pairs of edges whose
// arcs cross on the sphere of normals (Gregorius, "The Separating Axis Test
// between Convex Polyhedra", 2013).
func meetPolys(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	d := pb.Pos.Sub(pa.Pos)
	turn := det.Mat{A: pa.Turn.ApplyInverse(pb.Turn.A), B: pa.Turn.ApplyInverse(pb.Turn.B), C: pa.Turn.ApplyInverse(pb.Turn.C)}
	at := pa.Turn.ApplyInverse(d)
	var ra, rb, rc room
	p, own := polyOf(a, &ra), polyOf(b, &rb)
	q := own.into(&turn, at, &rc)
	var s touch
	if !s.find(&p, &q) {
		return
	}
	s.manifold(&p, &q, &pa.Turn, d, m)
}

// touch is how two polyhedra meet, in the frame of the first.
type touch struct {
	face         int // reference face, of the second when ofB
	ofB          bool
	gap          float32 // along its normal
	byEdges      bool    // or rather a pair of edges
	edgeA, edgeB int     // the pair of the largest gap; edgeA is -1 when there is none
	normal       det.Vec // of the edges, from the first to the second
	edgeGap      float32
}

// find reports whether p and q are at most Margin apart, and how they meet.
func (s *touch) find(p, q *poly) bool {
	gapB := float32(-1e30)
	faceB := 0
	s.gap = -1e30
	for i := range p.planes {
		gap := q.lowest(p.planes[i].n) - p.planes[i].offset
		if gap > Margin {
			return false
		}
		if gap > s.gap {
			s.face, s.gap = i, gap
		}
	}
	for i := range q.planes {
		gap := p.lowest(q.planes[i].n) - q.planes[i].offset
		if gap > Margin {
			return false
		}
		if gap > gapB {
			faceB, gapB = i, gap
		}
	}
	if gapB > s.gap+faceBias {
		s.face, s.gap, s.ofB = faceB, gapB, true
	}
	if !s.edges(p, q) {
		return false
	}
	s.byEdges = s.edgeA >= 0 && s.edgeGap > float32(0.95*s.gap)+edgeBias && s.edgeGap > s.gap+edgeBias
	return true
}

// edges finds the pair of edges of the largest gap; not ok when one separates.
func (s *touch) edges(p, q *poly) (ok bool) {
	s.edgeA, s.edgeGap = -1, -1e30
	var across [MaxEdges]det.Vec // of the edges of q: right × left
	for j := range q.edges {
		f := &q.edges[j]
		across[j] = q.planes[f.right].n.Cross(q.planes[f.left].n)
	}
	for i := range p.edges {
		e := &p.edges[i]
		la, ra := p.planes[e.left].n, p.planes[e.right].n
		rla := ra.Cross(la)
		ea := p.corners[e.a]
		da := p.corners[e.b].Sub(ea)
		for j := range q.edges {
			f := &q.edges[j]
			// The arc la-ra of p against the arc of q turned to the other side.
			c, d := -q.planes[f.left].n.Dot(rla), -q.planes[f.right].n.Dot(rla)
			if float32(c*d) >= 0 {
				continue
			}
			x, y := la.Dot(across[j]), ra.Dot(across[j])
			if float32(x*y) >= 0 || float32(c*y) <= 0 {
				continue
			}
			eb := q.corners[f.a]
			db := q.corners[f.b].Sub(eb)
			n := da.Cross(db)
			l := n.Len()
			if l <= float32(0.005*det.Sqrt(float32(da.Len2()*db.Len2()))) {
				continue // parallel: a face says the same
			}
			n = n.Scale(1 / l)
			if n.Dot(la.Add(ra)) < 0 {
				n = n.Neg()
			}
			gap := n.Dot(eb.Sub(ea))
			if gap > Margin {
				return false
			}
			if gap > s.edgeGap {
				s.edgeA, s.edgeB, s.edgeGap, s.normal = i, j, gap, n
			}
		}
	}
	return true
}

// manifold makes the points: turn and d lead from the frame of p to the world
// and to the centre of q.
func (s *touch) manifold(p, q *poly, turn *det.Mat, d det.Vec, m *Manifold) {
	if s.byEdges {
		s.edgePoint(p, q, turn, d, m)
		return
	}
	ref, inc := p, q
	if s.ofB {
		ref, inc = q, p
	}
	n := ref.planes[s.face].n
	other := inc.sees(n.Neg())
	var cut polygon
	clipFace(ref, s.face, inc, other, &cut)
	var found [2 * MaxSides]clipped
	count := 0
	u, v := Tangents(n)
	side := uint32(s.face)<<20 | uint32(other)<<12
	if s.ofB {
		side |= 1 << 27
	}
	for i := range cut.n {
		c := &cut.c[i]
		if gap := ref.planes[s.face].above(c.at); gap <= Margin {
			found[count] = clipped{u.Dot(c.at), v.Dot(c.at), gap, side | uint32(c.in)<<6 | uint32(c.out)}
			count++
		}
	}
	if count == 0 {
		// The faces were preferred to edges, but do not lie over each other. Edges
		// that say much less of a gap say nothing true: along the face's normal
		// the two are farther apart.
		if s.edgeA >= 0 && s.edgeGap > s.gap-edgeBias {
			s.edgePoint(p, q, turn, d, m)
			return
		}
		c, k := inc.deepest(n)
		found[0] = clipped{u.Dot(c), v.Dot(c), ref.planes[s.face].above(c), side | 0xf00 | k}
		count = 1
	}
	count = reduce(found[:count])
	m.Count = count
	m.Normal = turn.Apply(n)
	if s.ofB {
		m.Normal = m.Normal.Neg()
	}
	base := ref.planes[s.face].offset
	for i := range count {
		c := &found[i]
		// Midway between the two surfaces.
		at := u.Scale(c.x).AddScaled(c.y, v).AddScaled(base+float32(0.5*c.gap), n)
		w := turn.Apply(at)
		m.Points[i] = Point{RA: w, RB: w.Sub(d), Gap: c.gap, Feature: c.feature}
	}
}

func (s *touch) edgePoint(p, q *poly, turn *det.Mat, d det.Vec, m *Manifold) {
	e, f := &p.edges[s.edgeA], &q.edges[s.edgeB]
	ea, eb := p.corners[e.a], q.corners[f.a]
	da, db := p.corners[e.b].Sub(ea), q.corners[f.b].Sub(eb)
	x, y, ok := crossing(ea, da, eb, db)
	if !ok {
		return
	}
	x, y = det.Clamp(x, 0, 1), det.Clamp(y, 0, 1)
	mid := ea.AddScaled(x, da).Add(eb.AddScaled(y, db)).Scale(0.5)
	w := turn.Apply(mid)
	m.Normal, m.Count = turn.Apply(s.normal), 1
	m.Points[0] = Point{RA: w, RB: w.Sub(d), Gap: s.edgeGap, Feature: edgeFeature | uint32(s.edgeA)<<8 | uint32(s.edgeB)}
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// surface reports whether s is made of triangles without an inside.
func (s *Shape) surface() bool { return s.Kind == Heightfield || s.Kind == Mesh }

// Parts bounds the numbers of parts in Manifold.Part on the side of s.
func (s *Shape) Parts() int {
	if s.surface() {
		return bearings
	}
	return s.parts()
}

// parts is how many shapes s is made of: the children of a compound, or s.
func (s *Shape) parts() int {
	if s.Kind == Compound {
		return len(s.Geometry.children)
	}
	return 1
}

// part is the i-th of them and where it is.
func (s *Shape) part(i int, p *Pose) (*Shape, Pose) {
	if s.Kind != Compound {
		return s, *p
	}
	c := &s.Geometry.children[i]
	turn := det.Mat{A: p.Turn.Apply(c.Pose.Turn.A), B: p.Turn.Apply(c.Pose.Turn.B), C: p.Turn.Apply(c.Pose.Turn.C)}
	return &c.Shape, Pose{p.Pos.Add(p.Turn.Apply(c.Pose.Pos)), p.Rot.Mul(c.Pose.Rot), turn}
}

// collideParts is Collide where one side is made of several.
func collideParts(a *Shape, pa *Pose, b *Shape, pb *Pose, out []Manifold) []Manifold {
	first := len(out)
	for i := range a.parts() {
		sa, qa := a.part(i, pa)
		for j := range b.parts() {
			sb, qb := b.part(j, pb)
			n := len(out)
			out = meetParts(sa, &qa, sb, &qb, out)
			da, db := qa.Pos.Sub(pa.Pos), qb.Pos.Sub(pb.Pos)
			for k := n; k < len(out); k++ {
				out[k].shift(da, db)
				out[k].Part |= uint64(i)<<32 | uint64(j)
			}
		}
	}
	// Only a surface on the left with a compound on the right is out of order.
	for i := first + 1; i < len(out); i++ {
		for k := i; k > first && out[k-1].Part > out[k].Part; k-- {
			out[k-1], out[k] = out[k], out[k-1]
		}
	}
	return out
}

// meetParts is Collide of what is convex or a surface. Part numbers the
// manifolds on the side of the surface.
func meetParts(a *Shape, pa *Pose, b *Shape, pb *Pose, out []Manifold) []Manifold {
	n := len(out)
	switch {
	case a.surface() && b.surface():
	case a.surface():
		out = meetSurface(a, pa, b, pb, out)
		for i := n; i < len(out); i++ {
			out[i].Part <<= 32
		}
	case b.surface():
		out = meetSurface(b, pb, a, pa, out)
		for i := n; i < len(out); i++ {
			out[i].flip()
		}
	default:
		alo, ahi := a.Bounds(pa)
		blo, bhi := b.Bounds(pb)
		grow := det.Vec{X: Margin, Y: Margin, Z: Margin}
		if !boxesMeet(alo, ahi, blo.Sub(grow), bhi.Add(grow)) {
			return out
		}
		out = append(out, Manifold{})
		if meet(a, pa, b, pb, &out[n]); out[n].Count == 0 {
			out = out[:n]
		}
	}
	return out
}

// shift counts the points from other centres: those of the whole shapes.
func (m *Manifold) shift(da, db det.Vec) {
	for i := range m.Count {
		p := &m.Points[i]
		p.RA, p.RB = p.RA.Add(da), p.RB.Add(db)
	}
}

// planeParts is CollidePlane of a compound.
func planeParts(n det.Vec, offset float32, b *Shape, pb *Pose, out []Manifold) []Manifold {
	for i := range b.parts() {
		sb, qb := b.part(i, pb)
		k := len(out)
		out = append(out, Manifold{})
		m := &out[k]
		if planeConvex(n, offset, sb, &qb, m); m.Count == 0 {
			out = out[:k]
			continue
		}
		m.shift(det.Vec{}, qb.Pos.Sub(pb.Pos))
		m.Part = uint64(i)
	}
	return out
}

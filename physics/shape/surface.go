package shape

import "github.com/metatopia/metatopia/spatial/det"

// cursor walks over the facets of a heightfield or mesh whose boxes overlap a
// box, in an order that follows from the geometry alone.
type cursor struct {
	g      *Geometry
	lo, hi det.Vec

	// A heightfield: cells i0 to i1 by j to j1, half = which triangle is next.
	i0, i1, i, j, j1 int32
	half             int32

	// A mesh: nodes to visit, and triangles of the leaf at hand.
	stack    [40]int32
	depth    int
	at, last int32
}

func (c *cursor) start(g *Geometry, lo, hi det.Vec) {
	c.g, c.lo, c.hi = g, lo, hi
	if g.kind == Heightfield {
		g.field.start(c)
		return
	}
	c.depth, c.at, c.last = 1, 0, 0
}

// next fills f; false when there are no more.
func (c *cursor) next(f *facet) bool {
	if c.g.kind == Heightfield {
		return c.g.field.next(c, f)
	}
	return c.g.mesh.next(c, f)
}

func boxesMeet(alo, ahi, blo, bhi det.Vec) bool {
	return alo.X <= bhi.X && blo.X <= ahi.X && alo.Y <= bhi.Y && blo.Y <= ahi.Y && alo.Z <= bhi.Z && blo.Z <= ahi.Z
}

// MaxParts bounds the manifolds of one convex shape on a surface; more are
// dropped, the last found first.
const MaxParts = 16

// bearings is more than any part on a surface: see bearing.
const bearings = 1 << 27

// alike is the cosine above which the normals of neighbouring triangles count
// as one: their points make one manifold.
const alike = 0.9995

// onSurface is a convex shape b over a surface a, in the axes of a and with the
// centre of b as the origin: there coordinates are small and exact.
type onSurface struct {
	b    *Shape
	f    view    // b seen from a, at the origin
	turn det.Mat // the same in float32
	q    poly    // b when it is a box or hull
	room room

	spent int // facets that were looked at closely
}

// meetSurface appends where b meets the facets of a, which may be hundreds on a
// fine mesh: points of alike normals are gathered and the best four kept.
func meetSurface(a *Shape, pa *Pose, b *Shape, pb *Pose, out []Manifold) []Manifold {
	d := pb.Pos.Sub(pa.Pos)
	var o onSurface
	o.b = b
	o.f = newView(pa, pb)
	centre := o.f.at.narrow()
	o.f.at = wide{}
	o.turn = det.Mat{A: o.f.x.narrow(), B: o.f.y.narrow(), C: o.f.z.narrow()}
	here := Pose{Turn: o.turn}
	lo, hi := b.Bounds(&here)
	grow := det.Vec{X: Margin, Y: Margin, Z: Margin}
	var c cursor
	c.start(a.Geometry, centre.Add(lo).Sub(grow), centre.Add(hi).Add(grow))
	if b.Kind == Box || b.Kind == Hull {
		var own room
		p := polyOf(b, &own)
		o.q = p.into(&o.turn, det.Vec{}, &o.room)
	}
	first := len(out)
	var f facet
	for c.next(&f) {
		f.move(centre)
		var m Manifold
		switch b.Kind {
		case Sphere:
			o.ball(&f, &m)
		case Capsule:
			o.capsule(&f, &m)
		default:
			o.polyhedron(&f, &m)
		}
		if m.Count > 0 {
			out = gather(out, first, &m)
		}
	}
	for i := first; i < len(out); i++ {
		m := &out[i]
		m.Part = bearing(m.Normal)
		m.Normal = pa.Turn.Apply(m.Normal)
		for k := range m.Count {
			p := &m.Points[k]
			p.RB = pa.Turn.Apply(p.RB)
			p.RA = p.RB.Add(d)
		}
	}
	number(out[first:])
	return out
}

// bearing names a normal of a surface by where it points, in cells of about
// two degrees. While a body slides or rolls over alike triangles the name stays,
// and with it what the contact remembers.
func bearing(n det.Vec) uint64 {
	cell := func(x float32) uint64 {
		x = det.Clamp(float32(32*(x+1))+0.5, 0, 64)
		return uint64(uint32(x)) //lint:clamped on the line above
	}
	return cell(n.X)<<20 | cell(n.Y)<<12 | cell(n.Z)<<4
}

// number sorts manifolds by the bearings of their normals; of equal ones the
// first found is first.
func number(m []Manifold) {
	for i := 1; i < len(m); i++ {
		for k := i; k > 0 && m[k-1].Part > m[k].Part; k-- {
			m[k-1], m[k] = m[k], m[k-1]
		}
	}
	for i := 1; i < len(m); i++ {
		if m[i].Part>>4 == m[i-1].Part>>4 {
			m[i].Part = m[i-1].Part + 1
		}
	}
}

// gather adds m to the manifold of a like normal, or as a new one.
func gather(out []Manifold, first int, m *Manifold) []Manifold {
	for i := first; i < len(out); i++ {
		if out[i].Normal.Dot(m.Normal) > alike {
			out[i].merge(m)
			return out
		}
	}
	if len(out)-first < MaxParts {
		out = append(out, *m)
	}
	return out
}

// merge keeps the best four of the points of m and of o. Of points at one place
// the deeper stays.
func (m *Manifold) merge(o *Manifold) {
	var all [2 * MaxPoints]Point
	n := copy(all[:], m.Points[:m.Count])
	for _, p := range o.Points[:o.Count] {
		same := false
		for i := range n {
			if all[i].Feature == p.Feature || all[i].RB.Sub(p.RB).Len2() < 1e-6 {
				if p.Gap < all[i].Gap {
					all[i] = p
				}
				same = true
				break
			}
		}
		if !same {
			all[n] = p
			n++
		}
	}
	u, v := Tangents(m.Normal)
	var found [2 * MaxPoints]clipped
	for i := range n {
		found[i] = clipped{u.Dot(all[i].RB), v.Dot(all[i].RB), all[i].Gap, uint32(i)}
	}
	m.Count = reduce(found[:n])
	for i := range m.Count {
		m.Points[i] = all[found[i].feature]
	}
}

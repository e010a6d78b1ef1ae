package shape

import "github.com/metatopia/metatopia/spatial/det"

// CollidePlane appends to out where b meets the half space under the plane
// n·p = offset: nothing, one manifold, or one for each child of a compound.
// Points count from the centre of b only; a plane has none.
func CollidePlane(n det.Vec, offset float32, b *Shape, pb *Pose, out []Manifold) []Manifold {
	if b.Kind == Compound {
		return planeParts(n, offset, b, pb, out)
	}
	k := len(out)
	out = append(out, Manifold{})
	planeConvex(n, offset, b, pb, &out[k])
	if out[k].Count == 0 {
		return out[:k]
	}
	return out
}

func planeConvex(n det.Vec, offset float32, b *Shape, pb *Pose, m *Manifold) {
	high := n.Dot(pb.Pos) - offset
	switch b.Kind {
	case Sphere:
		m.onPlane(n, high, b.Half.X)
	case Box:
		boxPlane(n, high, b.Half, pb, m)
	case Capsule:
		capsulePlane(n, high, b.Half, pb, m)
	case Hull:
		hullPlane(n, high, b.Geometry.hull, pb, m)
	}
}

// onPlane adds the point of a ball whose centre is at high above the plane.
func (m *Manifold) onPlane(n det.Vec, high, r float32) {
	gap := high - r
	if gap <= Margin {
		m.Normal, m.Count = n, 1
		m.Points[0] = Point{RB: n.Scale(-r), Gap: gap}
	}
}

func boxPlane(n det.Vec, high float32, h det.Vec, pb *Pose, m *Manifold) {
	var found [8]clipped
	count := 0
	u, v := Tangents(n)
	for corner := range uint32(8) {
		l := h
		if corner&1 != 0 {
			l.X = -l.X
		}
		if corner&2 != 0 {
			l.Y = -l.Y
		}
		if corner&4 != 0 {
			l.Z = -l.Z
		}
		r := pb.Turn.Apply(l)
		if gap := high + n.Dot(r); gap <= Margin {
			found[count] = clipped{u.Dot(r), v.Dot(r), gap, corner}
			count++
		}
	}
	m.overPlane(n, u, v, high, found[:count])
}

func hullPlane(n det.Vec, high float32, q *hull, pb *Pose, m *Manifold) {
	var found [MaxCorners]clipped
	count := 0
	u, v := Tangents(n)
	for i, l := range q.corners {
		r := pb.Turn.Apply(l)
		if gap := high + n.Dot(r); gap <= Margin {
			found[count] = clipped{u.Dot(r), v.Dot(r), gap, uint32(i)}
			count++
		}
	}
	m.overPlane(n, u, v, high, found[:count])
}

func capsulePlane(n det.Vec, high float32, h det.Vec, pb *Pose, m *Manifold) {
	m.Normal = n
	for i, s := range [2]float32{-h.Y, h.Y} {
		r := pb.Turn.B.Scale(s).AddScaled(-h.X, n)
		if gap := high + n.Dot(r); gap <= Margin {
			m.Points[m.Count] = Point{RB: r, Gap: gap, Feature: uint32(i)}
			m.Count++
		}
	}
}

// overPlane keeps four of the corners found over a plane, whose coordinates
// are along u, v and n.
func (m *Manifold) overPlane(n, u, v det.Vec, high float32, found []clipped) {
	count := reduce(found)
	m.Normal, m.Count = n, count
	for i := range count {
		c := found[i]
		// Back from (u, v, n) to the world: the corner itself.
		r := u.Scale(c.x).AddScaled(c.y, v).AddScaled(c.gap-high, n)
		m.Points[i] = Point{RB: r, Gap: c.gap, Feature: c.feature}
	}
}

// Tangents completes the unit vector n to a right-handed frame.
func Tangents(n det.Vec) (u, v det.Vec) {
	if det.Abs(n.X) >= 0.57735 {
		u = det.Vec{X: n.Y, Y: -n.X}
	} else {
		u = det.Vec{Y: n.Z, Z: -n.Y}
	}
	u = u.Scale(1 / u.Len())
	return u, n.Cross(u)
}

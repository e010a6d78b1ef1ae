package physics

import "github.com/metatopia/metatopia/spatial/det"

// planes is how many planes close a world.
const planes = 6

// plane k of a world: the ground first, then walls and ceiling. normal points
// inwards and normal·p = offset on it.
func (c *Config) plane(k uint8) (normal det.Vec, offset float32) {
	switch k {
	case 0:
		return det.Vec{Y: 1}, c.Min.Y
	case 1:
		return det.Vec{X: 1}, c.Min.X
	case 2:
		return det.Vec{X: -1}, -c.Max.X
	case 3:
		return det.Vec{Z: 1}, c.Min.Z
	case 4:
		return det.Vec{Z: -1}, -c.Max.Z
	}
	return det.Vec{Y: -1}, -c.Max.Y
}

// nearPlane is a quick test by the axis-aligned box.
func nearPlane(s *solid, n det.Vec, offset float32) bool {
	return n.Dot(s.pos())-n.Abs().Dot(s.ext) <= offset+margin
}

// meetPlane finds where body b meets a plane. Points count from the centre of
// b only; a plane has none.
func meetPlane(n det.Vec, offset float32, b *solid) (m manifold) {
	high := n.Dot(b.pos()) - offset
	h := b.half()
	if b.Shape.Kind == Sphere {
		gap := high - h.X
		if gap <= margin {
			m.normal, m.count = n, 1
			m.points[0] = point{rb: n.Scale(-h.X), gap: gap}
		}
		return m
	}
	var found [8]clipped
	count := 0
	u, v := tangents(n)
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
		r := b.turn.Apply(l)
		if gap := high + n.Dot(r); gap <= margin {
			found[count] = clipped{u.Dot(r), v.Dot(r), gap, corner}
			count++
		}
	}
	count = reduce(&found, count)
	m.normal, m.count = n, count
	for i := range count {
		c := found[i]
		// Back from (u, v, n) to the world: the corner itself.
		r := u.Scale(c.x).AddScaled(c.y, v).AddScaled(c.gap-high, n)
		m.points[i] = point{rb: r, gap: c.gap, feature: c.feature}
	}
	return m
}

// tangents completes the unit vector n to a right-handed frame.
func tangents(n det.Vec) (u, v det.Vec) {
	if det.Abs(n.X) >= 0.57735 {
		u = det.Vec{X: n.Y, Y: -n.X}
	} else {
		u = det.Vec{Y: n.Z, Z: -n.Y}
	}
	u = u.Scale(1 / u.Len())
	return u, n.Cross(u)
}

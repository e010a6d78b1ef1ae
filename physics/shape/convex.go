package shape

import "github.com/metatopia/metatopia/spatial/det"

// convex is a convex shape as a core with a skin: the core is spanned by
// corners or, when there are none, a box of half sizes that may be 0 (a point
// for a sphere, a segment for a capsule); the skin is radius thick.
type convex struct {
	half    det.Vec
	corners []det.Vec
	radius  float32
}

// convexOf is s as a convex; not ok when s is made of several.
func convexOf(s *Shape) (c convex, ok bool) {
	switch s.Kind {
	case Sphere:
		return convex{radius: s.Half.X}, true
	case Box:
		return convex{half: s.Half}, true
	case Capsule:
		return convex{half: det.Vec{Y: s.Half.Y}, radius: s.Half.X}, true
	case Hull:
		return convex{corners: s.Geometry.hull.corners}, true
	}
	return convex{}, false
}

// support is the corner of the core farthest along d, and its number.
func (c *convex) support(d wide) (at wide, corner uint32) {
	if len(c.corners) == 0 {
		h := c.half
		if d.x < 0 {
			h.X, corner = -h.X, 1
		}
		if d.y < 0 {
			h.Y, corner = -h.Y, corner|2
		}
		if d.z < 0 {
			h.Z, corner = -h.Z, corner|4
		}
		return widen(h), corner
	}
	most := widen(c.corners[0]).dot(d)
	for i := 1; i < len(c.corners); i++ {
		if s := widen(c.corners[i]).dot(d); s > most {
			most, corner = s, uint32(i)
		}
	}
	return widen(c.corners[corner]), corner
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// Ray finds where the way from a point along d first meets s, from outside. A
// ray that starts inside meets at once, with Share 0 and no normal; triangles
// are met from above only.
func Ray(s *Shape, p *Pose, from, d det.Vec) (best Hit, ok bool) {
	for i := range s.parts() {
		sp, q := s.part(i, p)
		// In the axes of the part.
		o, way := q.Turn.ApplyInverse(from.Sub(q.Pos)), q.Turn.ApplyInverse(d)
		r := ray{o: o, d: way, share: 1}
		if !r.meet(sp) || ok && r.share >= best.Share {
			continue
		}
		best = Hit{Share: r.share, Point: from.AddScaled(r.share, d), Normal: q.Turn.Apply(r.n), Part: uint64(i) | r.part}
		ok = true
	}
	return best, ok
}

// ray is a ray in the axes of a shape and where it meets that.
type ray struct {
	o, d  det.Vec
	share float32
	n     det.Vec
	part  uint64
}

func (r *ray) meet(s *Shape) bool {
	switch s.Kind {
	case Sphere:
		return r.ball(det.Vec{}, s.Half.X)
	case Box, Hull:
		var rm room
		q := polyOf(s, &rm)
		return r.planes(q.planes)
	case Capsule:
		return r.capsule(s.Half.X, s.Half.Y)
	}
	return r.surface(s.Geometry)
}

// ball meets a ball around c.
func (r *ray) ball(c det.Vec, radius float32) bool {
	m := r.o.Sub(c)
	k := m.Len2() - float32(radius*radius)
	if k <= 0 {
		r.share, r.n = 0, det.Vec{}
		return true
	}
	a, b := r.d.Len2(), m.Dot(r.d)
	if b >= 0 || a == 0 {
		return false
	}
	// From the point of the line nearest to the centre: less cancels there.
	t := -b / a
	near := m.AddScaled(t, r.d)
	rest := float32(radius*radius) - near.Len2()
	if rest < 0 {
		return false
	}
	t -= det.Sqrt(rest / a)
	if t < 0 || t > r.share {
		return false
	}
	r.share = t
	r.n = m.AddScaled(t, r.d).Unit(up)
	return true
}

// planes meets the convex solid behind all of them (Cyrus and Beck 1978).
func (r *ray) planes(planes []plane) bool {
	in, out := float32(0), r.share
	inside := true
	var n det.Vec
	for i := range planes {
		p := &planes[i]
		high, fall := p.above(r.o), -p.n.Dot(r.d)
		if high > 0 {
			inside = false
			if fall <= 0 {
				return false
			}
		}
		switch {
		case fall > 0:
			if t := high / fall; t > in {
				in, n = t, p.n
			}
		case fall < 0:
			out = min(out, high/fall)
		}
		if in > out {
			return false
		}
	}
	if inside {
		r.share, r.n = 0, det.Vec{}
		return true
	}
	r.share, r.n = in, n
	return true
}

// capsule meets the tube around the axis or one of the balls at its ends.
func (r *ray) capsule(radius, half float32) bool {
	onAxis := det.Vec{Y: det.Clamp(r.o.Y, -half, half)}
	if r.o.Sub(onAxis).Len2() <= float32(radius*radius) {
		r.share, r.n = 0, det.Vec{}
		return true
	}
	found := false
	flat, way := det.Vec{X: r.o.X, Z: r.o.Z}, det.Vec{X: r.d.X, Z: r.d.Z}
	a, b := way.Len2(), flat.Dot(way)
	if a > 0 && b < 0 {
		t := -b / a
		if rest := float32(radius*radius) - flat.AddScaled(t, way).Len2(); rest >= 0 {
			t -= det.Sqrt(rest / a)
			if y := r.o.Y + float32(t*r.d.Y); t >= 0 && t <= r.share && det.Abs(y) <= half {
				r.share, found = t, true
				r.n = flat.AddScaled(t, way).Unit(up)
			}
		}
	}
	for _, end := range [2]float32{-half, half} {
		found = r.ball(det.Vec{Y: end}, radius) || found
	}
	return found
}

// surface meets the triangles in the box of the ray.
func (r *ray) surface(g *Geometry) bool {
	end := r.o.Add(r.d)
	lo := det.Vec{X: min(r.o.X, end.X), Y: min(r.o.Y, end.Y), Z: min(r.o.Z, end.Z)}
	hi := det.Vec{X: max(r.o.X, end.X), Y: max(r.o.Y, end.Y), Z: max(r.o.Z, end.Z)}
	grow := det.Vec{X: CastSlop, Y: CastSlop, Z: CastSlop}
	var c cursor
	c.start(g, lo.Sub(grow), hi.Add(grow))
	var f facet
	found := false
	for c.next(&f) {
		found = r.triangle(&f) || found
	}
	return found
}

// seam is how far beside a triangle a ray still meets it, m.
const seam = 1e-4

// triangle meets a triangle from above (Möller and Trumbore 1997). The rim
// belongs to it, so that no ray slips through a seam.
func (r *ray) triangle(f *facet) bool {
	fall := -f.n.Dot(r.d)
	if !(fall > 0) {
		return false
	}
	t := f.n.Dot(r.o.Sub(f.p[0])) / fall
	if t < 0 || t > r.share {
		return false
	}
	at := r.o.AddScaled(t, r.d)
	for i := range 3 {
		a, b := f.p[i], f.p[(i+1)%3]
		e := b.Sub(a)
		if e.Cross(at.Sub(a)).Dot(f.n) < -float32(seam*e.Len()) {
			return false
		}
	}
	r.share, r.n, r.part = t, f.n, uint64(f.id)
	return true
}

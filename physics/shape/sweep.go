package shape

import "github.com/metatopia/metatopia/spatial/det"

// Meeting says when one shape on its path counts as met by another.
type Meeting struct {
	Start float32 // m: what is no farther at the start is left out
	Stop  float32 // m: how near is met
	Deep  float32 // m: what would be entered no deeper is not met; -1 = all is
}

// sweepRounds bounds the search for the nearest points of two parts on their
// paths, and axisRounds the way along one axis between. A path that needs more
// is cut where it has come to: too early, never too late.
const (
	sweepRounds = 20
	axisRounds  = 64
)

// Sweep is how much of its path a can go until it meets b on its own, at most
// share. left reports whether anything was left out because it touches at the
// start. The answer is the smallest of those for the parts of a and b, so it
// does not depend on the order of parts, nor on share where it is less.
func Sweep(a *Shape, pa *Path, b *Shape, pb *Path, by Meeting, share float32) (t float32, left bool) {
	for i := range a.parts() {
		for j := range b.parts() {
			s := sweep{by: by, pa: pa, pb: pb, a: a, b: b, i: i, j: j}
			at, touches := s.part(share)
			share, left = min(share, at), left || touches
		}
	}
	return share, left
}

// sweep is that of two parts.
type sweep struct {
	by     Meeting
	pa, pb *Path
	a, b   *Shape
	i, j   int
	ca, cb convex
	facet  plane // of the triangle, when b is a surface
}

func (s *sweep) part(share float32) (t float32, left bool) {
	sa, qa := s.a.part(s.i, &s.pa.Pose)
	sb, qb := s.b.part(s.j, &s.pb.Pose)
	if sa.surface() {
		return share, false // cannot move
	}
	s.ca, _ = convexOf(sa)
	if sb.surface() {
		return s.surface(sa, &qa, sb, &qb, share)
	}
	alo, ahi := s.pa.around(sa, &qa)
	blo, bhi := s.pb.around(sb, &qb)
	if !boxesMeet(alo, ahi, blo, bhi) {
		return share, false
	}
	s.cb, _ = convexOf(sb)
	return s.convex(share)
}

// around is a box that holds all of a part on the path.
func (p *Path) around(s *Shape, at *Pose) (lo, hi det.Vec) {
	lo, hi = s.Bounds(at)
	r := p.Rate + CastSlop
	d := p.D
	lo = lo.Add(det.Vec{X: min(d.X, 0) - r, Y: min(d.Y, 0) - r, Z: min(d.Z, 0) - r})
	hi = hi.Add(det.Vec{X: max(d.X, 0) + r, Y: max(d.Y, 0) + r, Z: max(d.Z, 0) + r})
	return lo, hi
}

// surface sweeps a part against the triangles of b around its path. Those that
// it is behind of, or that it only parts from, do not count.
func (s *sweep) surface(sa *Shape, qa *Pose, sb *Shape, qb *Pose, share float32) (t float32, left bool) {
	v := newView(qb, qa)
	centre := v.at.narrow()
	here := Pose{Turn: det.Mat{A: v.x.narrow(), B: v.y.narrow(), C: v.z.narrow()}}
	way := Path{D: qb.Turn.ApplyInverse(s.pa.D), Rate: s.pa.Rate}
	lo, hi := way.around(sa, &here)
	var c cursor
	c.start(sb.Geometry, centre.Add(lo), centre.Add(hi))
	// The axes of b around the centre of a.
	still := Path{Pose: Pose{Pos: qa.Pos, Rot: qb.Rot, Turn: qb.Turn}}
	var f facet
	// A copy, which may point to what lives on the stack.
	one := sweep{by: s.by, pa: s.pa, pb: &still, a: s.a, b: sb, i: s.i, ca: s.ca}
	for c.next(&f) {
		f.move(centre)
		if f.n.Dot(f.p[0]) > 0 || way.Rate == 0 && f.n.Dot(way.D) >= 0 {
			continue
		}
		one.cb, one.facet = convex{corners: f.p[:]}, plane{f.n, f.n.Dot(f.p[0])}
		at, touches := one.convex(share)
		share, left = min(share, at), left || touches
	}
	return share, left
}

// convex advances along the axis between the nearest points: the plane through
// it parts the two as long as neither reaches over it, which their farthest
// points along the axis tell without a search for the nearest (after Catto,
// "Continuous Collision", 2013, with steps that cannot jump over anything).
func (s *sweep) convex(share float32) (t float32, left bool) {
	d := s.pa.D.Sub(s.pb.D)
	turning := s.pa.Rate + s.pb.Rate
	skin := float64(s.ca.radius) + float64(s.cb.radius)
	for round := range sweepRounds {
		pa, pb := s.poses(t)
		v := newView(&pa, &pb)
		g := gjk(&s.ca, &s.cb, &v)
		gap := float32(g.dist - skin)
		if round == 0 && gap <= s.by.Start {
			return share, true
		}
		n := pa.Turn.Apply(g.normal.narrow())
		closing := d.Dot(n) + turning
		if gap <= s.by.Stop && round > 0 {
			if float32((1-t)*closing) <= s.by.Deep || s.glides() {
				return share, false
			}
			return t, false
		}
		if closing <= 0 {
			return share, false
		}
		t = s.along(n, t, gap, closing, share)
		if t >= share {
			return share, false
		}
	}
	return t, false
}

// glides reports whether a face of b keeps the parts apart, but for Deep, both at
// the start and at the end of the path: what rolls over the seam of two tiles
// comes near the edge of the next one and does not run into it.
func (s *sweep) glides() bool {
	a0, b0 := s.poses(0)
	a1, b1 := s.poses(1)
	apart := func(f *plane) bool {
		return s.over(f, &a0, &b0) >= -s.by.Deep && s.over(f, &a1, &b1) >= -s.by.Deep
	}
	sb, _ := s.b.part(s.j, &s.pb.Pose)
	switch sb.Kind {
	case Heightfield, Mesh:
		return apart(&s.facet)
	case Box, Hull:
		var r room
		faces := polyOf(sb, &r).planes
		for i := range faces {
			if apart(&faces[i]) {
				return true
			}
		}
	}
	return false
}

// over is how far the part of a stays outside a face of b.
func (s *sweep) over(f *plane, pa, pb *Pose) float32 {
	n := pb.Turn.Apply(f.n)
	return pa.Pos.Sub(pb.Pos).Dot(n) - f.offset - s.ca.along(&pa.Turn, n.Neg())
}

// along goes on from t, where the parts are gap apart along n, until they are
// hardly more than Stop apart along it.
func (s *sweep) along(n det.Vec, t, gap, closing, share float32) float32 {
	for range axisRounds {
		t += (gap - float32(0.5*min(gap, s.by.Stop))) / closing
		if t >= share {
			return share
		}
		pa, pb := s.poses(t)
		gap = pb.Pos.Sub(pa.Pos).Dot(n) - s.ca.along(&pa.Turn, n) - s.cb.along(&pb.Turn, n.Neg())
		if gap <= s.by.Stop {
			break
		}
	}
	return t
}

func (s *sweep) poses(t float32) (pa, pb Pose) {
	pa, pb = s.pa.At(t), s.pb.At(t)
	if s.a.Kind == Compound {
		_, pa = s.a.part(s.i, &pa)
	}
	if s.b.Kind == Compound {
		_, pb = s.b.part(s.j, &pb)
	}
	return pa, pb
}

// along is how far the turned c reaches along n from its centre, m.
func (c *convex) along(turn *det.Mat, n det.Vec) float32 {
	l := turn.ApplyInverse(n)
	if len(c.corners) == 0 {
		return l.Abs().Dot(c.half) + c.radius
	}
	most := c.corners[0].Dot(l)
	for _, p := range c.corners[1:] {
		most = max(most, p.Dot(l))
	}
	return most + c.radius
}

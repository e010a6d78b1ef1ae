package shape

import "github.com/metatopia/metatopia/spatial/det"

// Hit is where a ray or a moved shape first meets a shape.
type Hit struct {
	Share  float32 // of the way, 0 to 1; 0 = they overlap at the start
	Point  det.Vec // world, m
	Normal det.Vec // unit, out of what is met; zero when they overlap deeply at the start
	Part   uint64  // child or triangle of what is met
}

// CastSlop is how near counts as met, m.
const CastSlop = 0.001

// castRounds bounds the advance. Between a flat and a flat one round is enough;
// a glancing path past a corner takes most.
const castRounds = 32

// Cast moves a along d until it meets b. The shapes keep their rotations. It is
// not ok when they do not meet (conservative advancement: Mirtich 1996).
// Triangles are met from outside only.
func Cast(a *Shape, pa *Pose, d det.Vec, b *Shape, pb *Pose) (best Hit, ok bool) {
	best.Share = 1
	for i := range a.parts() {
		sa, qa := a.part(i, pa)
		for j := range b.parts() {
			sb, qb := b.part(j, pb)
			h, found := castParts(sa, &qa, d, sb, &qb)
			if found && (!ok || h.Share < best.Share) {
				h.Part |= uint64(j)
				best, ok = h, true
			}
		}
	}
	return best, ok
}

func castParts(a *Shape, pa *Pose, d det.Vec, b *Shape, pb *Pose) (h Hit, ok bool) {
	switch {
	case a.surface() && b.surface():
		return h, false
	case a.surface():
		h, ok = castSurface(b, pb, d.Neg(), a, pa)
		h.Point, h.Normal, h.Part = h.Point.AddScaled(h.Share, d), h.Normal.Neg(), 0
		return h, ok
	case b.surface():
		return castSurface(a, pa, d, b, pb)
	}
	ca, _ := convexOf(a)
	cb, _ := convexOf(b)
	f := newView(pa, pb)
	return castConvex(&ca, pa, d, &cb, &f)
}

// castSurface casts a convex a on the triangles of b in the box of its path.
func castSurface(a *Shape, pa *Pose, d det.Vec, b *Shape, pb *Pose) (best Hit, ok bool) {
	ca, _ := convexOf(a)
	v := newView(pb, pa)
	centre := v.at.narrow()
	here := Pose{Turn: det.Mat{A: v.x.narrow(), B: v.y.narrow(), C: v.z.narrow()}}
	way := pb.Turn.ApplyInverse(d)
	lo, hi := a.Bounds(&here)
	lo = lo.Add(det.Vec{X: min(way.X, 0), Y: min(way.Y, 0), Z: min(way.Z, 0)})
	hi = hi.Add(det.Vec{X: max(way.X, 0), Y: max(way.Y, 0), Z: max(way.Z, 0)})
	grow := det.Vec{X: CastSlop, Y: CastSlop, Z: CastSlop}
	var c cursor
	c.start(b.Geometry, centre.Add(lo).Sub(grow), centre.Add(hi).Add(grow))
	// The axes of b around the centre of a.
	at := Pose{Pos: pa.Pos, Rot: pb.Rot, Turn: pb.Turn}
	var t facet
	for c.next(&t) {
		if t.n.Dot(way) >= 0 {
			continue
		}
		t.move(centre)
		tri := convex{corners: t.p[:]}
		f := newView(pa, &at)
		h, found := castConvex(&ca, pa, d, &tri, &f)
		if found && (!ok || h.Share < best.Share) {
			h.Part = uint64(t.id)
			best, ok = h, true
		}
	}
	return best, ok
}

func castConvex(a *convex, pa *Pose, d det.Vec, b *convex, f *view) (h Hit, ok bool) {
	way := widen(pa.Turn.ApplyInverse(d))
	start := f.at
	skin := float64(a.radius) + float64(b.radius)
	t := 0.0
	var g nearest
	for range castRounds {
		g = gjk(a, b, f)
		gap := g.dist - skin
		closing := g.normal.dot(way)
		if gap <= CastSlop {
			if t == 0 && gap > 0 && closing <= 0 {
				return h, false // side by side and parting
			}
			break
		}
		// The plane between the two goes on to part them until a has closed the
		// gap along its normal.
		if closing <= 0 {
			return h, false
		}
		t += (gap - CastSlop/2) / closing
		if t > 1 {
			return h, false
		}
		f.at = start.addScaled(-t, way)
	}
	// Out of rounds is a hit as well: never too late, perhaps a little early.
	h.Share = float32(t)
	h.Normal = pa.Turn.Apply(g.normal.narrow()).Neg()
	at := g.onB.addScaled(-float64(b.radius), g.normal).addScaled(t, way)
	h.Point = pa.Pos.Add(pa.Turn.Apply(at.narrow()))
	return h, true
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// Nearest is the shortest way between two shapes. Points are from the centre
// of a, in world axes.
type Nearest struct {
	Gap      float32 // m; at most 0 when they overlap, and then no measure of how deep
	OnA, OnB det.Vec // on the surfaces; in the overlap when there is one
	Normal   det.Vec // unit, from a to b; zero when the cores overlap
	Part     uint64  // child or triangle of a << 32 | child or triangle of b
}

// Distance finds the nearest points of two shapes. It is not ok when they are
// more than limit apart, or both heightfields or meshes, of which only the
// triangles count.
func Distance(a *Shape, pa *Pose, b *Shape, pb *Pose, limit float32) (best Nearest, ok bool) {
	for i := range a.parts() {
		sa, qa := a.part(i, pa)
		for j := range b.parts() {
			sb, qb := b.part(j, pb)
			n, found := distanceParts(sa, &qa, sb, &qb, limit)
			if !found || ok && n.Gap >= best.Gap {
				continue
			}
			off := qa.Pos.Sub(pa.Pos)
			n.OnA, n.OnB = n.OnA.Add(off), n.OnB.Add(off)
			n.Part |= uint64(i)<<32 | uint64(j)
			best, ok, limit = n, true, n.Gap
		}
	}
	return best, ok
}

func distanceParts(a *Shape, pa *Pose, b *Shape, pb *Pose, limit float32) (n Nearest, ok bool) {
	switch {
	case a.surface() && b.surface():
		return n, false
	case a.surface():
		n, ok = distanceSurface(b, pb, a, pa, limit)
		off := pb.Pos.Sub(pa.Pos)
		n.OnA, n.OnB = n.OnB.Add(off), n.OnA.Add(off)
		n.Normal, n.Part = n.Normal.Neg(), n.Part<<32
		return n, ok
	case b.surface():
		return distanceSurface(a, pa, b, pb, limit)
	}
	ca, _ := convexOf(a)
	cb, _ := convexOf(b)
	f := newView(pa, pb)
	g := gjk(&ca, &cb, &f)
	return g.outside(&ca, &cb, &pa.Turn, limit)
}

// distanceSurface looks at the triangles of b within limit of a, in b's axes
// around the centre of a.
func distanceSurface(a *Shape, pa *Pose, b *Shape, pb *Pose, limit float32) (best Nearest, ok bool) {
	ca, _ := convexOf(a)
	f := newView(pb, pa)
	centre := f.at.narrow()
	f.at = wide{}
	here := Pose{Turn: det.Mat{A: f.x.narrow(), B: f.y.narrow(), C: f.z.narrow()}}
	lo, hi := a.Bounds(&here)
	reach := max(limit, 0)
	grow := det.Vec{X: reach, Y: reach, Z: reach}
	var c cursor
	c.start(b.Geometry, centre.Add(lo).Sub(grow), centre.Add(hi).Add(grow))
	var t facet
	for c.next(&t) {
		t.move(centre)
		tri := convex{corners: t.p[:]}
		g := gjk(&tri, &ca, &f)
		// Seen from the triangle: the points count from the centre of a here too.
		n, found := g.outside(&tri, &ca, &pb.Turn, limit)
		if found && (!ok || n.Gap < best.Gap) {
			n.OnA, n.OnB, n.Normal, n.Part = n.OnB, n.OnA, n.Normal.Neg(), uint64(t.id)
			best, ok, limit = n, true, n.Gap
		}
	}
	return best, ok
}

// outside brings what gjk found for the cores to the skins and the world axes.
func (g *nearest) outside(a, b *convex, turn *det.Mat, limit float32) (n Nearest, ok bool) {
	n.Gap = float32(g.dist) - a.radius - b.radius
	if n.Gap > limit {
		return n, false
	}
	n.Normal = turn.Apply(g.normal.narrow())
	n.OnA = turn.Apply(g.onA.narrow()).AddScaled(a.radius, n.Normal)
	n.OnB = turn.Apply(g.onB.narrow()).AddScaled(-b.radius, n.Normal)
	return n, true
}

// Overlap reports whether two shapes share a point. What lies wholly below a
// heightfield or inside a mesh shares none.
func Overlap(a *Shape, pa *Pose, b *Shape, pb *Pose) bool {
	n, ok := Distance(a, pa, b, pb, 0)
	return ok && n.Gap <= 0
}

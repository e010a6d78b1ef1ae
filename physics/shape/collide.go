package shape

// Collide appends to out where a and b meet: nothing, one manifold for convex
// shapes, and for others several, by Part in rising order. It allocates nothing
// but what out needs.
func Collide(a *Shape, pa *Pose, b *Shape, pb *Pose, out []Manifold) []Manifold {
	if a.Kind > Hull || b.Kind > Hull {
		return collideParts(a, pa, b, pb, out)
	}
	n := len(out)
	out = append(out, Manifold{})
	meet(a, pa, b, pb, &out[n])
	if out[n].Count == 0 {
		return out[:n]
	}
	return out
}

// meet finds where two convex shapes meet.
func meet(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	switch {
	case a.Kind == Box && b.Kind == Box:
		meetBoxes(a, pa, b, pb, m)
	case a.Kind == Sphere && b.Kind == Sphere:
		meetSpheres(pa.Pos, a.Half.X, pb.Pos, b.Half.X, m)
	case a.Kind == Sphere && b.Kind == Box:
		meetBoxSphere(b, pb, pa.Pos, a.Half.X, m)
		m.flip()
	case a.Kind == Box && b.Kind == Sphere:
		meetBoxSphere(a, pa, pb.Pos, b.Half.X, m)
	default:
		meetRare(a, pa, b, pb, m)
	}
}

// meetRare is meet for pairs with a capsule or a hull.
func meetRare(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	switch {
	case a.Kind == Capsule && b.Kind == Capsule:
		meetCapsules(a, pa, b, pb, m)
	case a.Kind == Capsule && b.Kind == Sphere:
		meetCapsuleSphere(a, pa, pb.Pos, b.Half.X, m)
	case a.Kind == Sphere && b.Kind == Capsule:
		meetCapsuleSphere(b, pb, pa.Pos, a.Half.X, m)
		m.flip()
	case b.Kind == Capsule || b.Kind == Sphere:
		meetPolyCapsule(a, pa, b, pb, m)
	case a.Kind == Capsule || a.Kind == Sphere:
		meetPolyCapsule(b, pb, a, pa, m)
		m.flip()
	default:
		meetPolys(a, pa, b, pb, m)
	}
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// up is the direction of a contact whose shapes share a centre.
var up = det.Vec{Y: 1}

// meetSpheres finds where two spheres meet.
func meetSpheres(pa det.Vec, ra float32, pb det.Vec, rb float32, m *Manifold) {
	d := pb.Sub(pa)
	l := d.Len()
	gap := l - ra - rb
	if gap > Margin {
		return
	}
	n := up
	if l > 1e-6 {
		n = d.Scale(1 / l)
	}
	half := float32(0.5 * gap)
	m.Normal, m.Count = n, 1
	m.Points[0] = Point{RA: n.Scale(ra + half), RB: n.Scale(-rb - half), Gap: gap}
}

// meetBoxSphere finds where box a and sphere b meet: the point of the box
// nearest to the centre, or the nearest face when the centre is inside.
func meetBoxSphere(a *Shape, pa *Pose, pb det.Vec, r float32, m *Manifold) {
	d := pb.Sub(pa.Pos)
	h := a.Half
	l := pa.Turn.ApplyInverse(d)
	c := det.Vec{X: det.Clamp(l.X, -h.X, h.X), Y: det.Clamp(l.Y, -h.Y, h.Y), Z: det.Clamp(l.Z, -h.Z, h.Z)}
	e := l.Sub(c)
	reach := r + Margin
	dd := e.Len2()
	if dd > float32(reach*reach) {
		return
	}
	var gap float32
	if dd > 1e-12 {
		dist := det.Sqrt(dd)
		m.Normal = pa.Turn.Apply(e.Scale(1 / dist))
		gap = dist - r
	} else {
		var depth float32
		m.Normal, depth = nearestFace(&pa.Turn, h, l)
		gap = -depth - r
	}
	// The point lies midway between the two surfaces.
	onBox := pa.Turn.Apply(c)
	onSphere := d.AddScaled(-r, m.Normal)
	if dd <= 1e-12 {
		onBox = onSphere.AddScaled(-gap, m.Normal)
	}
	mid := onBox.Add(onSphere).Scale(0.5)
	m.Count = 1
	m.Points[0] = Point{RA: mid, RB: mid.Sub(d), Gap: gap}
}

// nearestFace is the outward normal of the face of a box nearest to the inner
// point l, and how deep under it l lies.
func nearestFace(turn *det.Mat, h, l det.Vec) (n det.Vec, depth float32) {
	x, y, z := h.X-det.Abs(l.X), h.Y-det.Abs(l.Y), h.Z-det.Abs(l.Z)
	at := l.Z
	n, depth = turn.C, z
	switch {
	case x < y && x < z:
		n, depth, at = turn.A, x, l.X
	case y < z:
		n, depth, at = turn.B, y, l.Y
	}
	if at < 0 {
		n = n.Neg()
	}
	return n, depth
}

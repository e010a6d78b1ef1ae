package physics

import "github.com/metatopia/metatopia/spatial/det"

// soften is the impulse that a mass and a softness ask for against velocity
// v and error c, given what was applied already.
func (s softness) soften(mass, v, c, applied float32) float32 {
	return float32(float32(-mass*s.mass)*(v+float32(s.rate*c))) - float32(s.impulse*applied)
}

// softenVec is soften in three directions solved together.
func (s softness) softenVec(mass *det.Sym, v, c, applied det.Vec) det.Vec {
	return mass.Apply(v.AddScaled(s.rate, c)).Scale(-s.mass).AddScaled(-s.impulse, applied)
}

// gap is the part of d that a pass closes.
func (r *rig) gap(s softness) det.Vec {
	if s != r.lock {
		return r.d
	}
	return r.d.Limit(s.reach())
}

// solvePoint keeps the anchors together.
func (r *rig) solvePoint(ma, mb *motion, bias bool) {
	v := relative(ma, mb, r.ra, r.rb)
	if bias {
		v = v.Add(r.curve(ma, mb))
	}
	s := r.holding(bias)
	p := s.softenVec(&r.point, v, r.gap(s), r.linear)
	r.linear = r.linear.Add(p)
	push(ma, mb, p, r.ra, r.rb, det.Vec{})
}

// curve is what the anchors drift apart in a substep, per second of it, because
// bodies that turn move them along arcs and not along their tangents: half a
// substep's worth of w×(w×r) of both, and on a rail of the way that b makes in
// the turning axes of a.
func (r *rig) curve(ma, mb *motion) det.Vec {
	// Before travel caps them, spins may be anything.
	wa, wb := ma.w.Limit(MaxSpin), mb.w.Limit(MaxSpin)
	b := wb.Cross(wb.Cross(r.rb))
	if r.Kind != SliderJoint {
		a := wa.Cross(wa.Cross(r.ra.Sub(r.d)))
		return b.Sub(a).Scale(0.5 / r.rate)
	}
	v := relative(ma, mb, r.ra, r.rb).Limit(2 * MaxSpeed)
	return b.Sub(wa.Cross(wa.Cross(r.ra).AddScaled(2, v))).Scale(0.5 / r.rate)
}

// leadPoint finds the mass of a lock of rotation that is solved before a lock
// of the point, such that both hold at once: the Schur complement of the point
// in the two blocks. lead is what of the point's speed the rotation must answer
// for.
func (r *rig) leadPoint(ma, mb *motion) {
	// The rotation that a unit impulse along each axis makes.
	var c [3]det.Vec
	for k, e := range [3]det.Vec{{X: 1}, {Y: 1}, {Z: 1}} {
		c[k] = ma.inertia.Apply(r.ra.Cross(e)).Add(mb.inertia.Apply(r.rb.Cross(e)))
	}
	p := &r.point
	r.lead = det.Mat{
		A: c[0].Scale(p.XX).AddScaled(p.XY, c[1]).AddScaled(p.XZ, c[2]),
		B: c[0].Scale(p.XY).AddScaled(p.YY, c[1]).AddScaled(p.YZ, c[2]),
		C: c[0].Scale(p.XZ).AddScaled(p.YZ, c[1]).AddScaled(p.ZZ, c[2]),
	}
	k := sumInertia(ma, mb)
	own := k
	subOuter(&k, r.lead.A, c[0])
	subOuter(&k, r.lead.B, c[1])
	subOuter(&k, r.lead.C, c[2])
	r.turn = held(&k, &own)
}

// leadRail is leadPoint for two directions, cu and cv what a unit impulse along
// each turns.
func (r *rig) leadRail(ma, mb *motion, cu, cv det.Vec) {
	u, v := r.axes.B, r.axes.C
	fu := cu.Scale(r.across.uu).AddScaled(r.across.uv, cv)
	fv := cu.Scale(r.across.uv).AddScaled(r.across.vv, cv)
	r.lead = det.Mat{
		A: fu.Scale(u.X).AddScaled(v.X, fv),
		B: fu.Scale(u.Y).AddScaled(v.Y, fv),
		C: fu.Scale(u.Z).AddScaled(v.Z, fv),
	}
	k := sumInertia(ma, mb)
	own := k
	subOuter(&k, fu, cu)
	subOuter(&k, fv, cv)
	r.turn = held(&k, &own)
}

// held is the inverse of a Schur complement of own. A share of own stays in
// it, or rounding would be all that is left of long arms.
func held(k, own *det.Sym) det.Sym {
	k.XX += float32(minHeld * own.XX)
	k.YY += float32(minHeld * own.YY)
	k.ZZ += float32(minHeld * own.ZZ)
	return inverse(k)
}

// subOuter takes the symmetric product of a and b from k.
func subOuter(k *det.Sym, a, b det.Vec) {
	k.XX -= float32(a.X * b.X)
	k.YY -= float32(a.Y * b.Y)
	k.ZZ -= float32(a.Z * b.Z)
	k.XY -= float32(a.X * b.Y)
	k.XZ -= float32(a.X * b.Z)
	k.YZ -= float32(a.Y * b.Z)
}

// solveTurn keeps b from turning over a.
func (r *rig) solveTurn(ma, mb *motion, bias bool) {
	s := r.holding(bias)
	v := relative(ma, mb, r.ra, r.rb).AddScaled(s.rate, r.gap(s))
	w := mb.w.Sub(ma.w).Sub(r.lead.Apply(v))
	t := s.softenVec(&r.turn, w, r.turned, r.angular)
	r.angular = r.angular.Add(t)
	spin(ma, mb, t)
}

// solveAxes keeps the axes of a hinge along each other.
func (r *rig) solveAxes(ma, mb *motion, bias bool) {
	s := r.holding(bias)
	w := mb.w.Sub(ma.w)
	u, v := r.axes.B, r.axes.C
	x, y := r.across.apply(w.Dot(u)-float32(s.rate*r.tilt.Z), w.Dot(v)+float32(s.rate*r.tilt.Y))
	x = float32(-s.mass*x) - float32(s.impulse*r.angular.X)
	y = float32(-s.mass*y) - float32(s.impulse*r.angular.Y)
	r.angular.X += x
	r.angular.Y += y
	spin(ma, mb, u.Scale(x).AddScaled(y, v))
}

// solveRail keeps b's anchor on the axis of a slider.
func (r *rig) solveRail(ma, mb *motion, bias bool) {
	s := r.holding(bias)
	rel := relative(ma, mb, r.ra, r.rb)
	if bias {
		rel = rel.Add(r.curve(ma, mb))
	}
	rel = rel.AddScaled(s.rate, r.gap(s))
	u, v := r.axes.B, r.axes.C
	x, y := r.across.apply(rel.Dot(u), rel.Dot(v))
	x = float32(-s.mass*x) - float32(s.impulse*r.linear.X)
	y = float32(-s.mass*y) - float32(s.impulse*r.linear.Y)
	r.linear.X += x
	r.linear.Y += y
	push(ma, mb, u.Scale(x).AddScaled(y, v), r.ra, r.rb, det.Vec{})
}

// spin turns b by the angular impulse t and a by its opposite.
func spin(ma, mb *motion, t det.Vec) {
	ma.w = ma.w.Sub(ma.inertia.Apply(t))
	mb.w = mb.w.Add(mb.inertia.Apply(t))
}

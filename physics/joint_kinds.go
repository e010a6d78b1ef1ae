package physics

import "github.com/metatopia/metatopia/spatial/det"

// What a rig keeps in its memory, by kind:
//
//	             linear          angular             drive             low, high, cone
//	ball         world           spring, world       motor, world      twist and cone
//	hinge        world           X, Y: across        X spring, Y motor angle
//	slider       X, Y: across    world               X spring, Y motor way
//	fixed        world           world
//	distance                                         X spring, Y motor length
//	motor        world           world
//
// "across" is along Y and Z of A's joint axes.

// reaction is what the impulses of the moment push b with, at its anchor, and
// turn it with.
func (r *rig) reaction() (force, torque det.Vec) {
	along := r.low - r.high + r.drive.X + r.drive.Y
	u, v := r.axes.B, r.axes.C
	switch r.Kind {
	case BallJoint:
		t := r.angular.Add(r.drive)
		return r.linear, t.AddScaled(r.low-r.high, r.axis).AddScaled(-r.cone, r.swing)
	case HingeJoint:
		return r.linear, u.Scale(r.angular.X).AddScaled(r.angular.Y, v).AddScaled(along, r.axis)
	case SliderJoint:
		return u.Scale(r.linear.X).AddScaled(r.linear.Y, v).AddScaled(along, r.axis), r.angular
	case DistanceJoint:
		return r.axis.Scale(along), det.Vec{}
	}
	return r.linear, r.angular
}

// warm starts a substep: where the joint is now, and the impulses of the one
// before.
func (r *rig) warm(ma, mb *motion) {
	r.refresh(ma, mb)
	force, torque := r.reaction()
	push(ma, mb, force, r.ra, r.rb, torque)
}

// solve is one round of impulses, weakest first: a lock that is solved last is
// the one that holds. Without bias the bodies have moved since warm.
func (r *rig) solve(ma, mb *motion, bias bool) {
	if !bias {
		r.refresh(ma, mb)
	}
	switch r.Kind {
	case BallJoint:
		r.solveAim(ma, mb)
		r.solveLimits(ma, mb, bias)
		r.solveCone(ma, mb, bias)
		r.solvePoint(ma, mb, bias)
	case HingeJoint:
		r.solveDrive(ma, mb)
		r.solveLimits(ma, mb, bias)
		r.solveAxes(ma, mb, bias)
		r.solvePoint(ma, mb, bias)
	case SliderJoint:
		r.solveDrive(ma, mb)
		r.solveLimits(ma, mb, bias)
		r.solveTurn(ma, mb, bias)
		r.solveRail(ma, mb, bias)
	case FixedJoint:
		r.solveTurn(ma, mb, bias)
		r.solvePoint(ma, mb, bias)
	case DistanceJoint:
		r.solveDrive(ma, mb)
		r.solveLimits(ma, mb, bias)
	case MotorJoint:
		r.solveMotor(ma, mb)
	}
}

// holding is the softness of the locked directions in a pass. A weld with a
// spring is soft in both passes: its give is meant.
func (r *rig) holding(bias bool) softness {
	switch {
	case r.Kind == FixedJoint && r.Spring.Hertz > 0:
		return r.spring
	case bias:
		return r.lock
	}
	return rigid
}

// refreshDistance finds the line between the two points. Both in one place
// have no direction: then any will do.
func (r *rig) refreshDistance(ma, mb *motion) {
	r.coord = r.d.Len()
	r.axis = r.d.Unit(det.Vec{X: 1})
	r.axial = reciprocal(ma.inv + mb.inv + resist(ma, mb, r.ra.Cross(r.axis), r.rb.Cross(r.axis)))
}

func (r *rig) refreshSlider(ma, mb *motion) {
	inv := ma.inv + mb.inv
	r.axis = r.axes.A
	r.coord = r.d.Dot(r.axis)
	au, bu := r.ra.Cross(r.axes.B), r.rb.Cross(r.axes.B)
	av, bv := r.ra.Cross(r.axes.C), r.rb.Cross(r.axes.C)
	ibu, ibv := mb.inertia.Apply(bu), mb.inertia.Apply(bv)
	iau, iav := ma.inertia.Apply(au), ma.inertia.Apply(av)
	k := pair{
		uu: inv + au.Dot(iau) + bu.Dot(ibu),
		uv: au.Dot(iav) + bu.Dot(ibv),
		vv: inv + av.Dot(iav) + bv.Dot(ibv),
	}
	r.across = k.inverse()
	r.leadRail(ma, mb, iau.Add(ibu), iav.Add(ibv))
	aa, ba := r.ra.Cross(r.axis), r.rb.Cross(r.axis)
	r.axial, r.couple = heldMass(inv+resist(ma, mb, aa, ba), ma.inertia.Apply(aa).Add(mb.inertia.Apply(ba)), &r.turn)
}

// refreshHinge; q is the rotation of b over a in the joint's axes, W >= 0.
func (r *rig) refreshHinge(ma, mb *motion, q det.Quat) {
	k := sumInertia(ma, mb)
	r.axis = r.axes.A
	r.coord = twistAngle(q)
	r.axial, r.couple = r.about(ma, mb, r.axis)
	kv := k.Apply(r.axes.C)
	p := pair{uu: r.axes.B.Dot(k.Apply(r.axes.B)), uv: r.axes.B.Dot(kv), vv: r.axes.C.Dot(kv)}
	r.across = p.inverse()
	r.tilt = q.Rotate(det.Vec{X: 1})
}

// about is the mass of turning about an axis while the point is held.
func (r *rig) about(ma, mb *motion, axis det.Vec) (mass float32, couple det.Vec) {
	ia, ib := ma.inertia.Apply(axis), mb.inertia.Apply(axis)
	return heldMass(axis.Dot(ia.Add(ib)), ib.Cross(r.rb).Add(ia.Cross(r.ra)), &r.point)
}

// heldMass is what a direction meets when the block of locks that is solved
// after it is held: with k what it meets alone, cross what a unit of it does to
// that block and block the block's mass, that is 1 over the Schur complement
// k - cross·block·cross. A door then weighs as much as it does about its hinge,
// and limits, motors and springs do not wait for the locks to pass that on.
// couple is what of the block's speed the direction must answer for.
func heldMass(k float32, cross det.Vec, block *det.Sym) (mass float32, couple det.Vec) {
	couple = block.Apply(cross)
	held := k - cross.Dot(couple)
	if !(held > float32(minHeld*k)) {
		return reciprocal(k), det.Vec{}
	}
	return 1 / held, couple
}

// minHeld is the share of its own compliance that a coordinate keeps at least
// when its locks are held: less is rounding.
const minHeld = 1e-3

// minBend is 1 plus the cosine of the swing below which the axes of a ball
// joint point so far apart that its twist has no meaning.
const minBend = 1e-3

// refreshBall splits the rotation of b over a into a swing, which leads one
// axis to the other, and a twist. The twist changes by w·(x+y)/(1+x·y), with w
// the spin of b over a and x, y their axes.
func (r *rig) refreshBall(ma, mb *motion, q det.Quat) {
	if r.Spring.Hertz > 0 || r.twist > 0 {
		r.turn = turnMass(ma, mb)
		r.turned = r.axes.Apply(det.Vec{X: q.X + q.X, Y: q.Y + q.Y, Z: q.Z + q.Z})
	}
	if r.Flags&(JointLimit|JointCone) == 0 {
		return
	}
	x := r.axes.A
	y := r.axes.Apply(q.Rotate(det.Vec{X: 1}))
	cos := x.Dot(y)
	r.coord = twistAngle(q)
	r.axis = x
	if bend := 1 + cos; bend > minBend {
		r.axis = x.Add(y).Scale(1 / bend)
	}
	r.axial, r.couple = r.about(ma, mb, r.axis)
	s := x.Cross(y)
	r.swing = s.Unit(r.axes.B)
	r.swung = det.Atan2(s.Len(), cos)
	r.swingMs, r.swingBy = r.about(ma, mb, r.swing)
}

// twistAngle of a rotation about X, in (-π, π] because W >= 0.
func twistAngle(q det.Quat) float32 { return float32(2 * det.Atan2(q.X, q.W)) }

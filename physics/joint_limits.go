package physics

import "github.com/metatopia/metatopia/spatial/det"

// speed is how fast the coordinate grows, less what the locks that are solved
// later will take of it (see heldMass).
func (r *rig) speed(ma, mb *motion) float32 {
	switch r.Kind {
	case HingeJoint, BallJoint:
		return mb.w.Sub(ma.w).Dot(r.axis) - r.couple.Dot(relative(ma, mb, r.ra, r.rb))
	case SliderJoint:
		return relative(ma, mb, r.ra, r.rb).Dot(r.axis) - r.couple.Dot(mb.w.Sub(ma.w))
	}
	return relative(ma, mb, r.ra, r.rb).Dot(r.axis)
}

// give pushes the coordinate up by impulse x.
func (r *rig) give(ma, mb *motion, x float32) {
	if r.Kind.angular() {
		spin(ma, mb, r.axis.Scale(x))
		return
	}
	push(ma, mb, r.axis.Scale(x), r.ra, r.rb, det.Vec{})
}

// solveDrive is the spring and the motor of a coordinate.
func (r *rig) solveDrive(ma, mb *motion) {
	if r.Spring.Hertz > 0 {
		c := r.coord - r.Spring.Target
		if r.Kind == HingeJoint {
			c = wrap(c)
		}
		x := r.spring.soften(r.axial, r.speed(ma, mb), c, r.drive.X)
		r.drive.X += x
		r.give(ma, mb, x)
	}
	if most := r.most + r.twist; most > 0 {
		now := r.drive.Y - float32(r.axial*(r.speed(ma, mb)-r.Motor.Speed))
		now = det.Clamp(now, -most, most)
		x := now - r.drive.Y
		r.drive.Y = now
		r.give(ma, mb, x)
	}
}

// wrap brings the difference of two angles into -π..π.
func wrap(x float32) float32 {
	if x > det.Pi {
		return x - 2*det.Pi
	}
	if x < -det.Pi {
		return x + 2*det.Pi
	}
	return x
}

// solveLimits keeps the coordinate within its bounds. Bounds that are one are
// a lock.
func (r *rig) solveLimits(ma, mb *motion, bias bool) {
	if r.Flags&JointLimit == 0 {
		return
	}
	if r.Low == r.High {
		s := r.holding(bias)
		c := r.coord - r.Low
		if bias {
			c = det.Clamp(c, -s.reach(), s.reach())
		}
		x := s.soften(r.axial, r.speed(ma, mb), c, r.low)
		r.low += x
		r.give(ma, mb, x)
		return
	}
	x := r.stop(&r.low, r.axial, r.speed(ma, mb), r.coord-r.Low, bias)
	r.give(ma, mb, x)
	x = r.stop(&r.high, r.axial, -r.speed(ma, mb), r.High-r.coord, bias)
	r.give(ma, mb, -x)
}

// solveCone keeps the axes of a ball joint within the cone.
func (r *rig) solveCone(ma, mb *motion, bias bool) {
	if r.Flags&JointCone == 0 {
		return
	}
	v := mb.w.Sub(ma.w).Dot(r.swing) - r.swingBy.Dot(relative(ma, mb, r.ra, r.rb))
	x := r.stop(&r.cone, r.swingMs, -v, r.Cone-r.swung, bias)
	spin(ma, mb, r.swing.Scale(-x))
}

// stop keeps a room from growing negative: v is how fast it grows, applied
// what was pushed so far. Room that is left may be used up, but no further.
func (r *rig) stop(applied *float32, mass, v, room float32, bias bool) float32 {
	s := rigid
	if room > 0 {
		v += float32(room * r.rate)
		room = 0
	} else if bias {
		s = r.lock
		room = max(room, -s.reach())
	}
	now := max(*applied+s.soften(mass, v, room, *applied), 0)
	x := now - *applied
	*applied = now
	return x
}

// solveAim is the spring and the motor of a ball joint.
func (r *rig) solveAim(ma, mb *motion) {
	if r.Spring.Hertz > 0 {
		t := r.spring.softenVec(&r.turn, mb.w.Sub(ma.w), r.turned, r.angular)
		r.angular = r.angular.Add(t)
		spin(ma, mb, t)
	}
	if r.twist > 0 {
		r.drive = r.strive(ma, mb, r.drive, rigid)
	}
}

// strive turns b towards the motor's spin, on top of what was applied, and
// gives what is applied now.
func (r *rig) strive(ma, mb *motion, applied det.Vec, s softness) det.Vec {
	v := mb.w.Sub(ma.w).Sub(r.axes.Apply(det.Vec(r.Motor.Angular)))
	now := applied.Add(s.softenVec(&r.turn, v, r.turned, applied)).Limit(r.twist)
	spin(ma, mb, now.Sub(applied))
	return now
}

// solveMotor drives b over a in all six directions.
func (r *rig) solveMotor(ma, mb *motion) {
	if r.twist > 0 {
		r.angular = r.strive(ma, mb, r.angular, r.spring)
	}
	if r.most > 0 {
		v := relative(ma, mb, r.ra, r.rb).Sub(r.axes.Apply(det.Vec(r.Motor.Linear)))
		now := r.linear.Add(r.spring.softenVec(&r.point, v, r.d, r.linear)).Limit(r.most)
		push(ma, mb, now.Sub(r.linear), r.ra, r.rb, det.Vec{})
		r.linear = now
	}
}

package physics

import "github.com/metatopia/metatopia/spatial/det"

// rig is a joint made ready for the solver. It lives for one step.
//
// An impulse of a rig acts on both bodies at one place, the anchor of B, so
// that it makes no angular momentum however far the anchors are apart; the
// rate of change of their distance seen from A is then exact too.
type rig struct {
	tip
	a, b int32 // in w.rows; 0 cannot move
	at   int32 // its joint in w.links
	*Joint
	memory

	// At the start of the step.
	la, lb det.Vec  // from the centres to the anchors, world axes
	apart  det.Vec  // from the centre of a to that of b
	qa, qb det.Quat // the joint's axes on a and on b

	lock, spring softness
	most, twist  float32 // of the motor, per substep: N·s and N·m·s
	rate         float32 // substeps per second

	// At the moment; see refresh.
	ra, rb  det.Vec // from the centres to the anchor of b
	d       det.Vec // from the anchor of a to that of b
	axes    det.Mat // of a
	tilt    det.Vec // the axis of b, in axes
	turned  det.Vec // the rotation of b over a, world axes, rad
	point   det.Sym
	turn    det.Sym
	lead    det.Mat // see holdTurn
	across  pair    // two directions that are locked together
	axis    det.Vec // of the coordinate
	axial   float32 // mass of the coordinate; see couple
	couple  det.Vec
	coord   float32
	swing   det.Vec // axis of the cone limit
	swung   float32 // rad
	swingMs float32
	swingBy det.Vec // couple of the swing

	force, torque det.Vec // borne so far in this step, N·s and N·m·s
}

// rigJoints fills w.rigs with the joints that have an end that is awake and can be
// pushed, in order.
func (w *World) rigJoints() {
	w.rigs = w.rigs[:0]
	n := float32(w.cfg.Substeps)
	h, rate := w.cfg.Dt/n, n/w.cfg.Dt
	hold := newSoftness(min(jointHertz, float32(0.25*rate)), jointDamping, h)
	for i := range w.links {
		l := &w.links[i]
		r := rig{tip: w.tips[i], at: int32(i), Joint: &l.Joint, memory: l.memory, lock: hold, rate: rate}
		r.a, r.b = w.slot(r.i), w.slot(r.j)
		if w.masses[r.a].inv == 0 && w.masses[r.b].inv == 0 || w.left(r.i) || w.left(r.j) {
			continue
		}
		r.most, r.twist = float32(l.Motor.MaxForce*h), float32(l.Motor.MaxTorque*h)
		r.spring = newSoftness(l.Spring.Hertz, l.Spring.Damping, h)
		w.put(&r)
		w.rigs = append(w.rigs, r)
	}
}

// put sets where r is at the start of the step.
func (w *World) put(r *rig) {
	var ca, cb det.Vec
	ca, r.la, r.qa = w.anchor(r.i, &r.FrameA)
	cb, r.lb, r.qb = w.anchor(r.j, &r.FrameB)
	r.apart = cb.Sub(ca)
}

// end is the index of a body, or that of the ground.
func (w *World) end(id BodyID) int32 {
	if i, ok := w.find(id); ok {
		return int32(i)
	}
	return int32(len(w.solids))
}

// left reports whether body i is out of the world: its joints wait for it.
func (w *World) left(i int32) bool { return int(i) < len(w.solids) && w.solids[i].out() }

// slot is the motion of body i, 0 for what cannot move.
func (w *World) slot(i int32) int32 {
	if int(i) == len(w.solids) {
		return 0
	}
	return w.slots[i]
}

// anchor is the centre of body i, the arm to the frame f on it and the axes of
// f. The ground's centre is where the frame is.
func (w *World) anchor(i int32, f *Frame) (centre, arm det.Vec, axes det.Quat) {
	if int(i) == len(w.solids) {
		return det.Vec(f.Pos), det.Vec{}, det.Quat(f.Rot)
	}
	s := &w.solids[i]
	q := det.Quat(s.Rot)
	return s.pos(), q.Rotate(det.Vec(f.Pos)), q.Mul(det.Quat(f.Rot))
}

// refresh brings what depends on where the bodies are up to the moment.
func (r *rig) refresh(ma, mb *motion) {
	r.rb = mb.dq.Rotate(r.lb)
	r.ra = r.apart.Add(mb.dp.Sub(ma.dp)).Add(r.rb)
	r.d = r.ra.Sub(ma.dq.Rotate(r.la))
	if r.Kind == DistanceJoint {
		r.refreshDistance(ma, mb)
		return
	}
	qa := ma.dq.Mul(r.qa)
	r.axes = qa.Matrix()
	if r.Kind == SliderJoint {
		r.refreshSlider(ma, mb)
	} else {
		r.point = pointMass(ma, mb, r.ra, r.rb)
	}
	q := qa.Conj().Mul(mb.dq.Mul(r.qb))
	if q.W < 0 {
		q = det.Quat{X: -q.X, Y: -q.Y, Z: -q.Z, W: -q.W}
	}
	switch r.Kind {
	case HingeJoint:
		r.refreshHinge(ma, mb, q)
	case BallJoint:
		r.refreshBall(ma, mb, q)
	default:
		r.turned = r.axes.Apply(det.Vec{X: q.X + q.X, Y: q.Y + q.Y, Z: q.Z + q.Z})
		switch r.Kind {
		case FixedJoint:
			r.leadPoint(ma, mb)
		case MotorJoint:
			r.turn = turnMass(ma, mb)
		}
	}
}

// warmJoints starts a substep from the impulses of the one before.
func (w *World) warmJoints() {
	for i := range w.rigs {
		r := &w.rigs[i]
		ma, mb := w.motion(r.a), w.motion(r.b)
		r.warm(&ma, &mb)
		w.setMotion(r.a, &ma)
		w.setMotion(r.b, &mb)
	}
}

// solveJoints is one round of impulses. With bias it also closes the gaps; the
// round without takes that speed back.
func (w *World) solveJoints(bias bool) {
	for i := range w.rigs {
		r := &w.rigs[i]
		ma, mb := w.motion(r.a), w.motion(r.b)
		r.solve(&ma, &mb, bias)
		w.setMotion(r.a, &ma)
		w.setMotion(r.b, &mb)
	}
}

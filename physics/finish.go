package physics

import (
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// start fills w.motions. Sleepers lose what little speed they had.
func (w *World) start() {
	w.motions = w.motions[:0]
	for i := range w.solids {
		s := &w.solids[i]
		m := still
		if w.awake[i] {
			m = s.moving()
			s.gyrate(&m, w.cfg.Dt)
		} else {
			s.stop()
		}
		w.motions = append(w.motions, m)
	}
	w.motions = append(w.motions, still) // the ground
}

// gyrate turns the spin of an uneven box as its own inertia demands: one
// implicit Newton step in the body's axes, which can lose energy but never
// gains any (Catto, "Numerical Methods", 2015).
func (s *solid) gyrate(m *motion, dt float32) {
	i := s.inertia()
	if s.upright() || (i.X == i.Y && i.Y == i.Z) {
		return
	}
	w := s.turn.ApplyInverse(m.w)
	l := det.Vec{X: float32(i.X * w.X), Y: float32(i.Y * w.Y), Z: float32(i.Z * w.Z)}
	f := w.Cross(l).Scale(dt)
	// J = I + dt·(skew(w)·I - skew(l)), by columns.
	j := det.Mat{
		A: det.Vec{X: i.X, Y: float32(dt * (float32(w.Z*i.X) - l.Z)), Z: float32(dt * (l.Y - float32(w.Y*i.X)))},
		B: det.Vec{X: float32(dt * (l.Z - float32(w.Z*i.Y))), Y: i.Y, Z: float32(dt * (float32(w.X*i.Y) - l.X))},
		C: det.Vec{X: float32(dt * (float32(w.Y*i.Z) - l.Y)), Y: float32(dt * (l.X - float32(w.X*i.Z))), Z: i.Z},
	}
	if d, ok := j.Solve(f); ok {
		m.w = s.turn.Apply(w.Sub(d)).Limit(MaxSpin)
	}
}

// finish brings motions back to the solids and joints back to the contacts,
// and reports events.
func (w *World) finish() {
	for i := range w.solids {
		if w.awake[i] {
			w.solids[i].standing = false
		}
	}
	w.store(w.joints)
	w.store(w.late)
	w.contacts, w.next = w.next, w.contacts
	w.trimPaths()
	for i := range w.solids {
		s := &w.solids[i]
		if w.awake[i] {
			s.move(&w.motions[i], w.shares[i], &w.cfg)
		}
		s.count()
	}
}

// store keeps a joint's impulses, notes who stands and reports touches.
func (w *World) store(joints []joint) {
	for i := range joints {
		j := &joints[i]
		c := &w.next[j.at]
		for k := range j.count {
			c.impulse[k] = finite(j.points[k].impulse)
		}
		c.friction = finiteVec(j.t1.Scale(j.f1).AddScaled(j.f2, j.t2))
		c.twist, c.roll = finite(j.twist), finiteVec(j.roll)
		was := c.touching
		c.touching = was || j.total > 0 || j.gap <= 0
		if !c.touching {
			continue
		}
		if j.total > 0 {
			w.stand(j)
		}
		if !was {
			w.touched(EvBegin, j)
		}
		if j.approach > HitSpeed && j.total > 0 {
			w.touched(EvHit, j)
		}
	}
}

// standSlope: a contact that bears weight is ground when its normal points up
// by at least this. The slope is then at most 53 degrees.
const standSlope = 0.6

func (w *World) stand(j *joint) {
	if b := &w.solids[j.b]; j.n.Y > standSlope {
		b.standing = b.standing || (b.upright() && !b.static())
	}
	if int(j.a) < len(w.solids) && j.n.Y < -standSlope {
		a := &w.solids[j.a]
		a.standing = a.standing || (a.upright() && !a.static())
	}
}

func (w *World) touched(kind EventKind, j *joint) {
	b := &w.solids[j.b]
	e := Event{
		Kind: kind, A: b.ID, B: Ground, Impulse: finite(j.total),
		Point: spatial.Vec(b.pos().Add(j.cb)), Normal: spatial.Vec(j.n),
	}
	if int(j.a) < len(w.solids) {
		a := &w.solids[j.a]
		e.B = a.ID
		if !a.ghost() {
			r := e
			r.A, r.B, r.Normal = a.ID, b.ID, spatial.Vec(j.n.Neg())
			w.events = append(w.events, r)
		}
	}
	if !b.ghost() {
		w.events = append(w.events, e)
	}
}

// move ends the step of an awake body. A result that is not finite is thrown
// away and the body stopped where it was: no NaN enters the state.
func (s *solid) move(m *motion, share float32, c *Config) {
	p := s.pos().AddScaled(share, m.dp)
	q := det.Quat(s.Rot)
	if !s.upright() {
		q = m.dq.Mul(q).Unit()
	}
	if !p.Finite() || !q.Finite() || !m.v.Finite() || !m.w.Finite() {
		s.stop()
		return
	}
	v := m.v.Limit(MaxSpeed)
	p.X, v.X = bound(p.X, v.X, c.Min.X, c.Max.X)
	p.Y, v.Y = bound(p.Y, v.Y, c.Min.Y, c.Max.Y)
	p.Z, v.Z = bound(p.Z, v.Z, c.Min.Z, c.Max.Z)
	s.Pos, s.Rot = spatial.Vec(p), spatial.Quat(q)
	s.Vel, s.Spin = spatial.Vec(v), spatial.Vec(m.w.Limit(MaxSpin))
}

// bound brings a centre that left the world back to its edge and takes away
// the speed that led out.
func bound(p, v, lo, hi float32) (float32, float32) {
	switch {
	case p < lo:
		return lo, max(v, 0)
	case p > hi:
		return hi, min(v, 0)
	}
	return p, v
}

// count counts still steps.
func (s *solid) count() {
	v, w := det.Vec(s.Vel), det.Vec(s.Spin)
	if v.Len2() > restSpeed*restSpeed || w.Len2() > restSpin*restSpin || s.want != (det.Vec{}) {
		s.rest = 0
	} else if s.rest < restSteps {
		s.rest++
	}
}

// finite is x within MaxMemory, or 0: what is kept for the next step stays
// in the bounds Restore insists on.
func finite(x float32) float32 {
	if !det.Finite(x) {
		return 0
	}
	return det.Clamp(x, -maxMemory, maxMemory)
}

func finiteVec(v det.Vec) det.Vec { return det.Vec{X: finite(v.X), Y: finite(v.Y), Z: finite(v.Z)} }

// maxMemory bounds every impulse in a snapshot: friction and twist of four
// points at MaxImpulse, MaxFriction and a lever of MaxExtent fit.
const maxMemory = 1e12

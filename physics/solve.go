package physics

import "github.com/metatopia/metatopia/spatial/det"

const (
	// stiffness is how fast an overlap is pushed out, Hz, well damped; against
	// what cannot move, twice that. Catto's values.
	stiffness = 30
	damping   = 10

	// maxPush is the fastest an overlap is pushed out, m/s: deeper ones must
	// not explode.
	maxPush = 3

	// bounceSpeed is the closing speed below which nothing bounces, m/s:
	// otherwise a heap never settles.
	bounceSpeed = 1

	// airControl is the share of its acceleration a driven body has in the air.
	airControl = 0.25
)

// soft is a spring and damper for one substep (Catto, "Soft Constraints",
// 2011).
type soft struct{ rate, mass, impulse float32 }

func newSoft(hertz, h float32) soft {
	omega := float32((2 * det.Pi) * hertz)
	a := 2*damping + float32(h*omega)
	b := float32(float32(h*omega) * a)
	c := 1 / (1 + b)
	return soft{omega / a, float32(b * c), c}
}

// solve moves w.motions through one step.
func (w *World) solve() {
	n := float32(w.cfg.Substeps)
	h := w.cfg.Dt / n
	rate := n / w.cfg.Dt
	// A spring faster than a quarter of the substep rate is not resolved.
	hertz := min(stiffness, float32(0.125*rate))
	normal, firm := newSoft(hertz, h), newSoft(2*hertz, h)
	for range w.cfg.Substeps {
		w.accelerate(h)
		w.warm(w.joints)
		w.warm(w.late)
		w.pass(w.joints, normal, rate, true)
		w.pass(w.late, firm, rate, true)
		w.travel(h)
		w.pass(w.joints, normal, rate, false)
		w.pass(w.late, firm, rate, false)
		sum(w.joints)
		sum(w.late)
	}
	w.bounce(w.joints)
	w.bounce(w.late)
}

// accelerate applies gravity and drives for h seconds.
func (w *World) accelerate(h float32) {
	g := float32(h * w.cfg.Gravity)
	for i := range w.solids {
		if !w.awake[i] {
			continue
		}
		s, m := &w.solids[i], &w.motions[i]
		m.v.Y += g
		if s.driven() {
			a := s.accel
			if !s.standing {
				a = float32(airControl * a)
			}
			d := det.Vec{X: s.want.X - m.v.X, Z: s.want.Z - m.v.Z}
			m.v = m.v.Add(d.Limit(float32(a * h)))
		}
	}
}

// travel moves for h seconds with the speeds of the moment.
func (w *World) travel(h float32) {
	for i := range w.solids {
		if !w.awake[i] {
			continue
		}
		m := &w.motions[i]
		m.v, m.w = m.v.Limit(MaxSpeed), m.w.Limit(MaxSpin)
		m.dp = m.dp.AddScaled(h, m.v)
		if !w.solids[i].upright() {
			m.dq = m.dq.Turn(m.w.Scale(h))
		}
	}
}

// push applies impulse p at ra of a and rb of b, and turn about both centres.
func push(ma, mb *motion, p, ra, rb, turn det.Vec) {
	ma.v = ma.v.AddScaled(-ma.inv, p)
	ma.w = ma.w.Sub(ma.inertia.Apply(ra.Cross(p).Add(turn)))
	mb.v = mb.v.AddScaled(mb.inv, p)
	mb.w = mb.w.Add(mb.inertia.Apply(rb.Cross(p).Add(turn)))
}

// warm starts a substep from the impulses of the one before.
func (w *World) warm(joints []joint) {
	for i := range joints {
		j := &joints[i]
		ma, mb := &w.motions[j.a], &w.motions[j.b]
		for k := range j.count {
			p := &j.points[k]
			push(ma, mb, j.n.Scale(p.impulse), p.ra, p.rb, det.Vec{})
		}
		if j.grip > 0 {
			f := j.t1.Scale(j.f1).AddScaled(j.f2, j.t2)
			push(ma, mb, f, j.ca, j.cb, j.roll.AddScaled(j.twist, j.n))
		}
	}
}

// pass is one round of impulses. With bias it also pushes overlaps out; the
// round without takes that speed back, so that overlap makes no energy.
func (w *World) pass(joints []joint, s soft, rate float32, bias bool) {
	for i := range joints {
		j := &joints[i]
		// Copies on the stack: the compiler then keeps them out of memory.
		ma, mb := w.motions[j.a], w.motions[j.b]
		total := j.passNormal(&ma, &mb, s, rate, bias)
		if j.grip > 0 {
			j.passFriction(&ma, &mb, total)
		}
		a, b := &w.motions[j.a], &w.motions[j.b]
		a.v, a.w, b.v, b.w = ma.v, ma.w, mb.v, mb.w
	}
}

// passNormal keeps the points from closing and gives the sum of their
// impulses.
func (j *joint) passNormal(ma, mb *motion, s soft, rate float32, bias bool) (total float32) {
	dp := mb.dp.Sub(ma.dp)
	for k := range j.count {
		p := &j.points[k]
		gap := dp.Add(mb.dq.Rotate(p.rb)).Sub(ma.dq.Rotate(p.ra)).Dot(j.n) + p.rest
		var speed, soften float32
		mass := p.mass
		if gap > 0 {
			speed = float32(gap * rate) // may close, but no further
		} else if bias {
			speed = max(float32(s.rate*gap), -maxPush)
			mass, soften = float32(mass*s.mass), s.impulse
		}
		v := relative(ma, mb, p.ra, p.rb).Dot(j.n)
		now := p.impulse - float32(mass*(v+speed)) - float32(soften*p.impulse)
		now = min(max(now, 0), MaxImpulse)
		d := now - p.impulse
		p.impulse = now
		total += now
		push(ma, mb, j.n.Scale(d), p.ra, p.rb, det.Vec{})
	}
	return total
}

// passFriction resists sliding, twisting and rolling, each by at most what the
// normal impulse total allows.
func (j *joint) passFriction(ma, mb *motion, total float32) {
	limit := float32(j.grip * total)
	var turn det.Vec
	if j.twistMass > 0 {
		most := float32(limit * j.lever)
		now := j.twist - float32(j.twistMass*mb.w.Sub(ma.w).Dot(j.n))
		now = det.Clamp(now, -most, most)
		turn = j.n.Scale(now - j.twist)
		j.twist = now
	}
	if j.rollMass > 0 {
		now := j.roll.AddScaled(-j.rollMass, mb.w.Sub(ma.w)).Limit(float32(total * j.rollArm))
		turn = turn.Add(now.Sub(j.roll))
		j.roll = now
	}
	ma.w = ma.w.Sub(ma.inertia.Apply(turn))
	mb.w = mb.w.Add(mb.inertia.Apply(turn))

	v := relative(ma, mb, j.ca, j.cb)
	v1, v2 := v.Dot(j.t1), v.Dot(j.t2)
	f1 := j.f1 - (float32(j.m11*v1) + float32(j.m12*v2))
	f2 := j.f2 - (float32(j.m12*v1) + float32(j.m22*v2))
	if l := float32(f1*f1) + float32(f2*f2); l > float32(limit*limit) {
		c := limit / det.Sqrt(l)
		f1, f2 = float32(f1*c), float32(f2*c)
	}
	p := j.t1.Scale(f1-j.f1).AddScaled(f2-j.f2, j.t2)
	j.f1, j.f2 = f1, f2
	push(ma, mb, p, j.ca, j.cb, det.Vec{})
}

// sum adds a substep's impulses to those of the step. The impulse at the end
// alone would miss a clean hit, which is over by then.
func sum(joints []joint) {
	for i := range joints {
		j := &joints[i]
		for k := range j.count {
			p := &j.points[k]
			p.peak = max(p.peak, p.impulse)
			j.total += p.impulse
		}
	}
}

// bounce gives back the closing speed of the points that were hit.
func (w *World) bounce(joints []joint) {
	for i := range joints {
		j := &joints[i]
		if j.bounce == 0 || j.approach <= bounceSpeed {
			continue
		}
		ma, mb := &w.motions[j.a], &w.motions[j.b]
		for k := range j.count {
			p := &j.points[k]
			if p.speed >= -bounceSpeed || p.peak == 0 {
				continue
			}
			v := relative(ma, mb, p.ra, p.rb).Dot(j.n)
			now := p.impulse - float32(p.mass*(v+float32(j.bounce*p.speed)))
			now = min(max(now, 0), MaxImpulse)
			d := now - p.impulse
			p.impulse = now
			j.total += d
			push(ma, mb, j.n.Scale(d), p.ra, p.rb, det.Vec{})
		}
	}
}

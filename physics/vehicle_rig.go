package physics

import (
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

const (
	// rollingDrag is what a tyre resists that nothing drives, as a share of
	// its load: a car rolls out and comes to rest.
	rollingDrag = 0.015

	// slideLoss is the share of its grip that a tyre loses when it slides, and
	// slideSpeed the speed at which it has lost it, m/s.
	slideLoss  = 0.2
	slideSpeed = 3

	// uprightWheel is the cosine between the suspension and the ground's normal
	// below which a wheel does not stand: it scrapes along a wall.
	uprightWheel = 0.25
)

// tread is a wheel that stands on something, made ready for the solver. It
// lives for one step. As of a contact, a is what it stands on and b the body of
// the vehicle.
type tread struct {
	tip
	a, b int32 // in w.rows; 0 cannot move
	car  int32 // in w.vehicles
	k    int32 // which wheel of it
	mate int32 // in w.treads, -1 = it hangs free

	// At the start of the step.
	mount, up, axle det.Vec // of the suspension, from the centre of b, world axes
	foot, normal    det.Vec // where the ray met a, from its centre
	apart           det.Vec // from the centre of a to that of b
	spring, stop    softness
	yield           float32 // compliance of the spring, see prepareSpring
	rate            float32 // substeps per second
	engine, brake   float32 // N·s per substep
	grip, side      float32
	slid            bool

	// At the moment.
	ra, rb, n, long, lat det.Vec
	give                 float32 // how far the spring is out, along n; negative = pressed in
	room                 float32 // to the stop, along n
	kn, kl, ks           float32 // what an impulse along n, long and lat meets

	Wheel
	wheel
}

// castWheels looks what the wheels of all vehicles that are awake stand on. What
// sleeps there is made to wake.
func (w *World) castWheels() {
	w.treads = w.treads[:0]
	for i := range w.vehicles {
		c := &w.vehicles[i]
		b, ok := w.find(c.body)
		if !ok || !w.solids[b].awake() {
			continue
		}
		first := len(w.treads)
		for k := range c.count {
			t := tread{car: int32(i), k: int32(k), mate: -1, Wheel: c.own[k], wheel: c.state[k]}
			t.j = int32(b)
			if !w.castWheel(&t, &w.solids[b]) {
				continue
			}
			if n := len(w.treads) - 1; n >= first && k%2 == 1 && w.treads[n].k == int32(k-1) {
				t.mate, w.treads[n].mate = int32(n), int32(n+1)
			}
			w.treads = append(w.treads, t)
		}
	}
}

// castWheel is false when the wheel hangs in the air.
func (w *World) castWheel(t *tread, s *solid) bool {
	turn := &s.pose.Turn
	t.mount, t.up = turn.Apply(det.Vec(t.At)), turn.B
	from := s.pos().Add(t.mount)
	path := t.up.Scale(-(t.Travel + t.Radius))
	h, ok := w.Ray(spatial.Vec(from), spatial.Vec(path), Query{Filter: s.Filter, Skip: s.ID})
	if !ok {
		return false
	}
	t.normal = det.Vec(h.Normal)
	if t.normal == (det.Vec{}) {
		t.normal = t.up // the top of the suspension is within something
	}
	if t.up.Dot(t.normal) < uprightWheel {
		return false
	}
	t.i = w.end(h.ID)
	at := from.AddScaled(h.Share, path)
	centre := at
	if int(t.i) < len(w.solids) {
		o := &w.solids[t.i]
		centre = o.pos()
		if o.asleep {
			w.wake(o)
		}
	}
	t.foot = at.Sub(centre)
	t.apart = s.pos().Sub(centre)
	t.on, t.stands = h.ID, true
	return true
}

// rigWheels makes the treads ready once it is known who moves.
func (w *World) rigWheels() {
	n := float32(w.cfg.Substeps)
	h, rate := w.cfg.Dt/n, n/w.cfg.Dt
	for i := range w.treads {
		t := &w.treads[i]
		c := &w.vehicles[t.car]
		s := &w.solids[t.j]
		t.a, t.b, t.rate = w.slot(t.i), w.slot(t.j), rate
		angle := c.angle(int(t.k))
		t.axle = s.pose.Turn.Apply(det.Vec{X: det.Cos(angle), Z: -det.Sin(angle)})
		t.stop = newSoftness(min(jointHertz, float32(0.25*rate)), jointDamping, h)
		t.prepareSpring(s.Mass/float32(c.count), h)
		drives, brakes := c.shares()
		speed := det.Vec(s.Vel).Dot(t.axle.Cross(t.normal))
		t.engine = float32(c.push(speed) * float32(float32(t.Drives*drives)*h))
		t.brake = float32(float32(c.brake*c.Brake) * float32(float32(t.Brakes*brakes)*h))
		loose := 1 - float32(slideLoss*min(t.slip/slideSpeed, 1))
		t.grip, t.side = t.Grip, t.Side
		if int(t.i) < len(w.solids) {
			f := w.solids[t.i].Friction
			t.grip, t.side = det.Sqrt(float32(t.Grip*f)), det.Sqrt(float32(t.Side*f))
		}
		t.grip, t.side = float32(t.grip*loose), float32(t.side*loose)
	}
}

// leastShare keeps the sum of shares from being nothing.
const leastShare = 1e-3

// shares is by how much to multiply the share of a wheel.
func (c *vehicle) shares() (drives, brakes float32) {
	for k := range c.count {
		drives += c.own[k].Drives
		brakes += c.own[k].Brakes
	}
	return reciprocal(max(drives, leastShare)), reciprocal(max(brakes, leastShare))
}

// push is the force of the engine at a speed, N: it fades towards the top
// speed.
func (c *vehicle) push(speed float32) float32 {
	if c.throttle < 0 {
		speed = -speed
	}
	return float32(float32(c.throttle*c.Engine) * (1 - det.Clamp(speed/c.Speed, 0, 1)))
}

// prepareSpring finds the spring of a wheel that bears mass. It is as strong as
// its share of the vehicle asks for, not as the place where it pushes: yield is
// the compliance γ and rate the β/h of an implicit spring and damper (Catto,
// "Soft Constraints", 2011).
func (t *tread) prepareSpring(mass, h float32) {
	omega := float32((2 * det.Pi) * t.Hertz)
	k := float32(mass * float32(omega*omega))
	c := float32(float32(2*t.Damping) * float32(mass*omega))
	d := c + float32(h*k)
	t.yield = 1 / float32(h*d)
	t.spring.rate = k / d
}

// refresh brings what depends on where the bodies are up to the moment.
func (t *tread) refresh(ma, mb *motion) {
	away := mb.dp.Sub(ma.dp).Add(t.apart)
	t.n = ma.dq.Rotate(t.normal)
	mount, up := mb.dq.Rotate(t.mount), mb.dq.Rotate(t.up)
	lift := max(up.Dot(t.n), uprightWheel)
	way := mount.Add(away).Sub(ma.dq.Rotate(t.foot)).Dot(t.n) / lift
	t.length = way - t.Radius
	t.rb = mount.AddScaled(-way, up)
	t.ra = t.rb.Add(away)
	// The spring ends with its travel; what is deeper is the stop's.
	t.give, t.room = float32((max(t.length, 0)-t.Travel)*lift), float32(t.length*lift)
	t.long = mb.dq.Rotate(t.axle).Cross(t.n).Unit(det.Vec{Z: 1})
	t.lat = t.n.Cross(t.long)
	inv := ma.inv + mb.inv
	t.kn = inv + resist(ma, mb, t.ra.Cross(t.n), t.rb.Cross(t.n))
	t.kl = inv + resist(ma, mb, t.ra.Cross(t.long), t.rb.Cross(t.long))
	t.ks = inv + resist(ma, mb, t.ra.Cross(t.lat), t.rb.Cross(t.lat))
}

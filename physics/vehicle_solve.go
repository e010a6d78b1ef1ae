package physics

import "github.com/metatopia/metatopia/spatial/det"

// warmWheels starts a substep from the impulses of the one before.
func (w *World) warmWheels() {
	for i := range w.treads {
		t := &w.treads[i]
		ma, mb := w.motion(t.a), w.motion(t.b)
		t.refresh(&ma, &mb)
		p := t.n.Scale(t.load+t.bump).AddScaled(t.along, t.long).AddScaled(t.across, t.lat)
		push(&ma, &mb, p, t.ra, t.rb, det.Vec{})
		w.setMotion(t.a, &ma)
		w.setMotion(t.b, &mb)
	}
}

// solveWheels is one round of impulses, springs first.
func (w *World) solveWheels(bias bool) {
	for i := range w.treads {
		t := &w.treads[i]
		ma, mb := w.motion(t.a), w.motion(t.b)
		if !bias {
			t.refresh(&ma, &mb)
		}
		give := t.give
		if roll := w.vehicles[t.car].Roll; roll > 0 {
			other := float32(0)
			if t.mate >= 0 {
				other = w.treads[t.mate].give
			}
			give += float32(roll * (give - other))
		}
		t.solveSpring(&ma, &mb, give, bias)
		t.solveGrip(&ma, &mb)
		w.setMotion(t.a, &ma)
		w.setMotion(t.b, &mb)
	}
}

// solveSpring carries the vehicle, and stops it hard where the spring ends.
func (t *tread) solveSpring(ma, mb *motion, give float32, bias bool) {
	v := relative(ma, mb, t.ra, t.rb).Dot(t.n)
	now := t.load - (v+float32(t.spring.rate*give)+float32(t.yield*t.load))/(t.kn+t.yield)
	now = det.Clamp(now, 0, MaxImpulse)
	x := now - t.load
	t.load = now
	push(ma, mb, t.n.Scale(x), t.ra, t.rb, det.Vec{})

	v = relative(ma, mb, t.ra, t.rb).Dot(t.n)
	s, room := rigid, t.room
	if room > 0 {
		v += float32(room * t.rate)
		room = 0
	} else if bias {
		s = t.stop
		room = max(room, -s.reach())
	}
	now = det.Clamp(t.bump+s.soften(1/t.kn, v, room, t.bump), 0, MaxImpulse)
	x = now - t.bump
	t.bump = now
	push(ma, mb, t.n.Scale(x), t.ra, t.rb, det.Vec{})
}

// solveGrip is the tyre. Across it holds. Along it passes on what the engine
// gives, and holds with what the brake and its own drag resist. Of both
// together it bears what an ellipse of its two grips allows for its load; what
// is more slides.
func (t *tread) solveGrip(ma, mb *motion) {
	load := t.load + t.bump
	v := relative(ma, mb, t.ra, t.rb)
	hold := t.brake + float32(rollingDrag*load)
	along := det.Clamp(t.along-v.Dot(t.long)/t.kl, t.engine-hold, t.engine+hold)
	across := t.across - v.Dot(t.lat)/t.ks
	most, wide := float32(t.grip*load), float32(t.side*load)
	t.slid = false
	switch {
	case !(most > 0 && wide > 0):
		along, across, t.slid = 0, 0, true
	default:
		x, y := along/most, across/wide
		if l := float32(x*x) + float32(y*y); l > 1 {
			c := 1 / det.Sqrt(l)
			along, across, t.slid = float32(along*c), float32(across*c), true
		}
	}
	p := t.long.Scale(along-t.along).AddScaled(across-t.across, t.lat)
	t.along, t.across = along, across
	push(ma, mb, p, t.ra, t.rb, det.Vec{})
}

// rimRate is how fast a tyre that slides, or hangs free, gains or loses speed at
// its rim, m/s². It shows and lessens the grip; nothing is pushed by it.
const rimRate = 30

// storeWheels keeps what the treads know for the next step. It goes before the
// bodies are moved and their still steps counted.
func (w *World) storeWheels() {
	n := 0
	for i := range w.vehicles {
		c := &w.vehicles[i]
		b, ok := w.find(c.body)
		if !ok || !w.solids[b].awake() {
			continue
		}
		if c.throttle != 0 {
			w.wake(&w.solids[b])
		}
		for k := range c.count {
			m := &c.state[k]
			if n == len(w.treads) || w.treads[n].car != int32(i) || w.treads[n].k != int32(k) {
				*m = wheel{length: c.own[k].Travel, spin: finite(c.rim(k, m, 0, true, w.cfg.Dt) / c.own[k].Radius)}
				continue
			}
			t := &w.treads[n]
			n++
			ma, mb := w.motion(t.a), w.motion(t.b)
			v := relative(&ma, &mb, t.ra, t.rb)
			speed, drift := v.Dot(t.long), v.Dot(t.lat)
			rim := c.rim(k, m, speed, t.slid, w.cfg.Dt)
			slip := float32(0)
			if t.slid {
				slip = det.Vec{X: speed - rim, Y: drift}.Len()
			}
			*m = wheel{
				on: t.on, stands: true, length: det.Clamp(finite(t.length), 0, t.Travel),
				spin: finite(rim / t.Radius), slip: finite(slip),
				load: finite(t.load), bump: finite(t.bump), along: finite(t.along), across: finite(t.across),
			}
		}
	}
}

// rim is the speed of a wheel's rim after a step: that of the ground where the
// tyre holds; where it does not, it goes where engine and brake lead it.
func (c *vehicle) rim(k int, m *wheel, ground float32, slid bool, dt float32) float32 {
	if !slid {
		return ground
	}
	r := &c.own[k]
	now, want := float32(m.spin*r.Radius), ground
	switch {
	case c.brake > 0 && r.Brakes > 0:
		want = 0
	case c.throttle != 0 && r.Drives > 0:
		want = float32(c.throttle * c.Speed)
	case !m.stands:
		want = now
	}
	most := float32(rimRate * dt)
	return now + det.Clamp(want-now, -most, most)
}

package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// footing is what a driven body stands on in a step. Its legs hold it there:
// gravity pulls it against the ground and not down the slope, and it walks along
// the ground.
type footing struct {
	n     det.Vec    // normal; zero = in the air
	v     det.Vec    // velocity of the ground below it
	walls [2]det.Vec // horizontal, out of slopes too steep to walk on
}

// findFootings fills w.feet, for the movers, from what was met.
func (w *World) findFootings() {
	w.feet = grown(w.feet, len(w.movers))
	for x := range w.met {
		at, m := &w.met[x], &w.found[x]
		if m.Count == 0 {
			continue
		}
		b := &w.solids[at.j]
		if b.driven() {
			w.foot(at.j, at.i, m, 1)
		}
		if int(at.i) < len(w.solids) && w.solids[at.i].driven() {
			w.foot(at.i, at.j, m, -1)
		}
	}
	for k, i := range w.movers {
		if s := &w.solids[i]; s.driven() {
			w.plant(s, k)
		}
	}
}

// foot notes that driven body i meets body j, or the ground, along m; the
// normal times up is the way it is pushed. The most level ground counts.
func (w *World) foot(i, j int32, m *shape.Manifold, up float32) {
	k := w.slots[i] - 1
	if k < 0 {
		return
	}
	f := &w.feet[k]
	n := m.Normal.Scale(up)
	fixed := int(j) == len(w.solids) || w.solids[j].fixed()
	switch {
	case n.Y >= w.walkable:
		if n.Y <= f.n.Y {
			return
		}
		f.n, f.v = n, det.Vec{}
		if int(j) < len(w.solids) && fixed && w.solids[j].awake() {
			p := &w.solids[j]
			f.v = det.Vec(p.Vel).Add(det.Vec(p.Spin).Cross(w.solids[i].pos().Sub(p.pos())))
		}
	case fixed && n.Y > 0.1:
		wall := det.Vec{X: n.X, Z: n.Z}.Unit(det.Vec{})
		if f.walls[0] == (det.Vec{}) {
			f.walls[0] = wall
		} else {
			f.walls[1] = wall
		}
	}
}

// liftOff is the speed away from the ground, m/s, at which a body that did not
// stand before is in the air.
const liftOff = 0.5

// plant decides whether driven body s, mover k, has its feet on the ground. Who
// stood there, and did not jump, goes on doing so over a ridge, and down a slope
// that begins below.
func (w *World) plant(s *solid, k int) {
	f, r := &w.feet[k], &w.rows[k+1]
	if f.n == (det.Vec{}) {
		if s.standing {
			w.snap(s, f, r)
		}
		return
	}
	away := r.vel().Sub(f.v).Dot(f.n)
	if !s.standing && away > liftOff {
		f.n = det.Vec{}
	} else if away > 0 {
		r.setVel(r.vel().AddScaled(-away, f.n))
	}
}

// snap brings s down to ground that is no lower than a slope that it can walk
// down would be.
func (w *World) snap(s *solid, f *footing, r *row) {
	v := r.vel()
	flat := det.Vec{X: v.X, Z: v.Z}.Len()
	steep := det.Sqrt(1-float32(w.walkable*w.walkable)) / w.walkable
	reach := float32(2*margin) + float32(float32(flat*steep)*w.cfg.Dt)
	if v.Y > float32(flat*steep)+liftOff {
		return
	}
	// Narrower than s, so that walls it touches are not in the way.
	p := solid{Body: s.Body, form: s.form, pose: s.pose, ext: s.ext}
	switch thin := float32(margin); s.form.Kind {
	case Box:
		p.form.Half.X, p.form.Half.Z = max(p.form.Half.X-thin, thin), max(p.form.Half.Z-thin, thin)
	case Capsule:
		thin = min(thin, float32(0.5*s.form.Half.X))
		p.form.Half.X, p.form.Half.Y = p.form.Half.X-thin, p.form.Half.Y+thin
	}
	w.near.current = true // findPairs has just seen to it
	h, ok := w.first(&p, true, spatial.Vec{Y: -reach}, Query{Filter: s.Filter, Skip: s.ID})
	w.near.current = false
	if !ok || h.Share == 0 || h.Normal.Y < w.walkable {
		return
	}
	f.n = det.Vec(h.Normal)
	r.setMoved(det.Vec{Y: -float32(h.Share * reach)})
	v.Y = -(float32(f.n.X*v.X) + float32(f.n.Z*v.Z)) / f.n.Y
	r.setVel(v)
}

// drive accelerates s, whose motion is r, towards the velocity it wants.
func (f *footing) drive(s *solid, r *row, g, h float32) {
	v := r.vel()
	var d det.Vec
	a := s.accel
	if f.n == (det.Vec{}) {
		a = float32(airControl * a)
		v.Y += g
		d = det.Vec{X: s.want.X - v.X, Z: s.want.Z - v.Z}
	} else {
		// Along the ground, and with all of the wanted speed on the map.
		v = v.AddScaled(float32(g*f.n.Y), f.n)
		want := s.want.Add(f.v)
		want.Y = f.v.Y - (float32(f.n.X*s.want.X)+float32(f.n.Z*s.want.Z))/f.n.Y
		d = want.Sub(v)
		d = d.AddScaled(-d.Dot(f.n), f.n)
	}
	for _, wall := range f.walls {
		if into := d.Dot(wall); into < 0 {
			d = d.AddScaled(-into, wall)
		}
	}
	r.setVel(v.Add(d.Limit(float32(a * h))))
}

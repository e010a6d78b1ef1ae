package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// pull is what the fields do to one mover in a step.
type pull struct {
	accel, turn det.Vec // m/s², rad/s²
	drag        float32 // 1/s
	flow        det.Vec // towards which velocity
	wet         bool
}

// floatSpeed and floatSpin are what counts as still in water, m/s and rad/s:
// what bobs at the speeds that count elsewhere is not yet where it will float.
const (
	floatSpeed = restSpeed / 8
	floatSpin  = restSpin / 8
)

// bobs reports whether s is in water and not still enough to sleep there.
func (p *pull) bobs(s *solid) bool {
	return p.wet && (s.Vel.Len() > floatSpeed || s.Spin.Len() > floatSpin)
}

// findPulls fills w.pulls, or leaves it empty where no field is.
func (w *World) findPulls() {
	w.pulls = w.pulls[:0]
	if len(w.fields.fields) == 0 {
		return
	}
	w.pulls = grown(w.pulls, len(w.movers))
	for k, i := range w.movers {
		s := &w.solids[i]
		if s.fixed() || s.sensor() {
			continue
		}
		p := &w.pulls[k]
		heavy := false
		for x := range w.fields.fields {
			f := &w.fields.fields[x]
			if f.Kind == Water && p.wet || f.Kind == Gravity && heavy || !f.holds(s) {
				continue
			}
			switch f.Kind {
			case Water:
				p.wet = p.float(f, s, &w.masses[k+1], w.cfg.Gravity, w.cfg.Dt)
			case Gravity:
				heavy = true
				p.accel = p.accel.Add(det.Vec(f.Vec)).Sub(det.Vec{Y: w.cfg.Gravity})
			case Wind:
				p.accel = p.accel.Add(det.Vec(f.Vec))
			case Drag:
				p.slow(f.Strength, det.Vec(f.Vec))
			default:
				p.accel = p.accel.Add(f.around(s))
			}
		}
	}
}

// holds reports whether s is where f acts. Water acts over and under its
// region too: how much of a body is below the level is measured.
func (f *field) holds(s *solid) bool {
	d := s.pos().Sub(det.Vec(f.Pos))
	h := det.Vec(f.Shape.Half)
	if f.Shape.Kind == Sphere {
		if d.Len2() > float32(h.X*h.X) {
			return false
		}
	} else {
		l := f.turn.ApplyInverse(d).Abs()
		if f.Kind == Water {
			h.Y += s.ext.Y
		}
		if l.X > h.X || l.Y > h.Y || l.Z > h.Z {
			return false
		}
	}
	return f.Filter.Meets(s.Filter)
}

// fade is how near to its middle a radial field or a vortex is weaker, m: there
// its direction changes faster than bodies move.
const fade = 0.25

// around is the acceleration of a radial field or a vortex.
func (f *field) around(s *solid) det.Vec {
	d := s.pos().Sub(det.Vec(f.Pos))
	if f.Kind == Vortex {
		// Away from the axis.
		d = d.AddScaled(-d.Dot(f.turn.B), f.turn.B)
	}
	far := d.Len()
	if !(far > 1e-6) {
		return det.Vec{}
	}
	near := min(1, float32(far/fade))
	strength := float32(f.Strength * near)
	if f.Shape.Kind == Sphere {
		strength = float32(strength * max(0, 1-far/f.Shape.Half.X))
	}
	out := d.Scale(1 / far)
	if f.Kind == Vortex {
		out = f.turn.B.Cross(out)
	}
	return out.Scale(strength)
}

// float lifts s by the weight of the water it displaces, at the middle of that
// (Archimedes). The water that must move along with a body counts as half of
// what it displaces: without it, what is much lighter than water would be shot
// out. What counts is where s will be after dt seconds: where it is would be too
// late, and what bobs would never come to rest. It reports whether s is wet.
func (p *pull) float(f *field, s *solid, m *mass, gravity, dt float32) bool {
	at := s.pose
	at.Pos = at.Pos.AddScaled(dt, det.Vec(s.Vel))
	if spin := det.Vec(s.Spin); spin != (det.Vec{}) {
		at = shape.At(at.Pos, at.Rot.Turn(spin.Scale(dt)))
	}
	volume, centre := shape.Submerged(&s.form, &at, f.Level)
	if !(volume > 0) {
		return false
	}
	water := float32(f.Density * volume)
	share := s.Mass / (s.Mass + float32(0.5*water))
	lift := float32(-gravity*water) / s.Mass
	// The share of the whole: of weight and lift.
	p.accel.Y += float32(share*(lift+gravity)) - gravity
	force := det.Vec{Y: float32(float32(share*lift) * s.Mass)}
	p.turn = p.turn.Add(m.inertia.Apply(centre.Sub(at.Pos).Cross(force)))
	p.slow(float32(f.Strength*(volume/s.form.Volume())), det.Vec(f.Vec))
	return true
}

// slow adds a drag; the flows of several mix by their strength.
func (p *pull) slow(drag float32, flow det.Vec) {
	sum := p.drag + drag
	if !(sum > 0) {
		return
	}
	p.flow = p.flow.Scale(p.drag/sum).AddScaled(drag/sum, flow)
	p.drag = sum
}

// apply moves r on by h seconds of p. Drag is solved at the end of the substep
// and so never turns a body back.
func (p *pull) apply(r *row, h float32) {
	v := r.vel().AddScaled(h, p.accel)
	spin := r.spin().AddScaled(h, p.turn)
	if p.drag > 0 {
		k := 1 / (1 + float32(h*p.drag))
		v = p.flow.AddScaled(k, v.Sub(p.flow))
		spin = spin.Scale(k)
	}
	r.setVel(v)
	r.setSpin(spin)
}

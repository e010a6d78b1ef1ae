package physics

import (
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// sumJoints adds a substep's impulses to those of the step.
func (w *World) sumJoints() {
	for i := range w.rigs {
		r := &w.rigs[i]
		if r.BreakForce == 0 && r.BreakTorque == 0 {
			continue
		}
		f, t := r.reaction()
		r.force, r.torque = r.force.Add(f), r.torque.Add(t)
	}
}

// storeJoints keeps what the rigs know for the next step, lets those that bore
// too much go, and keeps bodies awake that a motor moves. It goes before the
// bodies are moved and their still steps counted.
func (w *World) storeJoints() {
	for i := len(w.rigs) - 1; i >= 0; i-- {
		r := &w.rigs[i]
		l := &w.links[r.at]
		l.memory = r.memory.clean()
		ma, mb := w.motion(r.a), w.motion(r.b)
		if r.moves(&ma, &mb) {
			w.wakeEnds(l)
		}
		if r.broken(w.cfg.Dt) {
			w.broke(r)
			w.wakeEnds(l)
			w.drop(int(r.at))
		}
	}
}

// broken is false for what is not finite: then the bodies are stopped, too.
func (r *rig) broken(dt float32) bool {
	f, t := r.force.Len(), r.torque.Len()
	return r.BreakForce > 0 && f > float32(r.BreakForce*dt) || r.BreakTorque > 0 && t > float32(r.BreakTorque*dt)
}

// broke reports a break to both sides that are not ghosts.
func (w *World) broke(r *rig) {
	for _, side := range [2]struct {
		i, m int32
		a, b BodyID
		arm  det.Vec
		pull det.Vec
	}{{r.i, r.a, r.A, r.B, r.ra, r.force.Neg()}, {r.j, r.b, r.B, r.A, r.rb, r.force}} {
		if int(side.i) == len(w.solids) || w.solids[side.i].ghost() {
			continue
		}
		w.events = append(w.events, Event{
			Kind: EvBroke, A: side.a, B: side.b, Joint: r.ID, Impulse: finite(side.pull.Len()),
			Point:  spatial.Vec(finiteVec(w.solids[side.i].pos().Add(w.rows[side.m].moved()).Add(side.arm))),
			Normal: spatial.Vec(finiteVec(side.pull.Unit(det.Vec{}))),
		})
	}
}

// moving is the share of the wanted speed from which a motor counts as one
// that moves something: a stalled one lets its bodies sleep.
const moving = 0.1

// moves reports whether the motor of r turns or shifts anything.
func (r *rig) moves(ma, mb *motion) bool {
	if r.most == 0 && r.twist == 0 {
		return false
	}
	switch r.Kind {
	case BallJoint:
		return far(r.axes.ApplyInverse(mb.w.Sub(ma.w)), det.Vec(r.Motor.Angular))
	case MotorJoint:
		return far(r.axes.ApplyInverse(mb.w.Sub(ma.w)), det.Vec(r.Motor.Angular)) ||
			far(r.axes.ApplyInverse(relative(ma, mb, r.ra, r.rb)), det.Vec(r.Motor.Linear))
	}
	want := r.Motor.Speed
	return want != 0 && float32(want*r.speed(ma, mb)) > float32(moving*float32(want*want))
}

func far(got, want det.Vec) bool {
	return want != (det.Vec{}) && got.Dot(want) > float32(moving*want.Len2())
}

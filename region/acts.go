package region

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// What players do to things. These functions look at the state before the
// tick and route an event to the thing; its actor decides, so that of two who
// grab the same ball the canonical order picks one.

// near reports whether a thing is within reach of an avatar, counted from the
// surface of large things.
func (s *Sim) near(me *session, t *Thing, reach float32) bool {
	return s.gap(me, t) <= reach
}

func (s *Sim) gap(me *session, t *Thing) float32 {
	return t.gap(s.body(s.thing(me.Thing)).Pos, s.body(t).Pos)
}

// gap is the distance from an avatar at a to the surface of a thing at b.
func (t *Thing) gap(a, b spatial.Vec) float32 {
	d := b.Sub(a)
	half := t.Size.Scale(0.5)
	if t.Shape == Sphere {
		half = spatial.Vec{X: half.X, Y: half.X, Z: half.X}
	}
	out := func(v, h float32) float32 { return max(0, max(v, -v)-h) }
	return spatial.Vec{X: out(d.X, half.X), Y: max(0, out(d.Y, half.Y)-avatarHalfY), Z: out(d.Z, half.Z)}.Len()
}

func (s *Sim) touch(x *signed, me *session) (Code, base.ID, bool) {
	t := s.thing(x.in.Thing)
	switch {
	case t == nil:
		return NoThing, x.in.Thing, false
	case !s.near(me, t, TouchReach):
		return TooFar, t.ID, false
	}
	if t.Script() != "" {
		who := s.thing(me.Thing)
		s.now(event{To: t.ID, From: who.ID, Kind: evScript, Name: EventTouch, FromName: who.Name})
	}
	return OK, t.ID, false
}

func (s *Sim) throw(x *signed, me *session) (Code, base.ID, bool) {
	var t *Thing
	if x.in.Thing.IsZero() {
		best := float32(ThrowReach)
		hand := s.body(s.thing(me.Thing)).Pos
		for _, o := range s.things { // in id order: of two as near the lower id
			if o.loose() {
				if b := s.body(o); b.Mass <= MaxThrowMass {
					if d := o.gap(hand, b.Pos); d < best {
						best, t = d, o
					}
				}
			}
		}
	} else if t = s.thing(x.in.Thing); t != nil {
		switch {
		case !t.loose() || !s.light(t):
			return CannotThrow, t.ID, false
		case !s.near(me, t, ThrowReach):
			return TooFar, t.ID, false
		}
	}
	if t == nil {
		return NoThing, x.in.Thing, false
	}
	// It leaves from in front of the chest, clear of the thrower.
	v := x.in.Vel.Limit(MaxThrowSpeed)
	chest := s.body(s.thing(me.Thing)).Pos
	from := chest
	flat := spatial.Vec{X: v.X, Z: v.Z}
	if l := flat.Len(); l > 0.01 {
		clear := float32(avatarHalfXZ*1.5) + float32(max(t.Size.X, t.Size.Z)/2) + 0.15
		from = from.Add(flat.Scale(clear / l))
	}
	from.Y += 0.5
	chest.Y += 0.5
	if s.walled(t, chest, from) {
		from = s.body(t).Pos // no hand reaches through a wall: it flies from where it lies
	}
	s.todo = append(s.todo, event{To: t.ID, From: me.Thing, Seq: x.Seq, Kind: evThrow, Vel: v, At: from, player: x.Key})
	return OK, t.ID, true
}

// walled reports whether something fixed lies between two places.
func (s *Sim) walled(but *Thing, a, b spatial.Vec) bool {
	for _, t := range s.things {
		if !t.Fixed || t.Hollow || t == but {
			continue
		}
		x := s.body(t)
		back := spatial.Quat{X: -x.Rot.X, Y: -x.Rot.Y, Z: -x.Rot.Z, W: x.Rot.W}
		if crosses(back.Rotate(a.Sub(x.Pos)), back.Rotate(b.Sub(x.Pos)), t.Size.Scale(0.5)) {
			return true
		}
	}
	return false
}

// crosses reports whether the way from a to b meets the box round the origin
// (the slab method of Kay and Kajiya). A sphere counts as its box.
func crosses(a, b, half spatial.Vec) bool {
	enter, leave := float32(0), float32(1)
	for _, x := range [...][3]float32{{a.X, b.X, half.X}, {a.Y, b.Y, half.Y}, {a.Z, b.Z, half.Z}} {
		from, to, h := x[0], x[1], x[2]
		d := to - from
		if d < 1e-6 && d > -1e-6 {
			if from > h || from < -h {
				return false
			}
			continue
		}
		in, out := float32((-h-from)/d), float32((h-from)/d)
		enter, leave = max(enter, min(in, out)), min(leave, max(in, out))
	}
	return enter <= leave
}

func (s *Sim) light(t *Thing) bool { return s.body(t).Mass <= MaxThrowMass }

// sets reports whether a player may write a slot, or change the script, of a
// thing as it is now. A borrower writes neither code nor who may propose what:
// code acts for the owner.
func (s *Sim) sets(t *Thing, k InputKind, w SlotWrite, by base.Key) bool {
	return t.Owner == by || k == InSet && t.uses(by) && !w.code() && w.Name != SlotOpen || s.May(by, rightTo(k))
}

func (s *Sim) set(x *signed, me *session) (Code, base.ID, bool) {
	t := s.thing(x.in.Thing)
	switch {
	case t == nil:
		return NoThing, x.in.Thing, false
	case !s.sets(t, x.in.Kind, x.in.Slot, x.Key):
		return NotAllowed, t.ID, false
	}
	if x.in.Kind == InScript {
		who := s.thing(me.Thing)
		s.todo = append(s.todo, event{To: t.ID, From: who.ID, FromName: who.Name, Seq: x.Seq, Kind: evChange, Identity: x.in.Identity, player: x.Key})
		return OK, t.ID, true
	}
	s.todo = append(s.todo, event{To: t.ID, From: me.Thing, Seq: x.Seq, Kind: evSet, Slot: x.in.Slot, player: x.Key})
	return OK, t.ID, true
}

// bumps turns hits of scripted things into touch events for the next tick.
func (s *Sim) bumps(events []shard.Event) {
	if len(events) == 0 {
		return
	}
	for i, t := range s.things {
		if t.Hollow || !t.scripted || (t.LastTouch != 0 && s.tick < t.LastTouch+bumpEvery) {
			continue
		}
		for j := range events {
			e := &events[j]
			if e.A != t.ID || e.B.IsZero() || e.Kind != physics.EvBegin && e.Kind != physics.EvHit || e.Impulse < bumpImpulse {
				continue
			}
			name := ""
			if o := s.thing(e.B); o != nil {
				name = o.Name
			}
			n := *t
			n.LastTouch = s.tick
			s.things[i] = &n
			s.later(event{To: t.ID, From: e.B, Kind: evScript, Name: EventTouch, FromName: name, Impulse: e.Impulse})
			break
		}
	}
}

// clockEvents gives "tick" events to the scripts that asked for them.
func (s *Sim) clockEvents() {
	for _, t := range s.things {
		// Spread by id, so that not all scripts run in the same tick.
		if t.every > 0 && (uint64(s.tick)+uint64(t.ID[0]))%uint64(t.every) == 0 {
			s.now(event{To: t.ID, Kind: evScript, Name: EventTick})
		}
	}
}

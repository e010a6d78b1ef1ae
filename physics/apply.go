package physics

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// apply carries out commands. Commands on different bodies commute, unless the
// world is full: bodies are kept in id order whatever the order they came in.
func (w *World) apply(cmds []Command) error {
	var errs []error
	if len(cmds) > MaxCommands {
		errs = append(errs, fmt.Errorf("physics: %w: %d commands, at most %d", ErrValue, len(cmds), MaxCommands))
		cmds = cmds[:MaxCommands]
	}
	for i := range cmds {
		c := &cmds[i]
		if err := w.command(c); err != nil {
			id := c.ID
			if id == Ground {
				id = c.Body.ID
			}
			e := &CommandError{Index: i, ID: id, Err: err}
			if c.Joint != nil {
				e.Joint = c.Joint.ID
			}
			errs = append(errs, e)
		}
	}
	w.geometries.dropUnused()
	return errors.Join(errs...)
}

func (w *World) command(c *Command) error {
	if c.Kind == CmdAdd {
		if c.ID != Ground && c.ID != c.Body.ID {
			return fmt.Errorf("%w: %d, but the body says %d", ErrID, c.ID, c.Body.ID)
		}
		return w.add(c.Body)
	}
	if c.Kind == CmdField || c.Kind == CmdUnfield {
		return w.fieldCommand(c)
	}
	if c.Kind == CmdGeometry {
		return w.addGeometry(c.Geometry)
	}
	if c.Kind >= CmdJoint && c.Kind <= CmdMotor {
		return w.jointCommand(c)
	}
	i, ok := w.find(c.ID)
	if !ok {
		return ErrID
	}
	s := &w.solids[i]
	w.alter(s)
	switch c.Kind {
	case CmdRemove:
		w.wakeTouching(s.ID)
		w.forget(s.ID)
		w.unjoin(s.ID)
		w.leave(s.ID)
		w.near.remove(i, s)
		w.unfit(s)
		w.solids = slices.Delete(w.solids, i, i+1)
		return nil
	case CmdSet:
		return w.set(s, c.Body)
	case CmdImpulse:
		return w.impulse(s, c.Vec)
	case CmdDrive:
		return w.drive(s, c.Vec, c.F)
	case CmdVehicle:
		return w.setVehicle(s, c.Vehicle)
	case CmdSteer:
		return w.steer(s, c.Vec)
	case CmdOwn:
		s.Flags = s.Flags&^Ghost | c.Body.Flags&Ghost
		return nil
	}
	return fmt.Errorf("%w: command %d", ErrKind, c.Kind)
}

func (w *World) add(b Body) error {
	if err := b.check(&w.cfg); err != nil {
		return err
	}
	i, taken := w.find(b.ID)
	if taken {
		return ErrID
	}
	if len(w.solids) >= w.cfg.MaxBodies {
		return ErrFull
	}
	s := solid{Body: b}
	if err := w.fit(&s); err != nil {
		return err
	}
	s.derive()
	w.solids = slices.Insert(w.solids, i, s)
	w.near.insert(i)
	w.mark(b.ID)
	return nil
}

func (w *World) set(s *solid, b Body) error {
	n := s.Body
	n.Flags &^= Out
	n.Pos, n.Rot, n.Vel, n.Spin = b.Pos, b.Rot, b.Vel, b.Spin
	if err := n.check(&w.cfg); err != nil {
		return err
	}
	s.Body = n
	s.derive()
	w.wake(s)
	w.wakeTouching(s.ID)
	w.wakeJoined(s.ID)
	w.wakeWheels(s.ID)
	return nil
}

func (w *World) impulse(s *solid, p spatial.Vec) error {
	if s.fixed() || s.out() {
		return ErrStatic
	}
	if !p.Finite() || !within(det.Vec(p), MaxImpulse) {
		return fmt.Errorf("%w: impulse %g,%g,%g", ErrValue, p.X, p.Y, p.Z)
	}
	if p.Y > 0 {
		s.standing = false // thrown up, its feet do not hold it
	}
	s.Vel = spatial.Vec(det.Vec(s.Vel).AddScaled(1/s.Mass, det.Vec(p)).Limit(MaxSpeed))
	w.wake(s)
	return nil
}

func (w *World) drive(s *solid, v spatial.Vec, accel float32) error {
	if s.fixed() || s.out() {
		return ErrStatic
	}
	if !s.upright() {
		return ErrUpright
	}
	if !v.Finite() || !(v.Len() <= float32(MaxSpeed*rounding)) || !(accel >= 0 && accel <= MaxAcceleration) {
		return fmt.Errorf("%w: drive %g,%g,%g at %g m/s²", ErrValue, v.X, v.Y, v.Z, accel)
	}
	want := det.Vec{X: v.X, Z: v.Z}
	if accel == 0 {
		want = det.Vec{}
	}
	if want != s.want || accel != s.accel {
		s.want, s.accel = want, accel
		w.wake(s)
	}
	if v.Y > 0 && s.standing {
		s.Vel.Y = v.Y
		s.standing = false
		w.wake(s)
	}
	return nil
}

// wakeTouching wakes what touched a body that is about to change: a sleeper
// must notice when its support goes.
func (w *World) wakeTouching(id BodyID) {
	for _, list := range [2][]contact{w.contacts, w.dormant} {
		for i := range list {
			k := list[i].key
			if k.a != id && k.b != id || list[i].sense() {
				continue
			}
			other := k.a
			if other == id {
				other = k.b
			}
			if j, ok := w.find(other); ok {
				w.wake(&w.solids[j])
			}
		}
	}
}

// forget drops the contacts of a body that goes, and tells who touched it.
func (w *World) forget(id BodyID) {
	var last key
	gone := func(c contact) bool {
		if c.a != id && c.b != id {
			return false
		}
		if c.touching && !sameTouch(c.key, last) {
			w.endFor(&c, id)
			last = c.key
		}
		return true
	}
	w.contacts = slices.DeleteFunc(w.contacts, gone)
	w.dormant = slices.DeleteFunc(w.dormant, func(c contact) bool {
		out := gone(c)
		if out {
			w.mark(c.holder())
		}
		return out
	})
	w.prints.current = false
}

// endFor reports the end of a touch to both sides but gone.
func (w *World) endFor(c *contact, gone BodyID) {
	kind := EvEnd
	if c.sense() {
		kind = EvLeave
	}
	for _, side := range [2][2]BodyID{{c.a, c.b}, {c.b, c.a}} {
		if side[0] == gone {
			continue
		}
		if i, ok := w.find(side[0]); ok && !w.solids[i].ghost() {
			w.events = append(w.events, Event{Kind: kind, A: side[0], B: side[1]})
		}
	}
}

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
			errs = append(errs, &CommandError{i, id, err})
		}
	}
	return errors.Join(errs...)
}

func (w *World) command(c *Command) error {
	if c.Kind == CmdAdd {
		if c.ID != Ground && c.ID != c.Body.ID {
			return fmt.Errorf("%w: %d, but the body says %d", ErrID, c.ID, c.Body.ID)
		}
		return w.add(c.Body)
	}
	i, ok := w.find(c.ID)
	if !ok {
		return ErrID
	}
	s := &w.solids[i]
	switch c.Kind {
	case CmdRemove:
		w.wakeTouching(s.ID)
		w.forget(s.ID)
		w.solids = slices.Delete(w.solids, i, i+1)
		return nil
	case CmdSet:
		return w.set(s, c.Body)
	case CmdImpulse:
		return s.impulse(c.Vec)
	case CmdDrive:
		return s.drive(c.Vec, c.F)
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
	w.solids = slices.Insert(w.solids, i, solid{Body: b})
	return nil
}

func (w *World) set(s *solid, b Body) error {
	n := s.Body
	n.Pos, n.Rot, n.Vel, n.Spin = b.Pos, b.Rot, b.Vel, b.Spin
	if err := n.check(&w.cfg); err != nil {
		return err
	}
	s.Body = n
	s.wake()
	w.wakeTouching(s.ID)
	return nil
}

func (s *solid) impulse(p spatial.Vec) error {
	if s.static() {
		return ErrStatic
	}
	if !p.Finite() || !within(det.Vec(p), MaxImpulse) {
		return fmt.Errorf("%w: impulse %g,%g,%g", ErrValue, p.X, p.Y, p.Z)
	}
	s.Vel = spatial.Vec(det.Vec(s.Vel).AddScaled(1/s.Mass, det.Vec(p)).Limit(MaxSpeed))
	s.wake()
	return nil
}

func (s *solid) drive(v spatial.Vec, accel float32) error {
	if s.static() {
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
		s.wake()
	}
	if v.Y > 0 && s.standing {
		s.Vel.Y = v.Y
		s.standing = false
		s.wake()
	}
	return nil
}

// wakeTouching wakes what touched a body that is about to change: a sleeper
// must notice when its support goes.
func (w *World) wakeTouching(id BodyID) {
	for i := range w.contacts {
		k := w.contacts[i].key
		if k.a != id && k.b != id {
			continue
		}
		other := k.a
		if other == id {
			other = k.b
		}
		if j, ok := w.find(other); ok {
			w.solids[j].wake()
		}
	}
}

// forget drops the contacts of a body that goes, and tells who touched it.
func (w *World) forget(id BodyID) {
	w.contacts = slices.DeleteFunc(w.contacts, func(c contact) bool {
		if c.a != id && c.b != id {
			return false
		}
		if c.touching {
			w.endFor(c.key, id)
		}
		return true
	})
}

// endFor reports the end of a touch to both sides but gone.
func (w *World) endFor(k key, gone BodyID) {
	for _, side := range [2][2]BodyID{{k.a, k.b}, {k.b, k.a}} {
		if side[0] == gone {
			continue
		}
		if i, ok := w.find(side[0]); ok && !w.solids[i].ghost() {
			w.events = append(w.events, Event{Kind: EvEnd, A: side[0], B: side[1]})
		}
	}
}

package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// undo does all steps if all fit.
func (s *Sim) undo(u *Undo) bool {
	if u.Base > s.tick || u.Base+UndoAge < s.tick {
		return false
	}
	room := s.cfg.MaxThings - len(s.things)
	for i := range u.Steps {
		if !s.fits(&u.Steps[i], u.Steps[:i]) {
			return false
		}
		switch u.Steps[i].Kind {
		case UndoAdd:
			room--
		case UndoRemove:
			room++
		}
	}
	if room < 0 {
		return false
	}
	for i := range u.Steps {
		s.putBack(&u.Steps[i], u.Player)
	}
	return true
}

// fits reports whether a thing is what a step was made from; before are the steps
// that will have been done by then.
func (s *Sim) fits(x *UndoStep, before []UndoStep) bool {
	t := s.thing(x.ID)
	switch x.Kind {
	case UndoAdd:
		// Nobody has brought it back meanwhile, here or elsewhere; and avatars
		// have later epochs.
		_, there := s.shard.Body(x.ID)
		return t == nil && !there && x.Epoch < 1<<16 && s.shard.Hand().Known(x.ID) < x.Epoch && !added(before, x.ID, 0)
	case UndoTie:
		_, taken := s.shard.World().Joint(x.Joint.ID)
		return !taken && s.tieable(x.ID, x.Epoch, before) && (x.Other.IsZero() || s.tieable(x.Other, 0, before))
	}
	if t == nil || t.avatar() || t.Epoch != x.Epoch {
		return false
	}
	switch x.Kind {
	case UndoSlots:
		for i := range x.Was {
			if t.Slots.Version(x.Set[i].Name) != x.Was[i] {
				return false
			}
		}
		_, err := t.Slots.withAll(x.Set)
		return err == nil
	case UndoMove:
		b := s.body(t)
		return x.Loose && t.loose() || b.Pos == x.From.Pos && b.Rot == x.From.Rot
	case UndoHold:
		return heldOf(t) == s.still(x.WasHeld)
	case UndoUntie:
		return s.holds(x.ID, x.Joint.ID)
	}
	return true
}

// added reports whether steps add a thing; epoch 0: at any epoch.
func added(steps []UndoStep, id base.ID, epoch uint64) bool {
	return slices.ContainsFunc(steps, func(x UndoStep) bool {
		return x.Kind == UndoAdd && x.ID == id && (epoch == 0 || x.Epoch == epoch) && !x.Thing.Fixed && !x.Thing.Hollow
	})
}

// tieable reports whether a thing can be held by one joint more; epoch 0: at any.
func (s *Sim) tieable(id base.ID, epoch uint64, before []UndoStep) bool {
	n := 0
	for i := range before {
		if b := &before[i]; b.Kind == UndoTie && (b.ID == id || b.Other == id) {
			n++
		}
	}
	t := s.thing(id)
	if t == nil {
		return added(before, id, epoch) && n < MaxTies
	}
	return t.loose() && (epoch == 0 || t.Epoch == epoch) && s.ties(id)+n < MaxTies
}

// holds reports whether a joint holds a thing.
func (s *Sim) holds(id base.ID, j physics.JointID) (ok bool) {
	s.eachTie(id, func(o physics.Joint) { ok = ok || o.ID == j })
	return ok
}

// still is what a holding that was made earlier has become: loans end.
func (s *Sim) still(h Held) Held {
	if h.Loan < s.tick {
		h.Borrower, h.Loan = base.Key{}, 0
	}
	return h
}

// withAll is s with many writes, what goes first: what is written may need its
// room.
func (s Slots) withAll(list []SlotWrite) (Slots, error) {
	for _, gone := range []bool{true, false} {
		for _, w := range list {
			if (w.Value.Type == SlotNone) != gone {
				continue
			}
			var err error
			if s, err = s.With(w); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *Sim) putBack(x *UndoStep, who base.Key) {
	t := s.thing(x.ID)
	if x.Kind == UndoAdd {
		// The same thing again, one life later: it is never there twice.
		if t = s.makeAs(x.ID, x.Epoch, &x.Thing); t != nil {
			n := *t
			h := s.still(x.Held)
			n.Borrower, n.Loan, n.Brought, n.Timers = h.Borrower, h.Loan, h.Brought, x.Timers
			s.put(&n)
		}
		s.bin = slices.DeleteFunc(s.bin, func(o deleted) bool { return o.Thing.ID == x.ID })
		return
	}
	if t == nil { // removed by a step before, or never made
		return
	}
	n := *t
	switch x.Kind {
	case UndoRemove:
		// What is no longer that player's has an owner who may want it.
		if t.Owner != who && !t.Owner.IsZero() {
			s.discard(t)
		} else {
			s.remove(t)
		}
	case UndoSlots:
		slots, err := n.Slots.withAll(x.Set)
		if err != nil {
			return
		}
		n.Slots = slots
		for _, w := range x.Set {
			s.out.Slots = append(s.out.Slots, SlotChange{n.ID, w})
		}
		s.put(&n)
		s.want(&n)
	case UndoHold:
		h := s.still(x.Held)
		n.Owner, n.Borrower, n.Loan, n.Brought = h.Owner, h.Borrower, h.Loan, h.Brought
		s.put(&n)
	case UndoTimers:
		n.Timers = x.Timers // what was due meanwhile rings now
		s.put(&n)
	case UndoMove:
		if t.Hollow {
			n.At, n.Turn = s.inside(x.To.Pos, spatial.Vec{}), x.To.Rot.Unit()
			s.put(&n)
			return
		}
		b := s.body(t)
		b.Pos, b.Rot = s.inside(x.To.Pos, b.Shape.Half), x.To.Rot.Unit()
		b.Vel, b.Spin = x.Vel.Limit(physics.MaxSpeed), x.Spin.Limit(physics.MaxSpin)
		s.do(command(t.ID, physics.Command{Kind: physics.CmdSet, Body: b}))
	case UndoUntie:
		s.do(command(t.ID, physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: x.Joint.ID}}))
	case UndoTie:
		j := x.Joint
		s.do(shard.Input{Kind: shard.InCommand, ID: x.ID, Other: x.Other, Command: physics.Command{Kind: physics.CmdJoint, Joint: &j}})
	}
}

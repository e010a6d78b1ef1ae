package region

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// The least that counts as moved: metres, and the cosine of half the angle.
const (
	movedBy  = 0.02
	turnedBy = 0.9995
)

// Differences lists the steps that make of this state the other one; both are of
// one region after the same tick. Left alone are avatars and what went or came
// over a border in either (away).
func (s *Sim) Differences(other *Sim, away func(base.ID) bool) []UndoStep {
	var steps []UndoStep
	for _, t := range s.things {
		if t.avatar() || away(t.ID) {
			continue
		}
		o := other.thing(t.ID)
		if o == nil {
			steps = append(steps, UndoStep{Kind: UndoRemove, ID: t.ID, Epoch: t.Epoch})
			continue
		}
		if x := slotSteps(t, o); len(x.Set) > 0 {
			steps = append(steps, x)
		}
		if was, is := heldOf(t), heldOf(o); was != is {
			steps = append(steps, UndoStep{Kind: UndoHold, ID: t.ID, Epoch: t.Epoch, WasHeld: was, Held: is})
		}
		if !slices.Equal(t.Timers, o.Timers) {
			steps = append(steps, UndoStep{Kind: UndoTimers, ID: t.ID, Epoch: t.Epoch, Timers: o.Timers})
		}
		if x := s.moveStep(other, t, o); x != nil {
			steps = append(steps, *x)
		}
	}
	for _, o := range other.things {
		if !o.avatar() && !away(o.ID) && s.thing(o.ID) == nil {
			steps = append(steps, UndoStep{Kind: UndoAdd, ID: o.ID, Epoch: s.nextLife(o), Thing: other.specOf(o),
				Held: Held{Borrower: o.Borrower, Loan: o.Loan, Brought: o.Brought}, Timers: o.Timers})
		}
	}
	steps = append(steps, s.tieSteps(other, away)...)
	// What goes makes room, and what is tied must be there and in its place.
	order := []UndoKind{0, UndoRemove: 0, UndoUntie: 1, UndoAdd: 2, UndoHold: 3, UndoSlots: 4, UndoTimers: 5, UndoMove: 6, UndoTie: 7}
	slices.SortStableFunc(steps, func(a, b UndoStep) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), a.ID.Compare(b.ID))
	})
	return steps
}

// nextLife is the epoch at which a thing that is not here may be made again.
func (s *Sim) nextLife(o *Thing) uint64 {
	e := max(o.Epoch, s.shard.Hand().Known(o.ID))
	for i := range s.bin {
		if s.bin[i].Thing.ID == o.ID {
			e = max(e, s.bin[i].Thing.Epoch)
		}
	}
	return e + 1
}

func heldOf(t *Thing) Held { return Held{t.Owner, t.Borrower, t.Loan, t.Brought} }

func slotSteps(t, o *Thing) UndoStep {
	x := UndoStep{Kind: UndoSlots, ID: t.ID, Epoch: t.Epoch}
	var names []string
	for _, list := range []Slots{t.Slots, o.Slots} {
		for _, w := range list {
			names = append(names, w.Name)
		}
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		was, set := SlotWrite{Name: n}, SlotWrite{Name: n}
		was.Value, _ = t.Slots.Get(n)
		set.Value, _ = o.Slots.Get(n)
		if !was.equal(set) {
			x.Was, x.Set = append(x.Was, t.Slots.Version(n)), append(x.Set, set)
		}
	}
	return x
}

func (s *Sim) moveStep(other *Sim, t, o *Thing) *UndoStep {
	a, b := s.body(t), other.body(o)
	d := a.Pos.Sub(b.Pos)
	dot := float32(a.Rot.X*b.Rot.X) + float32(a.Rot.Y*b.Rot.Y) + float32(a.Rot.Z*b.Rot.Z) + float32(a.Rot.W*b.Rot.W)
	far := float32(d.X*d.X) + float32(d.Y*d.Y) + float32(d.Z*d.Z)
	if far < movedBy*movedBy && float32(dot*dot) > turnedBy*turnedBy {
		return nil
	}
	x := &UndoStep{Kind: UndoMove, ID: t.ID, Epoch: t.Epoch, From: Pose{a.Pos, a.Rot}, To: Pose{b.Pos, b.Rot}}
	if t.loose() && !s.resting(t.ID) {
		x.Loose = true // nobody can say where it will be
	}
	if o.loose() && !other.resting(o.ID) {
		x.Vel, x.Spin = b.Vel, b.Spin
	}
	return x
}

// bond is a joint with the names of what it holds; B zero: the world.
type bond struct {
	a, b  base.ID
	joint physics.Joint // between bodies 0 and 0
}

// tiesByID are the joints between things that are owned, in the order of ids.
func (s *Sim) tiesByID() (list []bond) {
	s.shard.World().EachJoint(func(j physics.Joint) bool {
		x := bond{joint: j}
		x.a, _ = s.shard.Name(j.A)
		if j.B != physics.Ground {
			x.b, _ = s.shard.Name(j.B)
		}
		x.joint.A, x.joint.B = 0, 0
		if s.thing(x.a) != nil && (j.B == physics.Ground || s.thing(x.b) != nil) {
			list = append(list, x)
		}
		return true
	})
	slices.SortFunc(list, func(a, b bond) int { return cmp.Compare(a.joint.ID, b.joint.ID) })
	return list
}

func (s *Sim) tieSteps(other *Sim, away func(base.ID) bool) (steps []UndoStep) {
	mine, theirs := s.tiesByID(), other.tiesByID()
	has := func(list []bond, id physics.JointID) bool {
		_, ok := slices.BinarySearchFunc(list, id, func(x bond, id physics.JointID) int { return cmp.Compare(x.joint.ID, id) })
		return ok
	}
	for i := range mine {
		x := &mine[i]
		// It ends with what it holds.
		if away(x.a) || away(x.b) || has(theirs, x.joint.ID) || other.thing(x.a) == nil || !x.b.IsZero() && other.thing(x.b) == nil {
			continue
		}
		steps = append(steps, UndoStep{Kind: UndoUntie, ID: x.a, Epoch: s.thing(x.a).Epoch, Joint: physics.Joint{ID: x.joint.ID}})
	}
	for i := range theirs {
		x := &theirs[i]
		if away(x.a) || away(x.b) || has(mine, x.joint.ID) {
			continue
		}
		epoch := s.nextLife(other.thing(x.a))
		if t := s.thing(x.a); t != nil {
			epoch = t.Epoch
		}
		steps = append(steps, UndoStep{Kind: UndoTie, ID: x.a, Epoch: epoch, Other: x.b, Joint: x.joint})
	}
	return steps
}

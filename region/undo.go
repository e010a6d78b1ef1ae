package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// UndoKind says what is put back. Values are in logs: extend at the end.
type UndoKind uint8

const (
	UndoRemove UndoKind = iota + 1 // ID, Epoch: it would not be here
	UndoAdd                        // ID, Epoch (the one it will have), Thing, Held (without Owner), Timers: it would be here
	UndoSlots                      // ID, Epoch, Was, Set: slots would be otherwise
	UndoMove                       // ID, Epoch, From, To, Loose, Vel, Spin: it would be elsewhere
	UndoHold                       // ID, Epoch, WasHeld, Held: it would be somebody else's, or lent to another
	UndoTimers                     // ID, Epoch, Timers: other timers of it would run
	UndoUntie                      // ID, Epoch, Joint.ID: it would not be held
	UndoTie                        // ID, Epoch, Other, Joint: it would be held to Other, or to the world
)

// Pose is where something is, relative to the region's site.
type Pose struct {
	Pos spatial.Vec
	Rot spatial.Quat
}

// Held is whose a thing is.
type Held struct {
	Owner, Borrower base.Key
	Loan            base.Tick // until when the Borrower has it; 0: it is not lent
	Brought         bool      // as Thing.Brought
}

// UndoStep puts one thing back. It fits while the thing is what the proposal was
// made from: as Was, From and WasHeld say.
type UndoStep struct {
	Kind  UndoKind
	ID    base.ID
	Epoch uint64
	Thing ThingSpec
	Was   []uint64    // versions (Slots.Version) of the slots of Set
	Set   []SlotWrite // sorted; SlotNone: not there

	From, To  Pose
	Loose     bool        // it moves: From does not count
	Vel, Spin spatial.Vec // m/s and rad/s that it would have at To

	WasHeld, Held Held
	Timers        []Timer
	Other         base.ID       // zero: the world
	Joint         physics.Joint // between bodies 0 and 0
}

// Undo is a part of what would be otherwise without a player's inputs since a
// tick: a proposal, made from the state after Base, that an admin asks the region
// for. It is done as a whole, or not at all when a step does not fit any more.
type Undo struct {
	Player base.Key
	Since  base.Tick
	Base   base.Tick
	Steps  []UndoStep
}

// Bounds of an undo.
const (
	MaxUndoSteps = 64
	// UndoAge is how old its base may be, in ticks: an hour.
	UndoAge = 3600 * TickRate
)

// AppendTo writes the canonical form: player 32, since u64, base u64, steps (count
// u32, each kind u8 and what is named at it).
func (u *Undo) AppendTo(e *base.Encoder) {
	if u == nil {
		u = &Undo{}
	}
	e.Key(u.Player)
	e.U64(uint64(u.Since))
	e.U64(uint64(u.Base))
	e.U32(uint32(len(u.Steps)))
	for i := range u.Steps {
		u.Steps[i].AppendTo(e)
	}
}

// AppendTo writes one step.
func (x *UndoStep) AppendTo(e *base.Encoder) {
	e.U8(uint8(x.Kind))
	e.ID(x.ID)
	e.U64(x.Epoch)
	switch x.Kind {
	case UndoAdd:
		x.Thing.appendTo(e)
		e.Key(x.Held.Borrower)
		e.U64(uint64(x.Held.Loan))
		e.Bool(x.Held.Brought)
		appendTimers(e, x.Timers, 0)
	case UndoSlots:
		e.U8(uint8(len(x.Set)))
		for i := range x.Set {
			e.U64(x.Was[i])
			AppendSlotWrite(e, x.Set[i])
		}
	case UndoMove:
		for _, p := range []Pose{x.From, x.To} {
			p.Pos.AppendTo(e)
			appendQuat(e, p.Rot)
		}
		e.Bool(x.Loose)
		x.Vel.AppendTo(e)
		x.Spin.AppendTo(e)
	case UndoHold:
		for _, h := range []Held{x.WasHeld, x.Held} {
			e.Key(h.Owner)
			e.Key(h.Borrower)
			e.U64(uint64(h.Loan))
			e.Bool(h.Brought)
		}
	case UndoTimers:
		appendTimers(e, x.Timers, 0)
	case UndoUntie:
		e.U64(uint64(x.Joint.ID))
	case UndoTie:
		e.ID(x.Other)
		x.Joint.AppendTo(e)
	}
}

func readUndo(d *base.Decoder) *Undo {
	u := &Undo{Player: d.Key(), Since: base.Tick(d.U64()), Base: base.Tick(d.U64())}
	for range d.Count(MaxUndoSteps, 25) {
		u.Steps = append(u.Steps, readUndoStep(d))
	}
	return u
}

func readUndoStep(d *base.Decoder) UndoStep {
	x := UndoStep{Kind: UndoKind(d.U8())}
	x.ID, x.Epoch = d.ID(), d.U64()
	switch x.Kind {
	case UndoAdd:
		x.Thing = readThingSpec(d)
		x.Held.Borrower, x.Held.Loan, x.Held.Brought = d.Key(), base.Tick(d.U64()), d.Bool()
		x.Held.check(d)
		x.Timers = readTimers(d, 0)
	case UndoRemove:
	case UndoSlots:
		x.readSlots(d)
	case UndoMove:
		x.From, x.To = readPose(d), readPose(d)
		x.Loose, x.Vel, x.Spin = d.Bool(), spatial.ReadVec(d), spatial.ReadVec(d)
	case UndoHold:
		x.WasHeld, x.Held = readHeld(d), readHeld(d)
	case UndoTimers:
		x.Timers = readTimers(d, 0)
	case UndoUntie:
		x.Joint.ID = physics.JointID(d.U64())
	case UndoTie:
		x.Other, x.Joint = d.ID(), physics.ReadJoint(d)
		j := &x.Joint
		if d.Err() == nil && (j.ID == 0 || j.A != 0 || j.B != 0 || j.Kind < physics.JointKind(TieBall) || j.Kind > physics.JointKind(TieDistance) || x.Other == x.ID) {
			d.Fail(fmt.Errorf("a tie of kind %d put back", j.Kind))
		}
	default:
		d.Fail(fmt.Errorf("unknown step %d", x.Kind))
	}
	return x
}

func (x *UndoStep) readSlots(d *base.Decoder) {
	n := d.U8()
	if n == 0 || n > MaxSlots {
		d.Fail(fmt.Errorf("%d slots put back", n))
	}
	for i := range int(n) {
		if d.Err() != nil {
			return
		}
		x.Was, x.Set = append(x.Was, d.U64()), append(x.Set, ReadSlotWrite(d))
		if d.Err() == nil && i > 0 && x.Set[i-1].Name >= x.Set[i].Name {
			d.Fail(fmt.Errorf("slots put back are not in order"))
		}
	}
}

func readPose(d *base.Decoder) Pose { return Pose{spatial.ReadVec(d), readQuat(d)} }

func readHeld(d *base.Decoder) Held {
	h := Held{Owner: d.Key(), Borrower: d.Key(), Loan: base.Tick(d.U64()), Brought: d.Bool()}
	h.check(d)
	return h
}

func (h *Held) check(d *base.Decoder) {
	if d.Err() == nil && (h.Borrower.IsZero() != (h.Loan == 0) || h.Loan > 1<<62) {
		d.Fail(fmt.Errorf("a loan to nobody, or of no time"))
	}
}

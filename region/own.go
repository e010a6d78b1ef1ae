package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// The forms of what players ask for about things: to make, move, give, take,
// lend, give back and delete them, and to tell them something.

func (in Input) appendOwn(e *base.Encoder) {
	switch in.Kind {
	case InCreate:
		in.Pos.AppendTo(e)
		in.Spec.appendTo(e)
	case InMove:
		e.ID(in.Thing)
		in.Pos.AppendTo(e)
	case InGive:
		e.ID(in.Thing)
		e.Key(in.To)
	case InLend:
		e.ID(in.Thing)
		e.Key(in.To)
		e.U32(in.Ticks)
	case InTake, InReturn, InDelete, InUndelete:
		e.ID(in.Thing)
	case InTell:
		e.ID(in.Thing)
		e.Str(in.Name)
		e.Str(in.Text)
	}
}

func (in *Input) readOwn(d *base.Decoder) {
	switch in.Kind {
	case InCreate:
		in.Pos, in.Spec = spatial.ReadPos(d), readThingSpec(d)
		x := &in.Spec
		if d.Err() == nil && (!x.Owner.IsZero() || x.Pos != (spatial.Vec{}) || len(x.Slots) > 0) {
			d.Fail(fmt.Errorf("a thing that is made with an owner, a second place or slots"))
		}
	case InMove:
		in.Thing, in.Pos = d.ID(), spatial.ReadPos(d)
	case InGive:
		in.Thing, in.To = d.ID(), d.Key()
	case InLend:
		in.Thing, in.To, in.Ticks = d.ID(), d.Key(), d.U32()
		if d.Err() == nil && (in.To.IsZero() || in.Ticks == 0 || in.Ticks > MaxLoan) {
			d.Fail(fmt.Errorf("a loan to nobody, or of %d ticks, want 1-%d", in.Ticks, MaxLoan))
		}
	case InTake, InReturn, InDelete, InUndelete:
		in.Thing = d.ID()
	case InTell:
		in.Thing, in.Name, in.Text = d.ID(), d.Str(MaxKind), d.Str(MaxText)
		if d.Err() == nil && !Verb(in.Name) {
			d.Fail(fmt.Errorf("%q is no verb: want 1-%d of a-z 0-9 _ - starting with a letter, and not what the sim says itself", in.Name, MaxKind))
		}
		if d.Err() == nil && in.Text != "" && !printable(in.Text) {
			d.Fail(fmt.Errorf("what is told is not printable text"))
		}
	default:
		d.Fail(fmt.Errorf("unknown input kind %d", in.Kind))
	}
}

// Verb reports whether somebody may tell a thing this: it has the form of a
// slot's name and is neither an event that only the sim causes nor a slot that
// says whose code a thing runs.
func Verb(s string) bool {
	switch s {
	case EventTouch, EventHeard, EventTick, EventUpgrade, EventMessage, EventTimer, EventLost, EventConflict, EventAnswer, EventTold:
		return false
	}
	return len(s) <= MaxKind && validSlotName(s) && !provenance(s)
}

// appendLoan writes who has borrowed a thing, and for how long from a tick on.
// A loan that ends in that tick is over: a hand-off may leave before giveBack.
func appendLoan(e *base.Encoder, t *Thing, since base.Tick) {
	lent := !t.Borrower.IsZero() && t.Loan > since
	e.Bool(lent)
	if lent {
		e.Key(t.Borrower)
		e.U64(uint64(t.Loan - since))
	}
}

// readLoan reads it; most is the longest loan, 0 for no bound.
func readLoan(d *base.Decoder, t *Thing, most base.Tick) {
	if !d.Bool() || d.Err() != nil {
		return
	}
	t.Borrower, t.Loan = d.Key(), base.Tick(d.U64())
	if d.Err() == nil && (t.Borrower.IsZero() || t.Loan == 0 || t.Loan > 1<<62 || most != 0 && t.Loan > most || t.avatar()) {
		d.Fail(fmt.Errorf("a loan to nobody, of an avatar, or of %d ticks", t.Loan))
	}
}

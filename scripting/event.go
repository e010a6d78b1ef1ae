package scripting

import "github.com/metatopia/metatopia/internal/base"

// Event is what a handler is run for.
type Event struct {
	Name     string  // "touch", "heard", "tick", ...
	From     base.ID // the avatar or thing that caused it, zero when nobody did
	FromName string
	Text     string // what was said, for "heard"; what was sent, for "message"
	Tag      int64  // of a message, a timer, a transaction, a request; the operator, for "lost"
	Self     base.ID

	Tick  uint64     // of the region, 20 a second
	At    [3]float64 // where the thing is, metres
	Vel   [3]float64 // how it moves, m/s
	Loose bool       // whether it can be pushed

	Impulse float64 // of the bump that a touch tells of, N·s
	Answer  *Answer // what the region's store said, for "answer"; else nil
	// Look finds the first thing on the way from a place; nil: there is
	// nothing to see. ok is false when it is not allowed so.
	Look func(from, way [3]float64) (at [3]float64, found, ok bool)
	// Peek reads a slot of a thing, with what tells its value from others; nil:
	// there is no other thing.
	Peek func(thing base.ID, slot string) (v Value, version uint64, ok bool)
}

// ValueKind is the type of a slot's value. Numbers are part of the guest
// interface mt:slot@1: only ever extended at the end.
type ValueKind uint8

const (
	KindNone  ValueKind = 0 // writing it deletes the slot
	KindInt   ValueKind = 1
	KindText  ValueKind = 2
	KindBytes ValueKind = 3
	KindLump  ValueKind = 4 // Str is a CID
	KindBool  ValueKind = 5 // Int is 0 or 1
)

// Value is what a slot holds: Int for KindInt and KindBool, else Str.
type Value struct {
	Kind ValueKind
	Int  int64
	Str  string
}

// Int, Text, Lump, Bytes and Bool make values.
func Int(v int64) Value    { return Value{Kind: KindInt, Int: v} }
func Text(s string) Value  { return Value{Kind: KindText, Str: s} }
func Lump(c string) Value  { return Value{Kind: KindLump, Str: c} }
func Bytes(b []byte) Value { return Value{Kind: KindBytes, Str: string(b)} }
func Bool(b bool) Value {
	if b {
		return Value{Kind: KindBool, Int: 1}
	}
	return Value{Kind: KindBool}
}

// SlotWrite is one slot that a handler set. A slot appears once, with the
// last value, at the place where it was first set.
type SlotWrite struct {
	Name  string
	Value Value
}

// Effects is what a handler asks its region to do, in the order it asked.
type Effects struct {
	Set []SlotWrite
	Say []string
	Log []string
	// Push is what is added to the thing's velocity, m/s.
	Push [3]float64
	Gas  uint64 // charged; the same on every CPU

	Send    []Send
	Propose []Proposal
	Txns    []Txn
	Timers  []Timer
	Asks    []Ask
}

// Send is a message for another thing.
type Send struct {
	To   base.ID
	Tag  int64
	Data string
}

// Proposal is what shall happen to a slot of another thing. Op and its numbers
// are the region's: add 1, max 2, min 3, or 4, insert 5, claim 6, cas 7, delete 8.
type Proposal struct {
	Thing         base.ID
	Slot          string
	Op            int32
	Value, Expect Value
}

// Txn writes slots of things, all or none.
type Txn struct {
	Tag    int64
	Reads  []TxnRead
	Writes []TxnWrite
}

// TxnRead is a slot that must have this version.
type TxnRead struct {
	Thing   base.ID
	Slot    string
	Version uint64
}

// TxnWrite is a slot to write.
type TxnWrite struct {
	Thing base.ID
	SlotWrite
}

// Timer asks for a "timer" event.
type Timer struct {
	After uint32 // ticks
	Tag   int64
}

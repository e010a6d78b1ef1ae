package scripting

import "github.com/metatopia/metatopia/internal/base"

// Event is what a handler is run for.
type Event struct {
	Name     string  // "touch", "heard", "tick", ...
	From     base.ID // the avatar or thing that caused it, zero when nobody did
	FromName string
	Text     string // what was said, for "heard"

	Tick  uint64     // of the region, 20 a second
	At    [3]float64 // where the thing is, metres
	Vel   [3]float64 // how it moves, m/s
	Loose bool       // whether it can be pushed
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
}

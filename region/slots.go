package region

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
)

// SlotType says which field of a SlotValue counts.
type SlotType uint8

const (
	SlotNone  SlotType = iota // no value: writing it deletes the slot
	SlotInt                   // Int
	SlotText                  // Text: UTF-8
	SlotBytes                 // Bytes
	SlotLump                  // Lump: a CID in text form, may be empty
	SlotBool                  // Bool
)

var slotTypeNames = [...]string{"none", "int", "text", "bytes", "lump", "bool"}

func (t SlotType) String() string {
	if int(t) < len(slotTypeNames) {
		return slotTypeNames[t]
	}
	return fmt.Sprintf("SlotType(%d)", uint8(t))
}

// SlotValue is a typed value. Once stored it is never changed in place, so
// readers may keep it; Bytes must not be written to.
type SlotValue struct {
	Type  SlotType
	Int   int64
	Text  string
	Bytes []byte
	Lump  string
	Bool  bool
}

func IntSlot(v int64) SlotValue    { return SlotValue{Type: SlotInt, Int: v} }
func TextSlot(v string) SlotValue  { return SlotValue{Type: SlotText, Text: v} }
func BytesSlot(v []byte) SlotValue { return SlotValue{Type: SlotBytes, Bytes: v} }
func LumpSlot(v string) SlotValue  { return SlotValue{Type: SlotLump, Lump: v} }
func BoolSlot(v bool) SlotValue    { return SlotValue{Type: SlotBool, Bool: v} }

// SlotWrite sets a slot; a value of type SlotNone deletes it.
type SlotWrite struct {
	Name  string
	Value SlotValue
}

// Slots with a meaning for the sim. Scripts may not write the first eight:
// they say whose code it is.
const (
	SlotScript   = "script"        // lump: the module that handles events
	SlotSource   = "source"        // lump: its source
	SlotLanguage = "language"      // text
	SlotLicense  = "license"       // text: SPDX
	SlotAuthor   = "author"        // text
	SlotPackage  = "package"       // lump: the package that the script is of
	SlotNext     = "script-next"   // bytes: the change that waits, written by the sim
	SlotBefore   = "script-before" // bytes: what the last change replaced, the same
	SlotColor    = "color"         // int 0xRRGGBB: overrides the thing's colour
	SlotLit      = "lit"           // bool: false shows the thing dark
	SlotEvery    = "every"         // int: ticks between "tick" events
)

func provenance(name string) bool {
	switch name {
	case SlotScript, SlotSource, SlotLanguage, SlotLicense, SlotAuthor, SlotPackage, SlotNext, SlotBefore:
		return true
	}
	return false
}

// code reports whether a slot says what a thing runs: its script, or a program
// that answers to a verb.
func (w SlotWrite) code() bool {
	return provenance(w.Name) || w.Value.Type == SlotLump && Verb(w.Name)
}

// ErrSlot marks a slot write that is against the bounds.
var ErrSlot = errors.New("bad slot")

// Check reports whether the write is within the bounds of limits.go.
func (w SlotWrite) Check() error {
	if !validSlotName(w.Name) {
		return fmt.Errorf("%w: name %q: want 1-%d of a-z 0-9 _ - starting with a letter", ErrSlot, w.Name, MaxSlotName)
	}
	v := w.Value
	switch v.Type {
	case SlotNone, SlotInt, SlotBool:
		return nil
	case SlotText:
		if len(v.Text) > MaxSlotValue || !utf8.ValidString(v.Text) {
			return fmt.Errorf("%w: %s: text must be UTF-8 of at most %d bytes", ErrSlot, w.Name, MaxSlotValue)
		}
	case SlotBytes:
		if len(v.Bytes) > MaxSlotValue {
			return fmt.Errorf("%w: %s: at most %d bytes", ErrSlot, w.Name, MaxSlotValue)
		}
	case SlotLump:
		if len(v.Lump) > MaxLumpName || strings.ContainsFunc(v.Lump, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("%w: %s: not a lump name", ErrSlot, w.Name)
		}
	default:
		return fmt.Errorf("%w: %s: unknown type %d", ErrSlot, w.Name, v.Type)
	}
	return nil
}

func validSlotName(s string) bool {
	if len(s) == 0 || len(s) > MaxSlotName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// Slots is sorted by name and never changed in place.
type Slots []SlotWrite

// Get finds a slot by name.
func (s Slots) Get(name string) (SlotValue, bool) {
	i, ok := s.find(name)
	if !ok {
		return SlotValue{}, false
	}
	return s[i].Value, true
}

func (s Slots) find(name string) (int, bool) {
	return slices.BinarySearchFunc(s, name, func(w SlotWrite, n string) int { return strings.Compare(w.Name, n) })
}

// With gives a copy with the write done. The error is ErrSlot.
func (s Slots) With(w SlotWrite) (Slots, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	i, ok := s.find(w.Name)
	out := slices.Clone(s)
	old := 0
	if ok {
		old = s[i].size()
	}
	// A shorter value is always taken.
	if n := w.size(); n > old && s.size()+n-old > MaxSlotBytes {
		return nil, fmt.Errorf("%w: the slots of a thing have at most %d bytes", ErrSlot, MaxSlotBytes)
	}
	switch {
	case w.Value.Type == SlotNone && !ok:
		return s, nil
	case w.Value.Type == SlotNone:
		return slices.Delete(out, i, i+1), nil
	case ok:
		out[i] = w
		return out, nil
	case len(s) >= MaxSlots:
		return nil, fmt.Errorf("%w: a thing has at most %d", ErrSlot, MaxSlots)
	}
	return slices.Insert(out, i, w), nil
}

// size is about what the canonical form takes.
func (w *SlotWrite) size() int {
	if w.Value.Type == SlotNone {
		return 0
	}
	return len(w.Name) + len(w.Value.Text) + len(w.Value.Bytes) + len(w.Value.Lump) + 16
}

func (s Slots) size() (n int) {
	for i := range s {
		n += s[i].size()
	}
	return n
}

// AppendSlotWrite and ReadSlotWrite are the canonical form: name, type, value.
func AppendSlotWrite(e *base.Encoder, w SlotWrite) {
	e.Str(w.Name)
	AppendSlotValue(e, w.Value)
}

// AppendSlotValue and ReadSlotValue are a value alone: type, value.
func AppendSlotValue(e *base.Encoder, v SlotValue) {
	e.U8(uint8(v.Type))
	switch v.Type {
	case SlotInt:
		e.I64(v.Int)
	case SlotText:
		e.Str(v.Text)
	case SlotBytes:
		e.Bytes(v.Bytes)
	case SlotLump:
		e.Str(v.Lump)
	case SlotBool:
		e.Bool(v.Bool)
	}
}

func ReadSlotWrite(d *base.Decoder) SlotWrite {
	w := SlotWrite{Name: d.Str(MaxSlotName)}
	w.Value = ReadSlotValue(d)
	if d.Err() == nil {
		if err := w.Check(); err != nil {
			d.Fail(err)
		}
	}
	return w
}

// ReadSlotValue reads and checks a value.
func ReadSlotValue(d *base.Decoder) SlotValue {
	v := SlotValue{Type: SlotType(d.U8())}
	switch v.Type {
	case SlotInt:
		v.Int = d.I64()
	case SlotText:
		v.Text = d.Str(MaxSlotValue)
	case SlotBytes:
		v.Bytes = d.Bytes(MaxSlotValue)
	case SlotLump:
		v.Lump = d.Str(MaxLumpName)
	case SlotBool:
		v.Bool = d.Bool()
	}
	if d.Err() == nil {
		if err := (SlotWrite{"value", v}).Check(); err != nil {
			d.Fail(err)
		}
	}
	return v
}

func appendSlots(e *base.Encoder, s Slots) {
	e.U32(uint32(len(s)))
	for _, w := range s {
		AppendSlotWrite(e, w)
	}
}

// readSlots refuses slots that are out of order, doubled or without a value:
// a set has one form.
func readSlots(d *base.Decoder) Slots {
	n := d.Count(MaxSlots, 6)
	var s Slots
	for range n {
		w := ReadSlotWrite(d)
		if d.Err() != nil {
			return nil
		}
		if w.Value.Type == SlotNone || (len(s) > 0 && s[len(s)-1].Name >= w.Name) {
			d.Fail(fmt.Errorf("%w: %s: not in order or without a value", ErrSlot, w.Name))
			return nil
		}
		s = append(s, w)
	}
	return s
}

package region

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
)

// EventAnswer tells a thing what became of a request to the region's store: Tag
// is its own, Answer what was found.
const EventAnswer = "answer"

// StoreOp is a step of a request. Numbers are in the log: extend at the end.
type StoreOp uint8

const (
	StoreGet   StoreOp = iota + 1 // Key: answered by one item, SlotNone when there is none
	StorePut                      // Key, Value; SlotNone: delete
	StoreAdd                      // Key, Value int: answered by the sum
	StoreList                     // Key: a prefix, Start: the first key, N: answered by at most that many items
	StoreCheck                    // Key, Value: nothing is done unless it is just that; SlotNone: not there
	storeOps
)

// StoreStep is one step; only the fields named at Op count.
type StoreStep struct {
	Op    StoreOp
	Key   string // 1 to MaxStoreKey bytes of printable text; a prefix may be empty
	Start string
	N     uint8 // 1 to MaxStoreList
	Value SlotValue
}

// Ask is what a script wants of the region's store: all of its steps in one
// transaction, or nothing.
type Ask struct {
	Tag   int64
	Steps []StoreStep
}

// Writes reports whether the request may change anything.
func (x *Ask) Writes() bool {
	return slices.ContainsFunc(x.Steps, func(s StoreStep) bool { return s.Op == StorePut || s.Op == StoreAdd })
}

// RequestID names a request for ever: it is the idempotency key under which the
// store is asked. It is made of the log up to the request, so that another
// history of the region, after a part of the log was lost, asks under others.
type RequestID [16]byte

func (id RequestID) String() string { return hex.EncodeToString(id[:]) }

// Request is an Ask that waits in the state for its answer.
type Request struct {
	ID    RequestID
	Thing base.ID
	Owner base.Key  // of the thing, as it asked: whose keys it reaches
	At    base.Tick // in which it was made
	Ask
}

// StoreCode says how a request ended. Numbers are in the log: extend at the end.
type StoreCode uint8

const (
	StoreOK       StoreCode = iota
	StoreConflict           // a StoreCheck did not hold: nothing was done
	StoreNumber             // StoreAdd to what is no number, or past what one holds
	StoreQuota              // the owner has no room left
	StoreTooLarge           // what was found is more than an answer holds
	StoreTimeout            // no answer came in time: whether it was done is not known
	StoreNone               // the region has no store
	StoreDenied             // it has no keys: a thing of nobody, or one that a neighbour brought (Thing.Brought)
	StoreBusy               // too many requests wait: nothing was done
	StoreFailed             // the store said no: nothing was done
	storeCodes
)

var storeCodeNames = [storeCodes]string{"", "conflict", "number", "quota", "large", "timeout", "none", "denied", "busy", "failed"}

// String is the word that scripts get; empty when all is well.
func (c StoreCode) String() string {
	if c < storeCodes {
		return storeCodeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// StoreItem is a key and its value; SlotNone: there is none.
type StoreItem struct {
	Key   string
	Value SlotValue
}

// Answer is what a request came to: the items of its steps, in their order.
type Answer struct {
	ID    RequestID
	Code  StoreCode
	Items []StoreItem // none unless Code is StoreOK
}

// refused says that the region itself gave the answer, at once.
func (a *Answer) refused() bool {
	return a.Code == StoreNone || a.Code == StoreDenied || a.Code == StoreBusy
}

// StoreKey reports whether scripts may use a key.
func StoreKey(s string) bool { return s != "" && storePrefix(s) }

func storePrefix(s string) bool {
	return len(s) <= MaxStoreKey && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f })
}

func (x *Ask) check() error {
	if len(x.Steps) == 0 || len(x.Steps) > MaxStoreSteps {
		return fmt.Errorf("a request of %d steps, want 1-%d", len(x.Steps), MaxStoreSteps)
	}
	size := 0
	for i := range x.Steps {
		if err := x.Steps[i].check(); err != nil {
			return err
		}
		size += x.Steps[i].size()
	}
	if size > MaxAskBytes {
		return fmt.Errorf("a request of %d bytes, at most %d", size, MaxAskBytes)
	}
	return nil
}

func (x *StoreStep) check() error {
	if x.Op == StoreList {
		if !storePrefix(x.Key) || !storePrefix(x.Start) || x.N == 0 || x.N > MaxStoreList {
			return fmt.Errorf("a list of %d items of the store, want 1-%d", x.N, MaxStoreList)
		}
		return nil
	}
	if !StoreKey(x.Key) {
		return fmt.Errorf("a key of the store has 1-%d bytes of text without control characters", MaxStoreKey)
	}
	switch x.Op {
	case StoreGet:
		return nil
	case StorePut, StoreCheck:
		return (SlotWrite{"value", x.Value}).Check()
	case StoreAdd:
		if x.Value.Type == SlotInt {
			return nil
		}
	}
	return fmt.Errorf("no such step of a request: %d", x.Op)
}

func (x *StoreStep) size() int {
	return len(x.Key) + len(x.Start) + len(x.Value.Text) + len(x.Value.Bytes) + len(x.Value.Lump) + 16
}

// Size is about what an item takes of an answer.
func (x *StoreItem) Size() int {
	return len(x.Key) + len(x.Value.Text) + len(x.Value.Bytes) + len(x.Value.Lump) + 16
}

func (x *StoreStep) appendTo(e *base.Encoder) {
	e.U8(uint8(x.Op))
	e.Str(x.Key)
	switch x.Op {
	case StorePut, StoreAdd, StoreCheck:
		AppendSlotValue(e, x.Value)
	case StoreList:
		e.Str(x.Start)
		e.U8(x.N)
	}
}

func readStoreStep(d *base.Decoder) StoreStep {
	x := StoreStep{Op: StoreOp(d.U8()), Key: d.Str(MaxStoreKey)}
	switch x.Op {
	case StorePut, StoreAdd, StoreCheck:
		x.Value = ReadSlotValue(d)
	case StoreList:
		x.Start, x.N = d.Str(MaxStoreKey), d.U8()
	}
	return x
}

func (r *Request) appendTo(e *base.Encoder) {
	e.Raw(r.ID[:])
	e.ID(r.Thing)
	e.Key(r.Owner)
	e.U64(uint64(r.At))
	e.I64(r.Tag)
	e.U8(uint8(len(r.Steps)))
	for i := range r.Steps {
		r.Steps[i].appendTo(e)
	}
}

func readRequest(d *base.Decoder) (r Request) {
	copy(r.ID[:], d.Raw(len(r.ID)))
	r.Thing, r.Owner, r.At, r.Tag = d.ID(), d.Key(), base.Tick(d.U64()), d.I64()
	for range min(d.U8(), MaxStoreSteps+1) {
		if d.Err() != nil {
			return r
		}
		r.Steps = append(r.Steps, readStoreStep(d))
	}
	if d.Err() == nil {
		if err := r.check(); err != nil {
			d.Fail(err)
		}
	}
	return r
}

// AppendTo writes the canonical form: id 16, code u8, count u16, items (key str,
// value).
func (a *Answer) AppendTo(e *base.Encoder) {
	e.Raw(a.ID[:])
	e.U8(uint8(a.Code))
	e.U16(uint16(len(a.Items)))
	for i := range a.Items {
		e.Str(a.Items[i].Key)
		AppendSlotValue(e, a.Items[i].Value)
	}
}

// ReadAnswer reads and checks one.
func ReadAnswer(d *base.Decoder) *Answer {
	a := &Answer{}
	copy(a.ID[:], d.Raw(len(a.ID)))
	a.Code = StoreCode(d.U8())
	n, size := int(d.U16()), 0
	if a.Code >= storeCodes || n > MaxStoreItems || a.Code != StoreOK && n > 0 {
		d.Fail(fmt.Errorf("an answer of the store with code %d and %d items", a.Code, n))
	}
	for range n {
		if d.Err() != nil {
			return a
		}
		x := StoreItem{d.Str(MaxStoreKey), ReadSlotValue(d)}
		size += x.Size()
		if d.Err() == nil && (!StoreKey(x.Key) || size > MaxAnswer) {
			d.Fail(fmt.Errorf("an answer of the store is too large or has a bad key"))
		}
		a.Items = append(a.Items, x)
	}
	return a
}

package handoff

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// MsgKind is stable on the wire: extend at the end.
type MsgKind uint8

const (
	Offer     MsgKind = 1 // owner: I want to give these away, together
	Prepared  MsgKind = 2 // receiver: there is room
	Refused   MsgKind = 3 // receiver: no, for Reason, because of the items in Mask
	Release   MsgKind = 4 // owner: they are yours, here is a part of their state
	Accepted  MsgKind = 5 // receiver: I have them, on disk
	Ask       MsgKind = 6 // receiver: what became of the transfer I prepared for?
	Withdrawn MsgKind = 7 // owner: nothing happened
	Claim     MsgKind = 8 // after a raise: which of these do you know at a higher epoch?
	Known     MsgKind = 9 // at the epochs in Items; those in Mask are yours
)

var msgNames = [...]string{1: "offer", 2: "prepared", 3: "refused", 4: "release", 5: "accepted", 6: "ask", 7: "withdrawn", 8: "claim", 9: "known"}

func (k MsgKind) String() string {
	if int(k) < len(msgNames) && msgNames[k] != "" {
		return msgNames[k]
	}
	return fmt.Sprintf("MsgKind(%d)", uint8(k))
}

// Reason of a refusal. Extend at the end.
type Reason uint8

const (
	NoReason Reason = iota
	NoRoom          // try again later
	Stale           // the receiver knows a higher epoch of an object
	Conflict        // the receiver owns an object itself
	Crowded         // too many transfers open on this link

	lastReason = Crowded
)

// Ref names an object at an epoch.
type Ref struct {
	ID    base.ID
	Epoch uint64
}

// Msg is one message between two regions.
//
// Layout: kind u8, life u64, of u64, n u64, items (count u8, each id 16 and
// epoch u64), then by kind: Offer: floor u64, size u32, needs (count u8, each u64); Refused: reason u8,
// mask u64; Release: floor u64, first u64, part u8, parts u8, state (u32 length, bytes);
// Withdrawn: floor u64; Known: mask u64; nothing for the others.
type Msg struct {
	Kind   MsgKind
	Life   uint64   // of the sender
	Of     uint64   // life of the receiver, as the sender knows it
	N      uint64   // number of the transfer, or of the claim
	Items  []Ref    // sorted by id; epochs at which the offering region owns or owned them
	Floor  uint64   // Offer, Release, Withdrawn
	First  uint64   // Release: life of the receiver when the release was made
	Size   uint32   // Offer: bytes of state to expect
	Needs  []uint64 // Offer: rising
	Reason Reason   // Refused
	Mask   uint64   // Refused, Known: bit i stands for Items[i]
	Part   uint8    // Release: 0..Parts-1
	Parts  uint8    // Release
	State  []byte   // Release
}

// AppendTo writes the canonical form.
func (m Msg) AppendTo(e *base.Encoder) {
	e.U8(uint8(m.Kind))
	e.U64(m.Life)
	e.U64(m.Of)
	e.U64(m.N)
	appendRefs(e, m.Items)
	switch m.Kind {
	case Offer:
		e.U64(m.Floor)
		e.U32(m.Size)
		appendNeeds(e, m.Needs)
	case Refused:
		e.U8(uint8(m.Reason))
		e.U64(m.Mask)
	case Release:
		e.U64(m.Floor)
		e.U64(m.First)
		e.U8(m.Part)
		e.U8(m.Parts)
		e.Bytes(m.State)
	case Withdrawn:
		e.U64(m.Floor)
	case Known:
		e.U64(m.Mask)
	}
}

// ReadMsg reads and checks one message.
func ReadMsg(d *base.Decoder) Msg {
	m := Msg{Kind: MsgKind(d.U8()), Life: d.U64(), Of: d.U64(), N: d.U64(), Items: readRefs(d)}
	switch m.Kind {
	case Offer:
		m.Floor, m.Size, m.Needs = d.U64(), d.U32(), readNeeds(d)
	case Refused:
		m.Reason, m.Mask = Reason(d.U8()), d.U64()
	case Release:
		m.Floor, m.First, m.Part, m.Parts, m.State = d.U64(), d.U64(), d.U8(), d.U8(), d.Bytes(MaxState)
	case Withdrawn:
		m.Floor = d.U64()
	case Known:
		m.Mask = d.U64()
	}
	if d.Err() != nil {
		return Msg{}
	}
	if err := m.check(); err != nil {
		d.Fail(err)
		return Msg{}
	}
	if len(m.State) == 0 {
		m.State = nil
	}
	return m
}

func appendRefs(e *base.Encoder, list []Ref) {
	e.U8(uint8(len(list)))
	for _, r := range list {
		e.ID(r.ID)
		e.U64(r.Epoch)
	}
}

// readRefs reads at most MaxGroup of them; check looks at their order.
func readRefs(d *base.Decoder) []Ref {
	n := int(d.U8())
	if d.Err() == nil && (n > MaxGroup || d.Len() < n*refBytes) {
		d.Fail(fmt.Errorf("%d objects in %d bytes, at most %d", n, d.Len(), MaxGroup))
	}
	if n == 0 || d.Err() != nil {
		return nil
	}
	list := make([]Ref, n)
	for i := range list {
		list[i] = Ref{d.ID(), d.U64()}
	}
	return list
}

// checkRefs: what is not in the one order would be a second name for the same
// group.
func checkRefs(list []Ref) error {
	for i, r := range list {
		if r.ID.IsZero() || r.Epoch == 0 || r.Epoch >= MaxEpoch {
			return fmt.Errorf("zero id, or epoch %d", r.Epoch)
		}
		if i > 0 && list[i-1].ID.Compare(r.ID) >= 0 {
			return fmt.Errorf("objects are not in order")
		}
	}
	return nil
}

func (m *Msg) check() error {
	if m.Kind < Offer || m.Kind > Known {
		return fmt.Errorf("unknown hand-off message %d", m.Kind)
	}
	if m.Life == 0 || m.Life >= MaxLife || m.Of == 0 || m.Of >= MaxLife || m.N == 0 || m.N >= MaxNumber {
		return fmt.Errorf("%v: life %d, of %d, number %d", m.Kind, m.Life, m.Of, m.N)
	}
	if len(m.Items) > MaxGroup || (len(m.Items) == 0 && m.Kind != Claim) {
		return fmt.Errorf("%v: %d objects", m.Kind, len(m.Items))
	}
	if err := checkRefs(m.Items); err != nil {
		return fmt.Errorf("%v: %w", m.Kind, err)
	}
	if len(m.Items) < 64 && m.Mask>>len(m.Items) != 0 {
		return fmt.Errorf("%v: mask %x for %d objects", m.Kind, m.Mask, len(m.Items))
	}
	switch m.Kind {
	case Offer, Release:
		if m.Floor == 0 || m.N < m.Floor || m.N-m.Floor >= Window {
			return fmt.Errorf("%v: number %d is not in the window of floor %d", m.Kind, m.N, m.Floor)
		}
	case Withdrawn:
		if m.Floor == 0 || m.Floor >= MaxNumber {
			return fmt.Errorf("%v: floor %d", m.Kind, m.Floor)
		}
	case Refused:
		if m.Reason == NoReason || m.Reason > lastReason {
			return fmt.Errorf("%v: reason %d", m.Kind, m.Reason)
		}
	}
	if m.Size > MaxGroupState {
		return fmt.Errorf("%v: size %d", m.Kind, m.Size)
	}
	if err := checkNeeds(m.Needs); err != nil {
		return fmt.Errorf("%v: %w", m.Kind, err)
	}
	if m.Kind == Release {
		for _, r := range m.Items {
			if r.Epoch > lastEpoch {
				return fmt.Errorf("%v: epoch %d, after which nothing can go on", m.Kind, r.Epoch)
			}
		}
		return m.checkPart()
	}
	return nil
}

// checkPart: every part but the last is full, so that a state is cut in one
// way only.
func (m *Msg) checkPart() error {
	n := len(m.State)
	if m.First == 0 || m.First > m.Of || m.Parts == 0 || m.Parts > MaxParts || m.Part >= m.Parts || n > MaxState ||
		(m.Part < m.Parts-1 && n != MaxState) || (m.Parts > 1 && n == 0) {
		return fmt.Errorf("%v: part %d of %d with %d bytes, first of life %d", m.Kind, m.Part, m.Parts, n, m.First)
	}
	return nil
}

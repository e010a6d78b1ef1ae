package handoff

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// MsgKind is stable on the wire: extend at the end.
type MsgKind uint8

const (
	Offer     MsgKind = 1 // owner: I want to give this away
	Prepared  MsgKind = 2 // receiver: there is room
	Refused   MsgKind = 3 // receiver: no, for Reason
	Release   MsgKind = 4 // owner: it is yours, here is its state
	Accepted  MsgKind = 5 // receiver: I have it, on disk
	Ask       MsgKind = 6 // receiver: what became of the transfer I prepared for?
	Withdrawn MsgKind = 7 // owner: nothing happened
)

var msgNames = [...]string{1: "offer", 2: "prepared", 3: "refused", 4: "release", 5: "accepted", 6: "ask", 7: "withdrawn"}

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
	Stale           // the receiver knows a higher epoch of the object
	Conflict        // the receiver owns the object itself
	Crowded         // too many transfers open on this link
)

// Msg is one message between two regions.
//
// Layout: kind u8, n u64, floor u64, id 16, epoch u64, size u32, reason u8,
// state (u32 length, bytes). Floor counts in the owner's messages, Size in
// Offer, Reason in Refused, State in Release; elsewhere they are zero.
type Msg struct {
	Kind   MsgKind
	N      uint64
	Floor  uint64
	ID     base.ID
	Epoch  uint64 // at which the offering region owns or owned it
	Size   uint32 // bytes of state to expect
	Reason Reason
	State  []byte
}

// AppendTo writes the canonical form.
func (m Msg) AppendTo(e *base.Encoder) {
	e.U8(uint8(m.Kind))
	e.U64(m.N)
	e.U64(m.Floor)
	e.ID(m.ID)
	e.U64(m.Epoch)
	e.U32(m.Size)
	e.U8(uint8(m.Reason))
	e.Bytes(m.State)
}

// ReadMsg reads and checks one message.
func ReadMsg(d *base.Decoder) Msg {
	m := Msg{Kind: MsgKind(d.U8()), N: d.U64(), Floor: d.U64(), ID: d.ID(), Epoch: d.U64(), Size: d.U32(), Reason: Reason(d.U8()), State: d.Bytes(MaxState)}
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

func (m Msg) check() error {
	owner := m.Kind == Offer || m.Kind == Release || m.Kind == Withdrawn
	switch {
	case m.Kind < Offer || m.Kind > Withdrawn:
		return fmt.Errorf("unknown hand-off message %d", m.Kind)
	case m.ID.IsZero() || m.N == 0 || m.Epoch == 0 || m.Epoch == 1<<64-1 || m.N == 1<<64-1:
		return fmt.Errorf("%v: zero or extreme id, number or epoch", m.Kind)
	case owner != (m.Floor != 0):
		return fmt.Errorf("%v: floor %d", m.Kind, m.Floor)
	case (m.Kind == Offer || m.Kind == Release) && (m.N < m.Floor || m.N-m.Floor >= Window):
		return fmt.Errorf("%v: number %d is not in the window of floor %d", m.Kind, m.N, m.Floor)
	case (m.Size != 0 && m.Kind != Offer) || m.Size > MaxState:
		return fmt.Errorf("%v: size %d", m.Kind, m.Size)
	case (m.Kind == Refused) != (m.Reason != NoReason):
		return fmt.Errorf("%v: reason %d", m.Kind, m.Reason)
	case len(m.State) != 0 && m.Kind != Release:
		return fmt.Errorf("%v: carries state", m.Kind)
	}
	return nil
}

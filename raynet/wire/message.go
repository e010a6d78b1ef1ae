package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Types is the number after the last type's.
const Types = int(typeEnd)

// Type is byte 1 of a message. Numbers are never used again for another type.
type Type uint8

const (
	TypeShuffleReq Type = iota + 1
	TypeShuffleRep
	TypeNearOffer
	TypeNearWant
	TypeNearGive
	TypeNearSub
	TypeNearUnsub
	TypeBusy
	TypeMove
	TypePing
	TypePong
	TypePingReq
	TypePingAck
	TypeFind
	TypeCloser
	TypeRoute
	TypeRouteAck
	TypeClosure
	TypeClosureRep
	TypeLeave
	TypeNotice
	typeEnd
)

var typeNames = [...]string{"", "ShuffleReq", "ShuffleRep", "NearOffer", "NearWant", "NearGive",
	"NearSub", "NearUnsub", "Busy", "Move", "Ping", "Pong", "PingReq", "PingAck", "Find", "Closer",
	"Route", "RouteAck", "Closure", "ClosureRep", "Leave", "Notice"}

func (t Type) String() string {
	if t == 0 || t >= typeEnd {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeNames[t]
}

// Message is one of the message types of this package, as a pointer.
type Message interface {
	Type() Type
	append(*base.Encoder)
	size() int // of what append writes
	read(*base.Decoder)
}

// Append writes m after b. The fields must be within the bounds of limits.go:
// only the core builds messages, so a longer one is a broken invariant.
func Append(b []byte, m Message) []byte {
	e := base.Encoder{B: b}
	e.U8(Version)
	e.U8(uint8(m.Type()))
	m.append(&e)
	if len(e.B)-len(b) > MaxMessage {
		panic("raynet/wire: invariant: a built message is longer than MaxMessage")
	}
	return e.B
}

// Size is the length of what Append would write.
func Size(m Message) int { return 2 + m.size() }

// Parse reads one message and refuses trailing bytes.
func Parse(b []byte) (Message, error) {
	if len(b) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrSize, len(b), MaxMessage)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != Version {
		return nil, fmt.Errorf("%w %d", ErrVersion, v)
	}
	t := Type(d.U8())
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("raynet/wire: %w", err)
	}
	m := empty(t)
	if m == nil {
		return nil, fmt.Errorf("%w %d", ErrType, uint8(t))
	}
	m.read(d)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("raynet/wire: %v: %w", t, err)
	}
	return m, nil
}

func empty(t Type) Message {
	switch t {
	case TypeShuffleReq, TypeShuffleRep:
		return &Shuffle{Reply: t == TypeShuffleRep}
	case TypeNearOffer:
		return &NearOffer{}
	case TypeNearWant:
		return &NearWant{}
	case TypeNearGive:
		return &NearGive{}
	case TypeNearSub:
		return &NearSub{}
	case TypeNearUnsub:
		return &NearUnsub{}
	case TypeBusy:
		return &Busy{}
	case TypeMove:
		return &Move{}
	case TypePing:
		return &Ping{}
	case TypePong:
		return &Pong{}
	case TypePingReq:
		return &PingReq{}
	case TypePingAck:
		return &PingAck{}
	case TypeFind:
		return &Find{}
	case TypeCloser:
		return &Closer{}
	case TypeRoute:
		return &Route{}
	case TypeRouteAck:
		return &RouteAck{}
	case TypeClosure:
		return &Closure{}
	case TypeClosureRep:
		return &ClosureRep{}
	case TypeLeave:
		return &Leave{}
	case TypeNotice:
		return &Notice{}
	}
	return nil
}

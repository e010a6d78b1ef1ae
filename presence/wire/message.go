package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Type is byte 1 of a message. Numbers are never used again for another type.
type Type uint8

const (
	TypePose Type = iota + 1
	TypeSub
	TypeNotice
	TypeAsk
	TypeWho
	TypeDigest
	TypeBusy
	TypeBye
	typeEnd
)

var typeNames = [...]string{"", "Pose", "Sub", "Notice", "Ask", "Who", "Digest", "Busy", "Bye"}

func (t Type) String() string {
	if t == 0 || t >= typeEnd {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeNames[t]
}

// Types is one more than the highest type: the length of an array with a
// place for each.
const Types = int(typeEnd)

// Message is one of the message types of this package, as a pointer.
type Message interface {
	Type() Type
	size() int
	append(*base.Encoder)
	read(*base.Decoder)
}

// Size is the length of m's bytes.
func Size(m Message) int { return 2 + m.size() }

// Append writes m after b. The fields must be within the bounds of limits.go:
// only the core builds messages, so a longer one is a broken invariant.
func Append(b []byte, m Message) []byte {
	e := base.Encoder{B: b}
	e.U8(Version)
	e.U8(uint8(m.Type()))
	m.append(&e)
	if len(e.B)-len(b) > MaxMessage {
		panic("presence/wire: invariant: a built message is longer than MaxMessage")
	}
	return e.B
}

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
		return nil, fmt.Errorf("presence/wire: %w", err)
	}
	m := empty(t)
	if m == nil {
		return nil, fmt.Errorf("%w %d", ErrType, uint8(t))
	}
	m.read(d)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("presence/wire: %v: %w", t, err)
	}
	return m, nil
}

func empty(t Type) Message {
	switch t {
	case TypePose:
		return &Pose{}
	case TypeSub:
		return &Sub{}
	case TypeNotice:
		return &Notice{}
	case TypeAsk:
		return &Ask{}
	case TypeWho:
		return &Who{}
	case TypeDigest:
		return &Digest{}
	case TypeBusy:
		return &Busy{}
	case TypeBye:
		return &Bye{}
	}
	return nil
}

// count reads a u8 that may be at most limit, before anything is allocated,
// and checks that so many entries of size bytes are there.
func count(d *base.Decoder, limit, size int) int {
	return checked(d, int(d.U8()), limit, size)
}

func checked(d *base.Decoder, n, limit, size int) int {
	if d.Err() == nil && (n > limit || n*size > d.Len()) {
		d.Fail(fmt.Errorf("%w: %d entries, at most %d", base.ErrBound, n, limit))
		return 0
	}
	return n
}

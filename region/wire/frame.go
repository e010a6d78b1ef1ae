package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/internal/base"
)

// Kind says what a frame holds.
type Kind uint8

const (
	KindHello        Kind = 1
	KindWelcome      Kind = 2
	KindInput        Kind = 3
	KindAck          Kind = 4
	KindView         Kind = 5
	KindDelta        Kind = 6
	KindSaid         Kind = 7
	KindMoved        Kind = 8
	KindInspect      Kind = 9
	KindInspectReply Kind = 10
	KindRefused      Kind = 11
	KindLook         Kind = 12
	KindShard        Kind = 13
	KindExpelled     Kind = 14
	KindFailed       Kind = 15
)

// Message is one of the pointer types of this package.
type Message interface {
	Kind() Kind
	appendTo(e *base.Encoder)
	read(d *base.Decoder)
}

var (
	// ErrTooLong: a frame is longer than the reader's limit. Nothing of it was read.
	ErrTooLong = errors.New("frame is too long")
	// ErrKind: a frame of a kind this version does not know.
	ErrKind = errors.New("unknown kind of frame")
	// ErrBody: a frame whose body is not what its kind demands.
	ErrBody = errors.New("bad frame")
)

func empty(k Kind) Message {
	switch k {
	case KindHello:
		return &Hello{}
	case KindWelcome:
		return &Welcome{}
	case KindInput:
		return &Input{}
	case KindAck:
		return &Ack{}
	case KindView:
		return &View{}
	case KindDelta:
		return &Delta{}
	case KindSaid:
		return &Said{}
	case KindMoved:
		return &Moved{}
	case KindInspect:
		return &Inspect{}
	case KindInspectReply:
		return &InspectReply{}
	case KindRefused:
		return &Refused{}
	case KindLook:
		return &Look{}
	case KindShard:
		return &Shard{}
	case KindExpelled:
		return &Expelled{}
	case KindFailed:
		return &Failed{}
	}
	return nil
}

// Append adds the whole frame of m to b.
func Append(b []byte, m Message) []byte {
	start := len(b)
	e := base.Encoder{B: append(b, 0, 0, 0, 0, byte(m.Kind()))}
	m.appendTo(&e)
	binary.LittleEndian.PutUint32(e.B[start:], uint32(len(e.B)-start-4))
	return e.B
}

// Parse reads the content of one frame: kind and body, without the length.
func Parse(b []byte) (Message, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("wire: parse: %w: empty", ErrBody)
	}
	m := empty(Kind(b[0]))
	if m == nil {
		return nil, fmt.Errorf("wire: parse: %w: %d", ErrKind, b[0])
	}
	d := base.NewDecoder(b[1:])
	m.read(d)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("wire: parse: %w of kind %d: %w", ErrBody, b[0], err)
	}
	return m, nil
}

// Read takes one frame of at most limit bytes from r: MaxServerFrame for a
// client, MaxClientFrame for a server. io.EOF means that the stream ended
// between frames.
func Read(r io.Reader, limit int) (Message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if uint64(n) > uint64(limit) {
		return nil, fmt.Errorf("wire: read: %w: %d bytes, at most %d", ErrTooLong, n, limit)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return Parse(b)
}

// Write sends one frame in a single Write call.
func Write(w io.Writer, m Message) error {
	_, err := w.Write(Append(nil, m))
	return err
}

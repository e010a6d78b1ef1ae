package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/metatopia/metatopia/lumps"
)

// streamProtocol follows Config.Prefix.
const streamProtocol protocol.ID = "/lumps/dag/1"

// A want is wantLen bytes: its kind, and the name of a lump. Every want is
// answered by one frame, in the order of the wants.
const wantLen = 1 + 36

const (
	wantLump byte = 1 // answered by frameLump or frameAbsent
	wantWord byte = 2 // answered by frameHere or frameAbsent
)

// A frame is headLen bytes, its kind and the length of what follows, and for
// frameLump the bytes of the lump.
const headLen = 1 + 4

const (
	frameLump   byte = 1
	frameHere   byte = 2
	frameAbsent byte = 3
	frameBusy   byte = 4 // instead of an answer; nothing comes after it
)

// errWire: bytes that no correct peer sends.
var errWire = errors.New("bad stream")

func appendWant(b []byte, kind byte, r lumps.Ref) []byte {
	return append(append(b, kind), r.Bytes()...)
}

func parseWant(b []byte) (kind byte, r lumps.Ref, err error) {
	if len(b) != wantLen {
		return 0, r, fmt.Errorf("want of %d bytes: %w", len(b), errWire)
	}
	if b[0] != wantLump && b[0] != wantWord {
		return 0, r, fmt.Errorf("want of kind %d: %w", b[0], errWire)
	}
	if r, err = lumps.FromBytes(b[1:]); err != nil {
		return 0, r, fmt.Errorf("%w: %w", errWire, err)
	}
	return b[0], r, nil
}

func appendHead(b []byte, kind byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(b, kind), uint32(n))
}

// parseHead gives the kind of a frame and how many bytes follow: at most
// lumps.MaxLump.
func parseHead(b []byte) (kind byte, n int, err error) {
	if len(b) != headLen {
		return 0, 0, fmt.Errorf("head of %d bytes: %w", len(b), errWire)
	}
	kind, size := b[0], binary.BigEndian.Uint32(b[1:])
	switch kind {
	case frameLump:
		if size > lumps.MaxLump {
			return 0, 0, fmt.Errorf("lump of %d bytes, at most %d: %w", size, lumps.MaxLump, errWire)
		}
	case frameHere, frameAbsent, frameBusy:
		if size != 0 {
			return 0, 0, fmt.Errorf("frame of kind %d with %d bytes: %w", kind, size, errWire)
		}
	default:
		return 0, 0, fmt.Errorf("frame of kind %d: %w", kind, errWire)
	}
	return kind, int(size), nil
}

package transfer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Stream is one stream to a peer whose key its carrier has proven. Each side
// closes or resets it when it is done.
type Stream interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Close says that nothing more will be written or read; what was written
	// still goes out.
	Close() error
	// Reset ends both directions at once.
	Reset()
}

// A message is its kind, one byte, the length of its payload, u32 little-endian,
// and the payload.
const headLen = 1 + 4

// writeFrame writes one message within d.
func writeFrame(s Stream, kind uint8, payload []byte, d time.Duration) error {
	if err := s.SetWriteDeadline(time.Now().Add(d)); err != nil {
		return broken(err)
	}
	var head [headLen]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	if len(payload) <= 4<<10 { // one write for what is small
		_, err := s.Write(append(head[:], payload...))
		return broken(err)
	}
	if _, err := s.Write(head[:]); err != nil {
		return broken(err)
	}
	_, err := s.Write(payload)
	return broken(err)
}

// readStep is how much memory is made for a payload ahead of its bytes.
const readStep = 64 << 10

// readFrame reads one message. Memory grows as the bytes come, so that a length
// alone costs nothing.
func readFrame(r io.Reader) (kind uint8, payload []byte, err error) {
	var head [headLen]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, broken(err)
	}
	kind = head[0]
	n := binary.LittleEndian.Uint32(head[1:])
	limit := limitOf(kind)
	if limit == 0 || uint64(n) > uint64(limit) {
		return 0, nil, fmt.Errorf("message of kind %d with %d bytes: %w", kind, n, ErrProtocol)
	}
	payload = make([]byte, 0, min(int(n), readStep))
	for len(payload) < int(n) {
		at := len(payload)
		payload = append(payload, make([]byte, min(int(n)-at, max(at, readStep)))...)
		if _, err := io.ReadFull(r, payload[at:]); err != nil {
			return 0, nil, broken(err)
		}
	}
	return kind, payload, nil
}

// broken names what ended a stream.
func broken(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrInterrupted, ErrStall)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the stream ended", ErrInterrupted)
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, err)
}

package p2p

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFrame: a peer announced a frame longer than the protocol allows.
var ErrFrame = errors.New("p2p: frame too long")

// AppendFrame writes an unsigned varint length and the message.
func AppendFrame(dst, msg []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(msg)))
	return append(dst, msg...)
}

// ReadFrame reads one frame of at most limit bytes. It allocates as the bytes
// arrive, so that a length alone costs a peer nothing of ours.
func ReadFrame(r *bufio.Reader, limit int) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, n, limit)
	}
	const step = 16 << 10
	buf := make([]byte, 0, min(int(n), step))
	for len(buf) < int(n) {
		want := min(int(n)-len(buf), step)
		at := len(buf)
		buf = append(buf, make([]byte, want)...)
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return nil, fmt.Errorf("p2p: frame cut short: %w", io.ErrUnexpectedEOF)
		}
	}
	return buf, nil
}

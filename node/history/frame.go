package history

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

const (
	frameHeadBytes = 8

	header    = "metatopia history 1\n"
	kindState = 1
	kindEntry = 2
	kindTime  = 3
	maxFrame  = 1 + 72 + region.MaxSnapshot
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFrame(b []byte, kind uint8, parts ...[]byte) []byte {
	at := len(b)
	b = append(b, make([]byte, frameHeadBytes)...)
	b = append(b, kind)
	for _, p := range parts {
		b = append(b, p...)
	}
	body := b[at+frameHeadBytes:]
	copy(b[at:], frameHead(len(body), crc32.Checksum(body, castagnoli)))
	return b
}

// reader reads the frames of one file.
type reader struct {
	r    *bufio.Reader
	left int64 // bytes of the file that were not read
	good int64 // up to here everything was whole
}

func newReader(f *os.File) (*reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := &reader{r: bufio.NewReaderSize(f, 64<<10), left: info.Size()}
	b := make([]byte, len(header))
	if _, err := io.ReadFull(r.r, b); err != nil || string(b) != header {
		return nil, fmt.Errorf("history: %s is no history of a region", f.Name())
	}
	r.left -= int64(len(b))
	r.good = int64(len(b))
	return r, nil
}

// next reads a frame; io.EOF at the end, also when the rest is not whole.
func (r *reader) next() (kind uint8, body []byte, err error) {
	var head [frameHeadBytes]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, io.EOF
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n < 1 || n > maxFrame || n > r.left-frameHeadBytes {
		return 0, nil, io.EOF
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.r, b); err != nil {
		return 0, nil, io.EOF
	}
	if crc32.Checksum(b, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return 0, nil, io.EOF
	}
	r.left -= frameHeadBytes + n
	r.good += frameHeadBytes + n
	return b[0], b[1:], nil
}

// frameHead is the length and the checksum before a frame.
func frameHead(n int, sum uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(n))
	return binary.LittleEndian.AppendUint32(b, sum)
}

// stateHead is a state's frame without the snapshot.
func stateHead(s *replay.Start) []byte {
	e := base.Encoder{B: []byte{kindState}}
	e.U64(uint64(s.Tick))
	e.Raw(s.Sum[:])
	e.Raw(s.Hash[:])
	return e.B
}

func parseState(b []byte) (s replay.Start, err error) {
	if len(b) < 72 {
		return s, errors.New("history: a state without its tick")
	}
	d := base.NewDecoder(b[:72])
	s.Tick = base.Tick(d.U64())
	copy(s.Sum[:], d.Raw(len(s.Sum)))
	copy(s.Hash[:], d.Raw(len(s.Hash)))
	s.Snapshot = b[72:]
	return s, nil
}

func timeFrame(tick base.Tick, ms int64) []byte {
	var e base.Encoder
	e.U64(uint64(tick))
	e.I64(ms)
	return appendFrame(nil, kindTime, e.B)
}

// tickOf is the tick of a record, without reading all of it.
func tickOf(record []byte) (base.Tick, order.Sum, error) {
	r, err := order.Parse(record)
	if err != nil {
		return 0, order.Sum{}, fmt.Errorf("history: %w", err)
	}
	return r.Tick, r.Prev, nil
}

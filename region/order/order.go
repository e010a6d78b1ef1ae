// Package order is the log of a region: what was agreed to happen in each
// tick. An entry is opaque bytes here; package region gives it its meaning.
//
// Records form a chain: each holds the hash of the one before and the state
// hash that its maker had reached, so that a log that lost, gained or changed
// a record is found out before it is run.
package order

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Bounds of a record.
const (
	MaxEntries     = 4096
	MaxEntryBytes  = 64 << 10
	MaxRecordBytes = 6 << 20 // 4 MiB of bodies with their headers
	version        = 1
)

var (
	// ErrFull: the next record has no room; submit again after Cut.
	ErrFull = errors.New("record is full")
	// ErrRecord: bytes that are not a record.
	ErrRecord = errors.New("bad log record")
	// ErrChain: a record that does not follow the one before.
	ErrChain = errors.New("log record does not continue the log")
)

// Sum is SHA-256 over a record.
type Sum [32]byte

// Record is what happens in one tick, in the order agreed on.
//
// Layout: version u8, tick u64, previous sum 32, state hash 32, entries (count
// u32, each u32 length and bytes).
type Record struct {
	Tick    base.Tick
	Prev    Sum
	State   [32]byte // after tick Tick-1
	Entries [][]byte
}

// AppendTo appends the canonical form.
func (r Record) AppendTo(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(version)
	e.U64(uint64(r.Tick))
	e.Raw(r.Prev[:])
	e.Raw(r.State[:])
	e.U32(uint32(len(r.Entries)))
	for _, x := range r.Entries {
		e.Bytes(x)
	}
	return e.B
}

// Parse reads one record.
func Parse(b []byte) (Record, error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != version {
		d.Fail(fmt.Errorf("version %d", v))
	}
	r := Record{Tick: base.Tick(d.U64())}
	copy(r.Prev[:], d.Raw(len(r.Prev)))
	copy(r.State[:], d.Raw(len(r.State)))
	for range d.Count(MaxEntries, 4) {
		r.Entries = append(r.Entries, d.Bytes(MaxEntryBytes))
	}
	if err := d.Done(); err != nil {
		return Record{}, fmt.Errorf("order: parse: %w: %w", ErrRecord, err)
	}
	return r, nil
}

// SumOf is the hash of an encoded record.
func SumOf(encoded []byte) Sum { return sha256.Sum256(encoded) }

// Follows checks that r comes right after the record of tick with hash prev,
// where the state hash was state. The error is ErrChain.
func (r *Record) Follows(tick base.Tick, prev Sum, state [32]byte) error {
	switch {
	case r.Tick != tick+1:
		return fmt.Errorf("order: %w: tick %d after tick %d", ErrChain, r.Tick, tick)
	case r.Prev != prev:
		return fmt.Errorf("order: %w: tick %d: hash of the record before differs", ErrChain, r.Tick)
	case r.State != state:
		return fmt.Errorf("order: %w: tick %d: state was %x, replay gives %x", ErrChain, r.Tick, r.State[:4], state[:4])
	}
	return nil
}

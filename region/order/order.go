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
	// MaxRuns bounds the servers whose entries one record holds.
	MaxRuns = 64
	version = 3
)

// headBytes is more than a record takes without its entries.
const headBytes = 128 + MaxRuns*runBytes + claimBytes

var (
	// ErrFull: the next record has no room; submit again after Cut.
	ErrFull = errors.New("record is full")
	// ErrRecord: bytes that are not a record.
	ErrRecord = errors.New("bad log record")
	// ErrChain: a record that does not follow the one before.
	ErrChain = errors.New("log record does not continue the log")
	// ErrEpoch: a record or a message of an epoch that is over, or not begun.
	ErrEpoch = errors.New("another epoch of the region")
	// ErrState: the state after a tick is not the one the record names.
	ErrState = errors.New("state differs from the record's")
)

// Sum is SHA-256 over a record.
type Sum [32]byte

// Record is what happens in one tick, in the order agreed on.
//
// Layout: version u8 (3), flags u8 (1 = sync, 2 = signed), epoch u64, tick u64,
// previous sum 32, at u64, state hash 32, runs (count u32, each server u64, first
// u64, count u32), entries (count u32, each u32 length and bytes); if signed, term
// u64, server 32, signature 64.
type Record struct {
	Epoch uint64 // see docs/protocol/order.md; 0 while one server keeps the log
	Tick  base.Tick
	Prev  Sum
	// At is the last tick that the record's maker had applied, at most Tick-1,
	// and State the hash of the state after it.
	At    base.Tick
	State [32]byte
	// Sync: the record counts as agreed once a majority has it on disk, not
	// merely written.
	Sync    bool
	Runs    []Run
	Entries [][]byte
	// Claim is who made it; nil where nobody signs.
	Claim *Claim
}

// Run says who submitted the next Count entries of a record and what numbers
// they have: First, First+1, ... Entries that no run covers have no number; a
// record has either runs for all of them or none.
type Run struct {
	Server uint64 // raft id
	First  uint64
	Count  uint32
}

const runBytes = 8 + 8 + 4

// AppendTo appends the canonical form.
func (r Record) AppendTo(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(version)
	e.U8(r.flags())
	e.U64(r.Epoch)
	e.U64(uint64(r.Tick))
	e.Raw(r.Prev[:])
	e.U64(uint64(r.At))
	e.Raw(r.State[:])
	e.U32(uint32(len(r.Runs)))
	for _, x := range r.Runs {
		e.U64(x.Server)
		e.U64(x.First)
		e.U32(x.Count)
	}
	e.U32(uint32(len(r.Entries)))
	for _, x := range r.Entries {
		e.Bytes(x)
	}
	if c := r.Claim; c != nil {
		e.U64(c.Term)
		e.Key(c.Server)
		e.Raw(c.Sig[:])
	}
	return e.B
}

// Parse reads one record.
func Parse(b []byte) (Record, error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != version {
		d.Fail(&base.VersionError{What: "a record of a region's log", Found: v, Wanted: version})
	}
	flags := d.U8()
	if d.Err() == nil && flags > flagSync|flagSigned {
		d.Fail(fmt.Errorf("flags %d", flags))
	}
	r := Record{Sync: flags&flagSync != 0, Epoch: d.U64(), Tick: base.Tick(d.U64())}
	copy(r.Prev[:], d.Raw(len(r.Prev)))
	r.At = base.Tick(d.U64())
	copy(r.State[:], d.Raw(len(r.State)))
	covered := uint64(0)
	for range d.Count(MaxRuns, runBytes) {
		x := Run{Server: d.U64(), First: d.U64(), Count: d.U32()}
		if d.Err() == nil && (x.Count == 0 || x.Server == 0 || x.First+uint64(x.Count) < x.First) {
			d.Fail(fmt.Errorf("run of %d entries of server %d", x.Count, x.Server))
		}
		covered += uint64(x.Count)
		r.Runs = append(r.Runs, x)
	}
	for range d.Count(MaxEntries, 4) {
		r.Entries = append(r.Entries, d.Bytes(MaxEntryBytes))
	}
	if flags&flagSigned != 0 {
		r.Claim = readClaim(d)
	}
	if d.Err() == nil && len(r.Runs) > 0 && covered != uint64(len(r.Entries)) {
		d.Fail(fmt.Errorf("runs of %d entries for %d", covered, len(r.Entries)))
	}
	if d.Err() == nil && (r.Tick == 0 || r.At >= r.Tick) {
		d.Fail(fmt.Errorf("tick %d with the state of tick %d", r.Tick, r.At))
	}
	if err := d.Done(); err != nil {
		return Record{}, fmt.Errorf("order: parse: %w: %w", ErrRecord, err)
	}
	return r, nil
}

// SumOf is the hash of an encoded record.
func SumOf(encoded []byte) Sum { return sha256.Sum256(encoded) }

// Follows checks that r comes right after the record of tick with hash prev.
// The error is ErrChain.
func (r *Record) Follows(tick base.Tick, prev Sum) error {
	switch {
	case r.Tick != tick+1:
		return fmt.Errorf("order: %w: tick %d after tick %d", ErrChain, r.Tick, tick)
	case r.Prev != prev:
		return fmt.Errorf("order: %w: tick %d: hash of the record before differs", ErrChain, r.Tick)
	}
	return nil
}

// Agrees checks the state that a replica reached after a tick against the one
// that r names, if it names that tick's. The error is ErrState: the replica or
// the record's maker has diverged.
func (r *Record) Agrees(tick base.Tick, state [32]byte) error {
	if r.At == tick && r.State != state {
		return fmt.Errorf("order: %w: record of tick %d: state after tick %d was %x, here it is %x", ErrState, r.Tick, tick, r.State[:4], state[:4])
	}
	return nil
}

package order

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Orderer agrees on the records of a region. A region with one server uses
// Single; one with several puts a replicated log behind the same calls. It is
// a pure state machine: the driver moves the messages and owns the clock.
type Orderer interface {
	// Submit takes an entry for the next record. ErrFull leaves it out.
	Submit(entry []byte) error
	// Cut closes the next tick: state is the hash after the tick before. It
	// does nothing on a server that does not lead.
	Cut(state [32]byte)
	// Ready gives the records agreed on since the last call, oldest first.
	// They are to be applied in this order, and written before anything that
	// rests on them leaves.
	Ready() []Encoded
	// Persisted says that all records up to tick are on disk.
	Persisted(tick base.Tick)
	// Durable is the last tick that enough servers have on disk.
	Durable() base.Tick
}

// Encoded is a record with its bytes and their hash.
type Encoded struct {
	Record
	Bytes []byte
	Sum   Sum
}

// Single orders for a region with one server: whatever it cuts is agreed.
type Single struct {
	tick    base.Tick // last record cut
	prev    Sum
	durable base.Tick
	queue   [][]byte
	size    int
	ready   []Encoded
}

var _ Orderer = (*Single)(nil)

// NewSingle goes on after the record of tick, whose hash was prev; zero values
// for a new log.
func NewSingle(tick base.Tick, prev Sum) *Single {
	return &Single{tick: tick, prev: prev, durable: tick}
}

func (s *Single) Submit(entry []byte) error {
	switch {
	case len(entry) > MaxEntryBytes:
		return fmt.Errorf("order: submit: %w: entry of %d bytes", ErrRecord, len(entry))
	case len(s.queue) >= MaxEntries || s.size+len(entry)+4 > MaxRecordBytes-128:
		return fmt.Errorf("order: submit: %w", ErrFull)
	}
	s.queue = append(s.queue, entry)
	s.size += len(entry) + 4
	return nil
}

func (s *Single) Cut(state [32]byte) {
	s.tick++
	r := Record{Tick: s.tick, Prev: s.prev, State: state, Entries: s.queue}
	b := r.AppendTo(nil)
	s.prev = SumOf(b)
	s.ready = append(s.ready, Encoded{Record: r, Bytes: b, Sum: s.prev})
	s.queue, s.size = nil, 0
}

func (s *Single) Ready() []Encoded {
	r := s.ready
	s.ready = nil
	return r
}

func (s *Single) Persisted(tick base.Tick) { s.durable = max(s.durable, tick) }

func (s *Single) Durable() base.Tick { return s.durable }

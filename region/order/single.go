package order

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Orderer agrees on the records of a region. A region with one server uses
// Single; one with several puts a replicated log behind the same calls
// (region/order/raft, driven by node/replica).
type Orderer interface {
	// Submit takes an entry for the next record. With sync, the record counts
	// as agreed only once a majority has it on disk. ErrFull leaves it out.
	Submit(entry []byte, sync bool) error
	// Cut closes the next tick: at is the last tick applied here and state the
	// hash after it. It does nothing on a server that does not lead.
	Cut(at base.Tick, state [32]byte)
	// Ready gives the records agreed on since the last call, oldest first.
	// They are to be applied in this order.
	Ready() []Encoded
	// Persisted says that all records up to tick are on disk. It means
	// something only where the caller keeps the log: with Single.
	Persisted(tick base.Tick)
	// Durable is the last tick that enough servers have on disk.
	Durable() base.Tick
}

// Encoded is a record with its bytes and their hash.
type Encoded struct {
	Record
	Bytes []byte
	Sum   Sum
	// Servers are those of a shared log when it came to the record, the same on
	// each of them; nil in a log of one. Nobody changes them.
	Servers *Servers
}

// Servers of a log by their keys, both lists sorted and without doubles, no server
// in both.
type Servers struct {
	Voters []base.Key
	Others []base.Key // without a vote
}

// Single orders for a region with one server: whatever it cuts is agreed.
type Single struct {
	tick    base.Tick // last record cut
	prev    Sum
	durable base.Tick
	queue   Queue
	ready   []Encoded
}

var _ Orderer = (*Single)(nil)

// NewSingle goes on after the record of tick, whose hash was prev; zero values
// for a new log.
func NewSingle(tick base.Tick, prev Sum) *Single {
	return &Single{tick: tick, prev: prev, durable: tick}
}

func (s *Single) Submit(entry []byte, sync bool) error {
	if err := s.queue.Add(entry, sync); err != nil {
		return fmt.Errorf("order: submit: %w", err)
	}
	return nil
}

func (s *Single) Cut(at base.Tick, state [32]byte) {
	s.tick++
	entries, sync := s.queue.Take()
	r := Record{Tick: s.tick, Prev: s.prev, At: at, State: state, Sync: sync, Entries: entries}
	b := r.AppendTo(nil)
	s.prev = SumOf(b)
	s.ready = append(s.ready, Encoded{Record: r, Bytes: b, Sum: s.prev})
}

func (s *Single) Ready() []Encoded {
	r := s.ready
	s.ready = nil
	return r
}

func (s *Single) Persisted(tick base.Tick) { s.durable = max(s.durable, tick) }

func (s *Single) Durable() base.Tick { return s.durable }

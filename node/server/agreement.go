package server

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// Replica is the log of a region that several servers serve, as one of them
// sees it (node/replica makes one). Its methods are called from the goroutine
// of Run and must not wait; Leading from any.
type Replica interface {
	// Submit sends an entry to the leader. With sync its record counts as
	// agreed only once a majority has it on disk.
	Submit(entry []byte, sync bool) error
	// Cut closes the next tick, on the leader only: at is the last tick that
	// it has applied and state the hash after it. It may do nothing, while too
	// many ticks are not agreed on yet.
	Cut(at base.Tick, state [32]byte)
	// Ready gives what was agreed on since the last call, oldest first.
	Ready() []order.Encoded
	// Wake holds a token when there is something for Ready or Durable, or the
	// leader is another one.
	Wake() <-chan struct{}
	// Leading says that this server cuts the ticks.
	Leading() bool
	// Base describes where the log goes on after a tick that Ready has given:
	// it belongs to a checkpoint of that tick.
	Base(tick base.Tick) ([]byte, error)
	// Behind says that the records that come next are gone everywhere: only a
	// newer checkpoint helps.
	Behind() bool
	// Compact says that the state after tick is on this server's disk, and
	// that nobody should need the records up to it.
	Compact(tick base.Tick) error
	// Sync brings what this server has of the log to its disk. It may wait, and
	// any goroutine may call it.
	Sync() error
	// Err tells why this replica cannot go on by itself, nil while it can.
	Err() error
}

// solo is the log of a region with one server: whatever it cuts is agreed.
type solo struct{ order.Orderer }

func (solo) Wake() <-chan struct{}          { return nil }
func (solo) Leading() bool                  { return true }
func (solo) Base(base.Tick) ([]byte, error) { return nil, nil }
func (solo) Behind() bool                   { return false }
func (solo) Compact(base.Tick) error        { return nil }
func (solo) Sync() error                    { return nil }
func (solo) Err() error                     { return nil }

// shared says that other servers have a part in the log.
func (s *Server) shared() bool { return s.cfg.Replica != nil }

// weighty tells whether an entry has to be on the disks when its tick counts
// as agreed: what is answered, and what the region itself says.
func weighty(e *region.Entry) bool {
	switch e.Kind {
	case region.EntryInput:
		_, in, err := region.ParseSignedInput(e.Body)
		return err == nil && in.Kind.Durable()
	case region.EntryBorder:
		return false // what it sets off is held until a later tick is durable
	}
	return true
}

// ServerID is how a server signs for its control entries in the log: they are
// told apart by it and a number.
func ServerID(k base.Key) base.ID { return region.ServerID(k) }

// parseBatch reads an agreed record. Entries are numbered by their place, the
// same on every server: what their senders numbered them is only for the
// senders.
func parseBatch(rec *order.Encoded) (region.Batch, []entryID, error) {
	b := region.Batch{Tick: rec.Tick, Entries: make([]region.Entry, 0, len(rec.Entries))}
	ids := make([]entryID, 0, len(rec.Entries))
	for i, raw := range rec.Entries {
		e, err := region.ParseEntry(raw)
		if err != nil {
			return region.Batch{}, nil, err
		}
		ids = append(ids, entryID{e.From, e.Seq})
		e.Seq = uint64(i + 1)
		b.Entries = append(b.Entries, e)
	}
	return b, ids, nil
}

// entryID names an entry between submission and its record.
type entryID struct {
	from base.ID
	seq  uint64
}

package byzantine

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Submit takes an entry for one of the next ticks, on any server. It is in
// exactly one record if this server goes on and no leader lies about its
// numbers; if one does, it may be in two. order.ErrFull: too much waits.
func (l *Log) Submit(entry []byte, sync bool) error {
	if len(entry) > order.MaxEntryBytes {
		return fmt.Errorf("byzantine: submit: %w: entry of %d bytes", order.ErrRecord, len(entry))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("byzantine: submit: %w", ErrClosed)
	}
	if !l.mine.add(entry, sync) {
		return fmt.Errorf("byzantine: submit: %w", order.ErrFull)
	}
	l.forward()
	return nil
}

// Cut closes the next tick if this server leads. A tick that is not agreed on
// in time is made as soon as it can be, but no second one is made up for. What
// the leader says of a state is not in the record: nobody could check it before
// signing.
func (l *Log) Cut(base.Tick, [32]byte) {
	if !l.Leading() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked {
		l.owed = true
		return
	}
	l.asked = true
	l.pull()
}

// Wake gets a value when Ready may have records, Behind or Leading may have
// changed, or the log has stopped. One goroutine listens.
func (l *Log) Wake() <-chan struct{} { return l.wake }

// Ready gives the records agreed on since the last call, in order.
func (l *Log) Ready() []order.Encoded {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.ready
	l.ready = nil
	return list
}

// Persisted does nothing: this log keeps itself.
func (l *Log) Persisted(base.Tick) {}

// Durable is the last tick that was agreed on.
func (l *Log) Durable() base.Tick {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tick
}

// Leading tells whether this server cuts the ticks.
func (l *Log) Leading() bool { return l.Leader() == l.self }

// Leader is the number of the server that leads, 0 while this one has not begun
// or has stopped.
func (l *Log) Leader() uint64 {
	if !l.started.Load() {
		return 0
	}
	select {
	case <-l.quit:
		return 0
	default:
	}
	return l.cons.GetLeaderID()
}

// Self is this server's number.
func (l *Log) Self() uint64 { return l.self }

// Members are the servers; the number of one is its place, from 1.
func (l *Log) Members() []base.Key { return slices.Clone(l.members) }

// Base describes where the log goes on after a tick that Ready has given.
func (l *Log) Base(tick base.Tick) ([]byte, error) {
	b, err := l.BaseAt(tick)
	if err != nil {
		return nil, err
	}
	return b.AppendTo(nil), nil
}

// BaseAt is the Base at a tick that Compact has not dropped.
func (l *Log) BaseAt(tick base.Tick) (Base, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.baseAt(tick)
}

func (l *Log) baseAt(tick base.Tick) (Base, error) {
	if tick == l.first.Tick {
		return l.first, nil
	}
	i, ok := l.find(tick)
	if !ok {
		return Base{}, fmt.Errorf("byzantine: tick %d is not in the log: %d to %d are", tick, l.first.Tick, l.tick)
	}
	h := &l.held[i]
	return Base{Epoch: l.epoch, Origin: l.origin, Tick: h.tick, Sum: h.sum, Members: l.members, Counters: h.counters}, nil
}

// find gives the place of a tick in held.
func (l *Log) find(tick base.Tick) (int, bool) {
	if len(l.held) == 0 || tick < l.held[0].tick || tick > l.tick {
		return 0, false
	}
	return int(tick - l.held[0].tick), true
}

// Behind says that the others have dropped the decisions that come next here: a
// checkpoint of a later tick is needed, and Install. At least one honest server
// must have said so.
func (l *Log) Behind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.need != nil
}

// Compact says that a checkpoint of tick is on disk here: older decisions are
// dropped, but for some that servers a little behind may still need.
func (l *Log) Compact(tick base.Tick) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("byzantine: compact: %w", ErrClosed)
	}
	if tick = min(tick, l.tick); tick < keepTicks {
		return nil
	}
	tick -= keepTicks
	i, ok := l.find(tick)
	if !ok || i < keepTicks {
		return nil // too little to write everything anew for
	}
	b, err := l.baseAt(tick)
	if err == nil {
		l.first, l.held = b, slices.Clone(l.held[i:])
		err = l.disk.rewrite(&b, l.held)
	}
	if err != nil {
		l.fail(err)
		return fmt.Errorf("byzantine: compact: %w", err)
	}
	return nil
}

// Sync brings to the disk what was written of the log. It waits for the disk.
func (l *Log) Sync() error {
	if err := l.disk.file.Sync(); err != nil {
		return fmt.Errorf("byzantine: sync: %w", err)
	}
	return nil
}

// Done is closed when the log has stopped, by Close or with Err.
func (l *Log) Done() <-chan struct{} { return l.done }

// Err says why the log stopped by itself.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Status of a log.
type Status struct {
	Self, Leader uint64 // 0: none known
	Tick         base.Tick
	Waiting      int        // entries of this server that are in no record yet
	Streams      []base.Key // servers that have a stream to here
}

// Status may be called at any time.
func (l *Log) Status() Status {
	leader := l.Leader()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{Self: l.self, Leader: leader, Tick: l.tick, Waiting: len(l.mine.entries)}
	for _, k := range l.members {
		if l.inbound[k] > 0 {
			s.Streams = append(s.Streams, k)
		}
	}
	return s
}

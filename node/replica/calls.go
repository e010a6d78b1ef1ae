package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// Submit takes an entry for one of the next ticks, on any server: one that
// does not lead passes it on, and again when the leader changes. It is in
// exactly one record, if this server goes on; entries of one server keep their
// order. With sync its record counts as agreed once a majority has it on disk.
// order.ErrFull: too much waits; submit again later.
func (l *Log) Submit(entry []byte, sync bool) error {
	return l.with(func() error { return l.core.Submit(entry, sync) })
}

// Cut closes the next tick if this server leads. It does nothing when too many
// ticks are not agreed on yet.
func (l *Log) Cut(at base.Tick, state [32]byte) {
	_ = l.with(func() error { l.core.Cut(at, state); return nil })
}

// Wake gets a value when Ready may have records, Need or Leading may have
// changed, or the log has stopped. One goroutine listens.
func (l *Log) Wake() <-chan struct{} { return l.wake }

// Ready gives the committed records since the last call, in order. The caller
// must call it again and again: a log of which nobody takes records stops
// handing them over at a bound.
func (l *Log) Ready() (list []order.Encoded) {
	_ = l.with(func() error {
		list, l.ready = l.ready, nil
		size := 0
		for i := range list {
			size += len(list[i].Bytes)
		}
		l.core.Took(size)
		return nil
	})
	return list
}

// Persisted does nothing: this log keeps itself.
func (l *Log) Persisted(base.Tick) {}

// Durable is the last committed tick.
func (l *Log) Durable() base.Tick {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.Applied().Tick
}

// Leading tells whether this server cuts the ticks.
func (l *Log) Leading() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && l.core.Leading()
}

// Leader is the server that leads, if one is known.
func (l *Log) Leader() (raft.Member, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.core.Leader()
	for _, m := range l.core.Applied().Members {
		if m.ID == id && !l.closed {
			return m, true
		}
	}
	return raft.Member{}, false
}

// Members are the servers after the last committed record.
func (l *Log) Members() []raft.Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]raft.Member(nil), l.core.Applied().Members...)
}

// Self is this server's raft id.
func (l *Log) Self() uint64 { return l.wal.self }

// AddLearner adds a server that takes the records and has no vote, and gives
// the raft id it got. It waits until the change is committed, and is the
// leader's to call; so are the next three.
func (l *Log) AddLearner(ctx context.Context, key base.Key) (id uint64, err error) {
	r, err := l.change(ctx, func(t uint64) error { return l.core.AddLearner(t, key) })
	return r.ID, err
}

// Promote makes a learner a voter.
func (l *Log) Promote(ctx context.Context, id uint64) error {
	_, err := l.change(ctx, func(t uint64) error { return l.core.Promote(t, id) })
	return err
}

// Remove takes a server out for good. The last voter stays.
func (l *Log) Remove(ctx context.Context, id uint64) error {
	_, err := l.change(ctx, func(t uint64) error { return l.core.Remove(t, id) })
	return err
}

// Replace takes a voter out and makes a learner a voter in one step.
func (l *Log) Replace(ctx context.Context, out, in uint64) error {
	_, err := l.change(ctx, func(t uint64) error { return l.core.Replace(t, out, in) })
	return err
}

func (l *Log) change(ctx context.Context, f func(token uint64) error) (raft.Result, error) {
	c := make(chan raft.Result, 1)
	var token uint64
	err := l.with(func() error {
		l.token++
		token = l.token
		l.results[token] = c
		err := f(token)
		if err != nil {
			delete(l.results, token)
		}
		return err
	})
	if err != nil {
		return raft.Result{}, err
	}
	select {
	case r := <-c:
		return r, r.Err
	case <-ctx.Done():
		_ = l.with(func() error { delete(l.results, token); return nil })
		return raft.Result{}, ctx.Err()
	}
}

// TransferLeader hands the lead to a voter, 0 for the one that is furthest,
// and waits until this server does not lead any more. For planned stops.
func (l *Log) TransferLeader(ctx context.Context, to uint64) error {
	for {
		var asked uint64
		var leading bool
		err := l.with(func() error {
			if leading = l.core.Leading(); leading {
				asked = l.core.Transfer(to)
			}
			return nil
		})
		switch {
		case err != nil:
			return err
		case !leading:
			return nil
		case asked == 0:
			return fmt.Errorf("replica: transfer: no voter to hand the lead to")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.quit:
			return ErrClosed
		case <-l.cfg.Clock.After(l.cfg.Tick):
		}
	}
}

// BaseAt is the Base at a tick that Ready has given and Compact has not
// dropped: it belongs with the checkpoint of that tick, and a server that
// joins begins there.
func (l *Log) BaseAt(tick base.Tick) (b raft.Base, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.BaseAt(tick)
}

// Compact says that a checkpoint of tick is on disk here: older records are
// dropped, but for some that servers a little behind may still need.
func (l *Log) Compact(tick base.Tick) error {
	return l.with(func() error { return l.core.Compact(tick) })
}

// Sync brings to the disk what was written of the log, as all that was agreed on
// is where this server is the only voter. It waits for the disk.
func (l *Log) Sync() error {
	if err := l.wal.file.Sync(); err != nil {
		return fmt.Errorf("replica: sync: %w", err)
	}
	return nil
}

// Need tells that this server is so far behind that the others have dropped
// the records it lacks: it is to fetch a checkpoint of the tick of Base or a
// later one, restore the sim from it and call Install.
func (l *Log) Need() (b raft.Base, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.core.Need(); n != nil {
		return *n, true
	}
	return raft.Base{}, false
}

// Install makes the log go on after b: what Ready gives from then on follows
// its tick.
func (l *Log) Install(b raft.Base) error {
	return l.with(func() error {
		if err := l.core.Install(b); err != nil {
			return err
		}
		l.ready = nil
		return nil
	})
}

// PeerDown says that the last connection to a node has closed. When it led,
// the next leader is chosen at once. The log notices by itself that a server's
// last stream ended; p2p.Config.PeerDown may be wired to it besides.
func (l *Log) PeerDown(key base.Key) {
	_ = l.with(func() error {
		var far time.Duration
		for _, m := range l.core.Applied().Members {
			if m.Voter() && m.Key != key {
				far = max(far, l.rtt[m.ID])
			}
		}
		l.core.Lost(key, int((far+l.cfg.Tick-1)/l.cfg.Tick))
		return nil
	})
}

// Done is closed when the log has stopped, by Close or with Err.
func (l *Log) Done() <-chan struct{} { return l.done }

// Err says why the log stopped by itself: ErrRemoved, a disk that failed, a
// record that does not fit the chain.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Status of a log.
type Status struct {
	raft.Status
	// NewerEpoch is an epoch that another server says has begun: this log is
	// then over. 0 = none.
	NewerEpoch uint64
	Describe   string // the library's own words, for reports of trouble
}

// Status may be called at any time.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{Status: l.core.Status(), NewerEpoch: l.core.NewerEpoch(), Describe: l.core.Describe()}
}

// Signing says whether this server signs the records that it makes.
func (l *Log) Signing(on bool) {
	_ = l.with(func() error { l.core.Signing(on); return nil })
}

// Shun says whom this server hears no more, of all that were named before only
// those that are named again.
func (l *Log) Shun(keys []base.Key) {
	_ = l.with(func() error {
		var far time.Duration
		for _, m := range l.core.Applied().Members {
			if m.Voter() {
				far = max(far, l.rtt[m.ID])
			}
		}
		l.core.Shun(keys, int((far+l.cfg.Tick-1)/l.cfg.Tick))
		return nil
	})
}

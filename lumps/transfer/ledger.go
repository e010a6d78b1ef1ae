package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// Ledger remembers, durably, from whom lumps are taken, how much, and what came.
// Every method may be called from any goroutine.
type Ledger struct {
	dir  string
	pins lumps.Pinner
	now  func() time.Time
	log  *slog.Logger

	mu       sync.Mutex // also held while a file is written: receipts are rare
	peers    map[base.Key]*account
	incoming int
}

// LedgerConfig of a Ledger.
type LedgerConfig struct {
	Dir  string           // made when missing; one process at a time
	Pins lumps.Pinner     // of the store that takes what comes: what is not pinned any more does not count
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: silent
}

// OpenLedger reads a ledger. The file of a peer that is damaged is set aside
// and logged: nothing is taken from that peer until the owner agrees anew.
func OpenLedger(cfg LedgerConfig) (*Ledger, error) {
	if cfg.Dir == "" || cfg.Pins == nil {
		return nil, errors.New("lumps/transfer: open ledger: a directory and pins are required")
	}
	l := &Ledger{dir: cfg.Dir, pins: cfg.Pins, now: cfg.Now, log: cfg.Log, peers: map[base.Key]*account{}}
	if l.now == nil {
		l.now = time.Now
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("lumps/transfer: open ledger: %w", err)
	}
	return l, nil
}

// Agreement is what was agreed with one peer, and what came of it.
type Agreement struct {
	Peer     base.Key
	Agreed   bool      // false: no more is taken, but what came is still here
	Quota    int64     // bytes
	Since    time.Time // when it was said last
	Used     int64     // bytes that count against the quota, Coming included
	Coming   int64     // bytes of what is under way, or was interrupted lately
	Contents []Content // the oldest first
}

// Accept lets a peer send contents of at most quota bytes together, from now
// on; a smaller quota than before holds at once for what comes.
func (l *Ledger) Accept(ctx context.Context, peer base.Key, quota int64) (Agreement, error) {
	if quota < 1 || quota > MaxQuota {
		return Agreement{}, fmt.Errorf("lumps/transfer: accept: quota of %d bytes, 1 to %d allowed: %w", quota, int64(MaxQuota), lumps.ErrTooLarge)
	}
	return l.change(ctx, peer, func(a *account) { a.agreed, a.quota = true, quota })
}

// Refuse takes nothing more from a peer; what comes is stopped. What has come
// stays until it is unpinned.
func (l *Ledger) Refuse(ctx context.Context, peer base.Key) (Agreement, error) {
	return l.change(ctx, peer, func(a *account) { a.agreed = false })
}

func (l *Ledger) change(ctx context.Context, peer base.Key, do func(*account)) (Agreement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.peers[peer]
	if a == nil {
		if len(l.peers) >= MaxPeers {
			return Agreement{}, fmt.Errorf("lumps/transfer: %w: agreements with %d peers", ErrTooMany, len(l.peers))
		}
		a = &account{peer: peer, coming: map[lumps.Ref]*coming{}}
	}
	was := *a
	do(a)
	a.since = l.now()
	l.settle(ctx, a)
	if err := l.save(a); err != nil {
		a.agreed, a.quota, a.since = was.agreed, was.quota, was.since
		return Agreement{}, fmt.Errorf("lumps/transfer: agreement: %w", err)
	}
	l.peers[peer] = a
	out := a.public()
	l.forget(a)
	return out, nil
}

// forget drops an account that says nothing. l.mu is held.
func (l *Ledger) forget(a *account) bool {
	if a.agreed || len(a.contents) != 0 || len(a.coming) != 0 {
		return false
	}
	delete(l.peers, a.peer)
	return true
}

// List gives all agreements by peer.
func (l *Ledger) List(ctx context.Context) []Agreement {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Agreement, 0, len(l.peers))
	for _, a := range l.peers { //lint:sorted below
		l.settle(ctx, a)
		if l.forget(a) {
			_ = l.save(a) // it removes the file; one that stays is read, and forgotten, again
			continue
		}
		out = append(out, a.public())
	}
	slices.SortFunc(out, func(a, b Agreement) int { return cmp.Or(a.Since.Compare(b.Since), a.Peer.Compare(b.Peer)) })
	return out
}

func (a *account) public() Agreement {
	p := Agreement{Peer: a.peer, Agreed: a.agreed, Quota: a.quota, Since: a.since, Used: a.used(), Contents: slices.Clone(a.contents)}
	for _, c := range a.coming { //lint:sorted a sum has no order
		p.Coming += c.size
	}
	return p
}

// settle lets go of what counts no more: contents that were unpinned, and room
// kept for too long. Memory alone changes: an entry without a pin that comes
// back after a crash is let go again. l.mu is held.
func (l *Ledger) settle(ctx context.Context, a *account) {
	a.contents = slices.DeleteFunc(a.contents, func(c Content) bool {
		if c.pinning {
			return false
		}
		pinned, err := l.pins.Pinned(ctx, c.Root)
		return err == nil && !pinned
	})
	for r, c := range a.coming { //lint:sorted all that are due go
		if !c.active && l.now().Sub(c.last) >= reserveFor {
			delete(a.coming, r)
		}
	}
}

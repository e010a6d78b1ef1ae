package overlay

import (
	"context"
	"sync"
	"time"

	"github.com/metatopia/metatopia/raynet/wire"
)

// recall reads the nodes remembered from earlier runs. Without them the node
// starts from what it was told.
func (o *Overlay) recall() {
	if o.cfg.Store == nil {
		return
	}
	b, err := o.cfg.Store.Load()
	if err != nil {
		o.log.Warn("remembered nodes not read", "err", err)
		return
	}
	if len(b) == 0 {
		return
	}
	if len(b) > maxKeptBytes {
		b = b[:maxKeptBytes]
	}
	if n := o.cache.decode(b); n > 0 {
		o.log.Warn("some remembered nodes could not be read", "damaged", n, "read", len(o.cache.nodes))
	}
}

// keep adds the nodes known now to the remembered ones and saves them.
func (o *Overlay) keep() {
	o.mu.Lock()
	var now []wire.Entry
	if o.core != nil {
		now = o.core.Cache(maxKept)
	}
	o.mu.Unlock()
	if o.cfg.Store == nil || len(now) == 0 {
		return
	}
	o.cacheMu.Lock()
	defer o.cacheMu.Unlock()
	for _, e := range now {
		o.cache.add(unixNow(), e)
	}
	o.cache.trim()
	if err := o.cfg.Store.Save(o.cache.encode()); err != nil {
		o.log.Warn("nodes not remembered", "err", err)
	}
}

// remembered lists entries for the core's Bootstrap. Their age is the longest
// there is: they tell whom to ask, not where anybody is now.
func (o *Overlay) remembered(limit int) []wire.Entry {
	o.cacheMu.Lock()
	defer o.cacheMu.Unlock()
	var out []wire.Entry
	for _, n := range o.cache.newest(limit) {
		if n.entry.Record.Key == o.key {
			continue
		}
		n.entry.Age = ^wire.Age(0)
		out = append(out, n.entry)
	}
	return out
}

// knock dials remembered nodes while this one has no peer, or no place among
// others: the core alone tries a few, and the living may be far down the list.
// Who answers is told to the core as any peer that comes up.
func (o *Overlay) knock(ctx context.Context) {
	t := time.NewTimer(knockFirst)
	defer t.Stop()
	gap := knockEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if o.alone() {
			o.knockAll(ctx, o.remembered(maxKept))
			gap = min(2*gap, knockLast)
		} else {
			gap = knockEvery
		}
		t.Reset(gap)
	}
}

func (o *Overlay) alone() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.left && (len(o.up) == 0 || o.core != nil && !o.core.Joined())
}

func (o *Overlay) knockAll(ctx context.Context, doors []wire.Entry) {
	var wg sync.WaitGroup
	defer wg.Wait()
	room := make(chan struct{}, knockWidth)
	for _, d := range doors {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		o.mu.Lock()
		enough := len(o.up) >= knockEnough || o.left
		o.mu.Unlock()
		if enough {
			return
		}
		wg.Go(func() {
			defer func() { <-room }()
			if err := o.cfg.Net.LearnRecord(d.Record.Key, d.Addr); err != nil {
				o.badAddrs.Add(1)
				return
			}
			_ = o.cfg.Net.DialKnown(ctx, d.Record.Key) // the next may answer
		})
	}
}

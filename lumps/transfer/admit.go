package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// admit keeps room for an offer, or says why not. After nil, exactly one of
// interrupt and keep must follow.
func (l *Ledger) admit(ctx context.Context, from base.Key, o *Offer) *Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.peers[from]
	if a == nil || !a.agreed {
		return refuse(NotAgreed)
	}
	if o.Size > a.quota {
		return &Refusal{Code: TooLarge, Quota: a.quota}
	}
	l.settle(ctx, a)
	busy := 0
	for _, c := range a.coming { //lint:sorted a count has no order
		if c.active {
			busy++
		}
	}
	before := a.coming[o.Root] // it came, and was interrupted
	if l.incoming >= maxIncoming || busy >= maxFrom || before != nil && before.active {
		return refuse(Busy)
	}
	c := &coming{size: o.Size, active: true}
	used := a.used()
	switch {
	case a.find(o.Root) >= 0:
		c.size = 0 // it counts already
	case before == nil && len(a.contents)+len(a.coming) >= MaxContents:
		return refuse(TooMany)
	}
	if before != nil {
		used -= before.size // what was offered then need not be true
	}
	if used+c.size > a.quota {
		return &Refusal{Code: OverQuota, Used: used, Quota: a.quota}
	}
	a.coming[o.Root] = c
	l.incoming++
	return nil
}

// knows tells whether anything is taken from a peer at all.
func (l *Ledger) knows(from base.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.peers[from]
	return a != nil && a.agreed
}

// still tells whether what comes from a peer is wanted: its owner may have
// changed their mind since.
func (l *Ledger) still(from base.Key) *Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.peers[from]
	if a == nil || !a.agreed {
		return refuse(NotAgreed)
	}
	if used := a.used(); used > a.quota {
		return &Refusal{Code: OverQuota, Used: used, Quota: a.quota}
	}
	return nil
}

// interrupt ends a transfer that did not come to its end. Its room is kept for
// a while: what has come is in the store.
func (l *Ledger) interrupt(from base.Key, o *Offer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.incoming--
	a := l.peers[from]
	c := a.coming[o.Root]
	c.active, c.last = false, l.now()
	if c.size == 0 || !a.agreed {
		delete(a.coming, o.Root)
		l.forget(a)
	}
}

// keep ends a transfer whose content is whole and durable: it is written down
// and pinned before keep returns. The entry comes first: a pin that nobody
// counts would be room for nothing.
func (l *Ledger) keep(ctx context.Context, from base.Key, o *Offer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.peers[from]
	i := a.find(o.Root)
	if i < 0 {
		i = len(a.contents)
		a.contents = append(a.contents, Content{Root: o.Root, Size: o.Size, Time: l.now(), Note: o.Note})
	}
	a.contents[i].pinning = true
	a.coming[o.Root].size = 0 // the entry counts from here on
	err := l.save(a)
	if err == nil {
		err = l.pin(ctx, o)
	}
	delete(a.coming, o.Root)
	l.incoming--
	i = a.find(o.Root) // others may have been let go meanwhile, this was not
	a.contents[i].pinning = false
	if err != nil {
		a.contents = slices.Delete(a.contents, i, i+1)
		return fmt.Errorf("lumps/transfer: keep %s: %w", o.Root, err)
	}
	return nil
}

// pin lets go of l.mu meanwhile: a sweep may hold up the pin.
func (l *Ledger) pin(ctx context.Context, o *Offer) error {
	l.mu.Unlock()
	defer l.mu.Lock()
	return l.pins.Pin(ctx, o.Root)
}

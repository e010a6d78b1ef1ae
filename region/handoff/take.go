package handoff

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// raise moves the floor of the other region's transfers up and forgets what
// lies below it.
func (c *Core) raise(l *link, floor uint64) {
	if floor <= l.Floor {
		return
	}
	l.Floor = floor
	l.Accepted = slices.DeleteFunc(l.Accepted, func(n uint64) bool { return n < floor })
	c.unreserve(l, func(r *reservation) bool { return r.N < floor })
}

func (c *Core) unreserve(l *link, gone func(*reservation) bool) {
	before := len(l.Prepared)
	l.Prepared = slices.DeleteFunc(l.Prepared, func(r reservation) bool { return gone(&r) })
	c.reserved -= before - len(l.Prepared)
}

func (c *Core) accept(l *link, n uint64) {
	if i, ok := slices.BinarySearch(l.Accepted, n); !ok {
		l.Accepted = slices.Insert(l.Accepted, i, n)
	}
	c.unreserve(l, func(r *reservation) bool { return r.N == n })
}

func (l *link) accepted(n uint64) bool {
	_, ok := slices.BinarySearch(l.Accepted, n)
	return ok
}

func (c *Core) gotOffer(now base.Tick, from base.ID, l *link, m Msg) {
	c.raise(l, m.Floor)
	reply := func(k MsgKind, why Reason) {
		c.send(from, Msg{Kind: k, N: m.N, ID: m.ID, Epoch: m.Epoch, Reason: why})
	}
	if m.N < l.Floor {
		return // settled long ago
	}
	if l.accepted(m.N) {
		reply(Accepted, NoReason)
		return
	}
	if i := l.reservation(m.N); i >= 0 {
		if r := &l.Prepared[i]; r.ID == m.ID && r.Epoch == m.Epoch {
			r.Until = now + c.cfg.Times.Prepared
			reply(Prepared, NoReason)
			return
		}
		// The number was used again after the other region lost the end of
		// its log, which held the older offer and no release.
		c.unreserve(l, func(r *reservation) bool { return r.N == m.N })
	}
	switch {
	case c.owned[m.ID].Epoch > m.Epoch || c.tombs[m.ID] > m.Epoch:
		reply(Refused, Stale)
	case c.owned[m.ID].Epoch != 0:
		reply(Refused, Conflict)
	case len(l.Prepared) >= MaxPrepared:
		reply(Refused, Crowded)
	case c.Room() <= 0:
		reply(Refused, NoRoom)
	default:
		l.Prepared = append(l.Prepared, reservation{N: m.N, ID: m.ID, Epoch: m.Epoch,
			Until: now + c.cfg.Times.Prepared, Again: now + 2*c.cfg.Times.Retry})
		c.reserved++
		reply(Prepared, NoReason)
		c.emit(Effect{Kind: DoPrepared, Peer: from, ID: m.ID, Epoch: m.Epoch})
	}
}

// gotRelease takes the object. It needs no reservation: the release has
// happened in the other region's log, so refusing would lose the object. When
// even the slack is used up there is no answer: the other region repeats the
// release until there is room.
func (c *Core) gotRelease(now base.Tick, from base.ID, l *link, m Msg) {
	c.raise(l, m.Floor)
	done := Msg{Kind: Accepted, N: m.N, ID: m.ID, Epoch: m.Epoch}
	if m.N < l.Floor || l.accepted(m.N) {
		c.send(from, done)
		return
	}
	epoch := m.Epoch + 1
	mine := c.owned[m.ID]
	if mine.Epoch >= epoch || c.tombs[m.ID] >= epoch {
		// An owner that lost its log gave away what had moved on: fenced.
		c.accept(l, m.N)
		c.send(from, done)
		return
	}
	if mine.Epoch == 0 && len(c.owned) >= c.cfg.Capacity+c.cfg.Slack {
		return
	}
	c.accept(l, m.N)
	if mine.Epoch != 0 && !mine.To.IsZero() {
		c.endOffer(m.ID, mine.To)
	}
	c.unbury(m.ID)
	c.owned[m.ID] = object{Epoch: epoch}
	c.emit(Effect{Kind: DoAccept, Peer: from, ID: m.ID, Epoch: epoch, State: m.State, Replace: mine.Epoch != 0})
	c.send(from, done)
}

func (c *Core) gotWithdrawn(l *link, m Msg) {
	c.raise(l, m.Floor)
	c.unreserve(l, func(r *reservation) bool { return r.N == m.N && r.ID == m.ID && r.Epoch == m.Epoch })
}

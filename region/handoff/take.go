package handoff

import (
	"cmp"
	"fmt"
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
	if l.Coming != nil && l.Coming.N < floor {
		l.Coming = nil
	}
}

func (c *Core) unreserve(l *link, gone func(*reservation) bool) {
	l.Prepared = slices.DeleteFunc(l.Prepared, func(r reservation) bool {
		if !gone(&r) {
			return false
		}
		c.reserved -= len(r.Items)
		return true
	})
}

func (l *link) reserved() int {
	n := 0
	for i := range l.Prepared {
		n += len(l.Prepared[i].Items)
	}
	return n
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

func (c *Core) gotOffer(now base.Tick, from base.ID, l *link, m *Msg) {
	c.raise(l, m.Floor)
	reply := func(k MsgKind, why Reason, mask uint64) {
		c.send(from, l, Msg{Kind: k, N: m.N, Items: m.Items, Reason: why, Mask: mask})
	}
	if m.N < l.Floor {
		return // settled long ago
	}
	if l.accepted(m.N) {
		reply(Accepted, NoReason, 0)
		return
	}
	if i := l.reservation(m.N); i >= 0 {
		if r := &l.Prepared[i]; slices.Equal(r.Items, m.Items) && slices.Equal(r.Needs, m.Needs) {
			r.Until = now + c.cfg.Times.Prepared
			if !r.Lacks {
				reply(Prepared, NoReason, 0)
			}
			c.equip(now, from, l, r)
			return
		}
		// The number was used again after the other region lost the end of
		// its log, which held the older offer and no release.
		c.unreserve(l, func(r *reservation) bool { return r.N == m.N })
	}
	higher, same := c.compare(m.Items)
	switch {
	case higher != 0:
		reply(Refused, Stale, higher)
	case same != 0:
		reply(Refused, Conflict, same)
	case len(l.Prepared) >= MaxPrepared || l.reserved()+len(m.Items) > MaxReserved:
		reply(Refused, Crowded, 0)
	case c.Room() < len(m.Items):
		reply(Refused, NoRoom, 0)
	default:
		i, _ := slices.BinarySearchFunc(l.Prepared, m.N, func(r reservation, n uint64) int { return cmp.Compare(r.N, n) })
		l.Prepared = slices.Insert(l.Prepared, i, reservation{N: m.N, Items: m.Items, Needs: m.Needs, Lacks: true,
			Until: now + c.cfg.Times.Prepared})
		c.reserved += len(m.Items)
		c.equip(now, from, l, &l.Prepared[i])
	}
}

// compare tells which objects are known at a higher epoch than the one at
// which they are offered, and which others are owned here.
func (c *Core) compare(items []Ref) (higher, here uint64) {
	for i, r := range items {
		switch o, ok := c.owned[r.ID]; {
		case o.Epoch > r.Epoch || c.tombs[r.ID].Epoch > r.Epoch:
			higher |= 1 << i
		case ok && !c.yields(r.ID):
			here |= 1 << i
		}
	}
	return higher, here
}

// gotRelease takes the objects. It needs no reservation: the release has
// happened in the other region's log, so refusing would lose them. When even
// the slack is used up there is no answer: the other region repeats the
// release until there is room.
//
// Objects known here at a higher epoch are left out: an owner that lost its
// log gave away what had moved on. What is owned here at a lower epoch and
// neither yields nor is in doubt is not given up for a neighbour's word: then all of the
// release is refused by silence.
func (c *Core) gotRelease(now base.Tick, from base.ID, l *link, m *Msg) error {
	c.raise(l, m.Floor)
	done := Msg{Kind: Accepted, N: m.N, Items: m.Items}
	if m.N < l.Floor || l.accepted(m.N) {
		c.send(from, l, done)
		return nil
	}
	state, whole := c.collect(now, l, m)
	if !whole {
		return nil
	}
	var take []Ref
	var old []base.ID
	for _, r := range m.Items {
		mine, ok := c.owned[r.ID]
		if mine.Epoch > r.Epoch || c.tombs[r.ID].Epoch > r.Epoch {
			continue
		}
		if ok && !c.yields(r.ID) {
			return fmt.Errorf("handoff: release %v: %w: %w", r.ID, ErrPeer, ErrOwned)
		}
		take = append(take, Ref{r.ID, r.Epoch + 1})
		if ok {
			old = append(old, r.ID)
		}
	}
	if len(c.owned)+len(take)-len(old) > c.cfg.Capacity+c.cfg.Slack {
		return nil
	}
	if len(take) > 0 && c.cfg.Sound != nil {
		switch c.cfg.Sound(from, m.Items, state) {
		case NotYet:
			return nil
		case Unsound:
			return fmt.Errorf("handoff: release %v: %w: the state is not sound", m.Items[0].ID, ErrPeer)
		}
	}
	c.accept(l, m.N)
	for _, id := range old {
		c.withdraw(now, id)
		c.forgetWishes(id)
	}
	for _, r := range take {
		c.unbury(r.ID)
		delete(c.doubts, r.ID)
		c.keep(r.ID, object{Epoch: r.Epoch})
	}
	if len(take) > 0 {
		c.emit(Effect{Kind: DoAccept, Peer: from, Items: take, State: state, Replaced: old})
	}
	c.send(from, l, done)
	if m.First < c.life && len(take) > 0 {
		// It was given to an earlier life, which may have taken it over and
		// passed it on in the part of the log that is lost.
		for _, r := range take {
			c.doubts[r.ID] = mention{}
		}
		c.askAll(now)
	}
	return nil
}

// yields: a higher epoch of an object that is here is believed.
func (c *Core) yields(id base.ID) bool {
	_, doubt := c.doubts[id]
	return doubt || c.owned[id].Yields
}

func (c *Core) gotWithdrawn(l *link, m *Msg) {
	c.raise(l, m.Floor)
	c.unreserve(l, func(r *reservation) bool { return r.N == m.N && slices.Equal(r.Items, m.Items) })
}

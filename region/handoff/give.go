package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Begin offers objects to a region, to go together or not at all. size is a
// hint, the bytes of state to expect; 0 is none. The same wish twice is one.
// While an offer of any of the objects is open, a new wish queues behind it,
// in place of an older one: it is taken up when that offer does not happen,
// and forgotten when it does.
func (c *Core) Begin(now base.Tick, to base.ID, size int, ids ...base.ID) error {
	ids, err := c.group(ids)
	if err != nil {
		return fmt.Errorf("handoff: begin: %w", err)
	}
	if to == c.cfg.Self || to.IsZero() || size < 0 || size > MaxGroupState {
		return fmt.Errorf("handoff: begin %v: %w: bad receiver or size %d", ids[0], ErrGroup, size)
	}
	w := wish{To: to, Size: uint32(size), IDs: ids}
	for _, id := range ids {
		l, i, ok := c.open(id)
		if !ok {
			continue
		}
		same := c.owned[id].To == to && slices.EqualFunc(l.Out[i].Items, ids, func(r Ref, id base.ID) bool { return r.ID == id })
		if !same {
			c.queue(w)
		}
		return nil
	}
	return c.begin(now, w)
}

// begin opens an offer for objects of which none is on offer.
func (c *Core) begin(now base.Tick, w wish) error {
	for _, id := range w.IDs {
		if _, doubt := c.doubts[id]; doubt {
			return fmt.Errorf("handoff: begin %v: %w: not all neighbours have said whether it is here", id, ErrBusy)
		}
		if o := c.owned[id]; o.Epoch > lastEpoch {
			return fmt.Errorf("handoff: begin %v: %w: epoch %d", id, ErrGroup, o.Epoch)
		} else if now < o.Rest {
			return fmt.Errorf("handoff: begin %v: %w: rests until tick %d", id, ErrBusy, o.Rest)
		}
	}
	l, err := c.link(w.To)
	if err != nil {
		return err
	}
	if len(l.Out) >= MaxOutstanding || l.Next-l.floor() >= Window {
		return fmt.Errorf("handoff: begin %v: %w: %d transfers open", w.IDs[0], ErrBusy, len(l.Out))
	}
	t := transfer{N: l.Next, Items: make([]Ref, len(w.IDs)), Phase: offered, Size: w.Size, Needs: c.needs(w.IDs),
		Deadline: now + c.cfg.Times.Offer, Again: now + c.cfg.Times.Retry}
	for i, id := range w.IDs {
		c.forgetWishes(id)
		o := c.owned[id]
		t.Items[i] = Ref{id, o.Epoch}
		o.To, o.N = w.To, t.N
		c.keep(id, o)
	}
	l.Next++
	l.Out = append(l.Out, t)
	c.offer(w.To, l, &t)
	return nil
}

func (c *Core) offer(to base.ID, l *link, t *transfer) {
	c.send(to, l, Msg{Kind: Offer, N: t.N, Floor: l.floor(), Items: t.Items, Size: t.Size, Needs: t.Needs})
}

// Cancel withdraws the open offer of an object's group: it came back before it
// was released, or is no longer the group it was. Wishes of the group are
// forgotten.
func (c *Core) Cancel(now base.Tick, id base.ID) {
	for _, r := range c.Group(id) {
		c.forgetWishes(r.ID)
	}
	c.withdraw(now, id)
}

// withdraw ends the open offer of an object's group, if there is one, and
// takes up what waited for it.
func (c *Core) withdraw(now base.Tick, id base.ID) {
	if items := c.endOffer(id); items != nil {
		c.forgetWishes(id)
		c.fulfil(now, items)
	}
}

// endOffer removes an open transfer and tells the receiver, once: if that is
// lost the reservation lapses by itself.
func (c *Core) endOffer(id base.ID) []Ref {
	l, i, ok := c.open(id)
	if !ok {
		return nil
	}
	to, t := c.owned[id].To, l.Out[i]
	l.Out = slices.Delete(l.Out, i, i+1)
	c.send(to, l, Msg{Kind: Withdrawn, N: t.N, Floor: l.floor(), Items: t.Items})
	c.unmark(t.Items)
	return t.Items
}

// unmark: the objects are not on offer any more.
func (c *Core) unmark(items []Ref) {
	for _, r := range items {
		o := c.owned[r.ID]
		o.To, o.N = base.ID{}, 0
		c.keep(r.ID, o)
	}
}

// Release answers DoRelease with the exact state of the whole group in this
// tick; id is any of its objects. The call is the commit point: from it on
// none of them is owned here. On an error nothing happened.
func (c *Core) Release(now base.Tick, id base.ID, state []byte) error {
	l, i, ok := c.open(id)
	if !ok {
		return fmt.Errorf("handoff: release %v: %w", id, ErrUnknown)
	}
	t := &l.Out[i]
	switch {
	case t.Phase != ready:
		return fmt.Errorf("handoff: release %v: %w: phase %d", id, ErrUnknown, t.Phase)
	case len(state) > MaxGroupState:
		return fmt.Errorf("handoff: release %v: %w: state of %d bytes", id, ErrGroup, len(state))
	case l.limbo()+len(state) > MaxLimbo:
		return fmt.Errorf("handoff: release %v: %w: %d bytes on the way", id, ErrBusy, l.limbo())
	}
	to := c.owned[id].To
	t.Phase, t.State, t.Tries, t.Deadline, t.Of = released, state, 0, 0, l.Life
	t.Again = now + c.cfg.Times.Retry
	for _, r := range t.Items {
		c.let(r.ID)
		delete(c.doubts, r.ID)
		c.bury(r.ID, tomb{r.Epoch + 1, to})
		c.forgetWishes(r.ID)
	}
	c.release(to, l, t)
	return nil
}

// release sends all parts of a state: the record is one, the messages may be
// several.
func (c *Core) release(to base.ID, l *link, t *transfer) {
	parts := max(1, (len(t.State)+MaxState-1)/MaxState)
	for i := range parts {
		piece := t.State[i*MaxState : min((i+1)*MaxState, len(t.State))]
		c.send(to, l, Msg{Kind: Release, N: t.N, Floor: l.floor(), Items: t.Items, First: t.Of, Part: uint8(i), Parts: uint8(parts), State: piece})
	}
}

// giveUp ends an offer that did not happen; its objects rest, but for those
// that are wished elsewhere.
func (c *Core) giveUp(now base.Tick, from base.ID, id base.ID, why Reason) {
	items := c.endOffer(id)
	for _, r := range items {
		o := c.owned[r.ID]
		o.Rest = now + backoff(c.cfg.Times.Cool, c.cfg.Times.CoolMax, o.Fails)
		o.Fails = again(c.cfg.Times.Cool, c.cfg.Times.CoolMax, o.Fails)
		c.keep(r.ID, o)
	}
	c.emit(Effect{Kind: DoGiveUp, Peer: from, Items: items, Reason: why})
	c.fulfil(now, items)
}

func (c *Core) gotPrepared(from base.ID, l *link, m *Msg) {
	i := l.answered(m)
	if i < 0 {
		// A reservation for a transfer that is no more.
		c.send(from, l, Msg{Kind: Withdrawn, N: m.N, Floor: l.floor(), Items: m.Items})
		return
	}
	t := &l.Out[i]
	if t.Phase == released {
		c.release(from, l, t)
		return
	}
	// In ready the driver has not answered the last DoRelease; ask again.
	t.Phase = ready
	c.emit(Effect{Kind: DoRelease, Peer: from, Items: t.Items})
}

func (c *Core) gotRefused(now base.Tick, from base.ID, l *link, m *Msg) {
	i := l.answered(m)
	if i < 0 || l.Out[i].Phase == released {
		return
	}
	if m.Reason == Stale {
		if gone := c.proved(m); gone != nil {
			items := c.endOffer(gone[0].ID)
			c.stale(from, gone)
			c.fulfil(now, items)
			return
		}
	}
	c.giveUp(now, from, m.Items[0].ID, m.Reason)
}

func (c *Core) gotAccepted(from base.ID, l *link, m *Msg) {
	i := l.answered(m)
	if i < 0 || l.Out[i].Phase != released {
		return
	}
	l.Out = slices.Delete(l.Out, i, i+1)
	c.emit(Effect{Kind: DoSettle, Peer: from, Items: raised(m.Items)})
}

func (c *Core) gotAsk(from base.ID, l *link, m *Msg) {
	switch i := l.answered(m); {
	case i < 0:
		c.send(from, l, Msg{Kind: Withdrawn, N: m.N, Floor: l.floor(), Items: m.Items})
	case l.Out[i].Phase == released:
		c.release(from, l, &l.Out[i])
	default:
		c.offer(from, l, &l.Out[i])
	}
}

// raised gives the objects at the epochs that their new owner has.
func raised(items []Ref) []Ref {
	list := slices.Clone(items)
	for i := range list {
		list[i].Epoch++
	}
	return list
}

package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Begin offers an object to a region. While an offer of it to another region
// is open, the new wish queues behind it: it is taken up when the first does
// not happen, and forgotten when it does. The same wish twice is one.
func (c *Core) Begin(now base.Tick, id, to base.ID, size int) error {
	o, ok := c.owned[id]
	switch {
	case !ok:
		return fmt.Errorf("handoff: begin %v: %w", id, ErrUnknown)
	case to == c.cfg.Self || to.IsZero() || size < 0 || size > MaxState:
		return fmt.Errorf("handoff: begin %v: bad receiver or size %d", id, size)
	case o.To == to:
		return nil
	case !o.To.IsZero():
		l := c.links[o.To]
		l.Out[l.find(id)].Next = to
		return nil
	case now < o.Rest:
		return fmt.Errorf("handoff: begin %v: %w: rests until tick %d", id, ErrBusy, o.Rest)
	}
	l, err := c.link(to)
	if err != nil {
		return err
	}
	if len(l.Out) >= MaxOutstanding || l.Next-l.floor() >= Window {
		return fmt.Errorf("handoff: begin %v: %w: %d transfers open", id, ErrBusy, len(l.Out))
	}
	t := transfer{N: l.Next, ID: id, Epoch: o.Epoch, To: to, Phase: offered, Size: uint32(size),
		Deadline: now + c.cfg.Times.Offer, Again: now + c.cfg.Times.Retry}
	l.Next++
	l.Out = append(l.Out, t)
	o.To = to
	c.owned[id] = o
	c.offer(l, &t)
	return nil
}

func (c *Core) offer(l *link, t *transfer) {
	c.send(t.To, Msg{Kind: Offer, N: t.N, Floor: l.floor(), ID: t.ID, Epoch: t.Epoch, Size: t.Size})
}

// Cancel withdraws an open offer: the object came back before it was released.
func (c *Core) Cancel(now base.Tick, id base.ID) {
	if o, ok := c.owned[id]; ok && !o.To.IsZero() {
		c.endOffer(id, o.To)
	}
}

// endOffer removes an open transfer and tells the receiver, once: if that is
// lost the reservation lapses by itself.
func (c *Core) endOffer(id, to base.ID) (next base.ID) {
	l := c.links[to]
	i := l.find(id)
	t := l.Out[i]
	l.Out = slices.Delete(l.Out, i, i+1)
	c.send(to, Msg{Kind: Withdrawn, N: t.N, Floor: l.floor(), ID: t.ID, Epoch: t.Epoch})
	o := c.owned[id]
	o.To = base.ID{}
	c.owned[id] = o
	return t.Next
}

// Release answers DoRelease with the object's exact state in this tick. The call is the commit point: from it on the object is not owned here.
func (c *Core) Release(now base.Tick, id base.ID, state []byte) error {
	o, ok := c.owned[id]
	if !ok || o.To.IsZero() {
		return fmt.Errorf("handoff: release %v: %w", id, ErrUnknown)
	}
	l := c.links[o.To]
	t := &l.Out[l.find(id)]
	if t.Phase != ready || len(state) > MaxState {
		return fmt.Errorf("handoff: release %v: %w: phase %d, state of %d bytes", id, ErrUnknown, t.Phase, len(state))
	}
	t.Phase, t.State, t.Tries, t.Next = released, state, 0, base.ID{}
	t.Again = now + c.cfg.Times.Retry
	delete(c.owned, id)
	c.bury(id, t.Epoch+1)
	c.release(l, t)
	return nil
}

func (c *Core) release(l *link, t *transfer) {
	c.send(t.To, Msg{Kind: Release, N: t.N, Floor: l.floor(), ID: t.ID, Epoch: t.Epoch, State: t.State})
}

// giveUp ends an offer that did not happen and takes up the queued one.
func (c *Core) giveUp(now base.Tick, id, to base.ID, why Reason) {
	next := c.endOffer(id, to)
	o := c.owned[id]
	o.Rest = now + backoff(c.cfg.Times.Cool, c.cfg.Times.CoolMax, o.Fails)
	if o.Fails < 255 {
		o.Fails++
	}
	if !next.IsZero() {
		o.Rest = now
	}
	c.owned[id] = o
	c.emit(Effect{Kind: DoGiveUp, Peer: to, ID: id, Epoch: o.Epoch, Reason: why})
	if !next.IsZero() {
		// A full link is no fault here: the driver asks again while the
		// object is beyond the border.
		_ = c.Begin(now, id, next, 0)
	}
}

func (c *Core) gotPrepared(now base.Tick, from base.ID, l *link, m Msg) {
	i := l.number(m.N)
	if i < 0 || l.Out[i].ID != m.ID || l.Out[i].Epoch != m.Epoch {
		// A reservation for a transfer that is no more.
		c.send(from, Msg{Kind: Withdrawn, N: m.N, Floor: l.floor(), ID: m.ID, Epoch: m.Epoch})
		return
	}
	switch t := &l.Out[i]; t.Phase {
	case offered:
		t.Phase = ready
		c.emit(Effect{Kind: DoRelease, Peer: from, ID: t.ID, Epoch: t.Epoch})
	case ready:
		// The driver did not answer the last DoRelease; ask again.
		c.emit(Effect{Kind: DoRelease, Peer: from, ID: t.ID, Epoch: t.Epoch})
	case released:
		c.release(l, t)
	}
}

func (c *Core) gotRefused(now base.Tick, from base.ID, l *link, m Msg) {
	i := l.number(m.N)
	if i < 0 || l.Out[i].ID != m.ID || l.Out[i].Epoch != m.Epoch || l.Out[i].Phase == released {
		return
	}
	c.giveUp(now, m.ID, from, m.Reason)
}

func (c *Core) gotAccepted(from base.ID, l *link, m Msg) {
	i := l.number(m.N)
	if i < 0 || l.Out[i].Phase != released || l.Out[i].ID != m.ID || l.Out[i].Epoch != m.Epoch {
		return
	}
	l.Out = slices.Delete(l.Out, i, i+1)
	c.emit(Effect{Kind: DoSettle, Peer: from, ID: m.ID, Epoch: m.Epoch + 1})
}

func (c *Core) gotAsk(from base.ID, l *link, m Msg) {
	i := l.number(m.N)
	switch {
	case i < 0 || l.Out[i].ID != m.ID || l.Out[i].Epoch != m.Epoch:
		c.send(from, Msg{Kind: Withdrawn, N: m.N, Floor: l.floor(), ID: m.ID, Epoch: m.Epoch})
	case l.Out[i].Phase == released:
		c.release(l, &l.Out[i])
	default:
		c.offer(l, &l.Out[i])
	}
}

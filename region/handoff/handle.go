package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Handle takes one message of another region. The caller has authenticated
// from. An error is ErrPeer, ErrStale or ErrBusy: the message had no effect on
// what is owned here or on the way.
func (c *Core) Handle(now base.Tick, from base.ID, m Msg) error {
	if from == c.cfg.Self || from.IsZero() {
		return fmt.Errorf("handoff: handle %v: %w: from %v", m.Kind, ErrPeer, from)
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("handoff: handle: %w: %w", ErrPeer, err)
	}
	l, err := c.link(from)
	if err != nil {
		return err
	}
	if err := c.lives(now, from, l, &m); err != nil {
		return err
	}
	switch m.Kind {
	case Offer:
		c.gotOffer(now, from, l, &m)
	case Prepared:
		c.gotPrepared(from, l, &m)
	case Refused:
		c.gotRefused(now, from, l, &m)
	case Release:
		return c.gotRelease(now, from, l, &m)
	case Accepted:
		c.gotAccepted(from, l, &m)
	case Ask:
		c.gotAsk(from, l, &m)
	case Withdrawn:
		c.gotWithdrawn(l, &m)
	case Claim:
		c.gotClaim(from, l, &m)
	case Known:
		c.gotKnown(now, from, l, &m)
	}
	return nil
}

// Tick repeats what was not answered and ends what took too long.
func (c *Core) Tick(now base.Tick) {
	t := &c.cfg.Times
	for _, peer := range c.peers() {
		l := c.links[peer]
		var lapsed []base.ID
		for i := range l.Out {
			x := &l.Out[i]
			if x.Phase != released && now >= x.Deadline {
				lapsed = append(lapsed, x.Items[0].ID)
				continue
			}
			if now < x.Again {
				continue
			}
			x.Tries = again(t.Retry, t.RetryMax, x.Tries)
			x.Again = now + backoff(t.Retry, t.RetryMax, x.Tries)
			if x.Phase == released {
				c.release(peer, l, x)
			} else {
				c.offer(peer, l, x)
			}
		}
		for i := range l.Prepared {
			r := &l.Prepared[i]
			if now >= r.Until || c.equip(now, peer, l, r) || r.Lacks || now < r.Again {
				continue
			}
			r.Tries = again(2*t.Retry, t.RetryMax, r.Tries)
			r.Again = now + backoff(2*t.Retry, t.RetryMax, r.Tries)
			c.send(peer, l, Msg{Kind: Ask, N: r.N, Items: r.Items})
		}
		c.unreserve(l, func(r *reservation) bool { return now >= r.Until })
		if l.Coming != nil && now >= l.Coming.Until {
			l.Coming = nil
		}
		if d := l.Doubt; d != nil && now >= d.Again {
			d.Tries = again(t.Retry, t.RetryMax, d.Tries)
			d.Again = now + backoff(t.Retry, t.RetryMax, d.Tries)
			c.claim(peer, l)
		}
		for _, id := range lapsed {
			c.giveUp(now, peer, id, NoReason)
		}
	}
}

// Next is the earliest tick at which Tick has something to do.
func (c *Core) Next() (base.Tick, bool) {
	var at []base.Tick
	//lint:sorted the earliest of all is one, whatever the order
	for _, l := range c.links {
		for _, t := range l.Out {
			at = append(at, t.Again)
			if t.Phase != released {
				at = append(at, t.Deadline)
			}
		}
		for _, r := range l.Prepared {
			if at = append(at, r.Until); !r.Lacks {
				at = append(at, r.Again)
			}
		}
		if l.Coming != nil {
			at = append(at, l.Coming.Until)
		}
		if l.Doubt != nil {
			at = append(at, l.Doubt.Again)
		}
	}
	if len(at) == 0 {
		return 0, false
	}
	return slices.Min(at), true
}

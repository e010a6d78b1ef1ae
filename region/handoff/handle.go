package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Handle takes one message of another region. The caller has authenticated
// from. An error is ErrPeer or ErrBusy and leaves the state as it was.
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
	switch m.Kind {
	case Offer:
		c.gotOffer(now, from, l, m)
	case Prepared:
		c.gotPrepared(now, from, l, m)
	case Refused:
		c.gotRefused(now, from, l, m)
	case Release:
		c.gotRelease(now, from, l, m)
	case Accepted:
		c.gotAccepted(from, l, m)
	case Ask:
		c.gotAsk(from, l, m)
	case Withdrawn:
		c.gotWithdrawn(l, m)
	}
	return nil
}

// Tick repeats what was not answered and ends what took too long.
func (c *Core) Tick(now base.Tick) {
	for _, peer := range c.peers() {
		l := c.links[peer]
		var lapsed []base.ID
		for i := range l.Out {
			t := &l.Out[i]
			if t.Phase != released && now >= t.Deadline {
				lapsed = append(lapsed, t.ID)
				continue
			}
			if now < t.Again {
				continue
			}
			if t.Tries < 255 {
				t.Tries++
			}
			t.Again = now + backoff(c.cfg.Times.Retry, c.cfg.Times.RetryMax, t.Tries)
			if t.Phase == released {
				c.release(l, t)
			} else {
				c.offer(l, t)
			}
		}
		for i := range l.Prepared {
			r := &l.Prepared[i]
			if now < r.Again || now >= r.Until {
				continue
			}
			if r.Tries < 255 {
				r.Tries++
			}
			r.Again = now + backoff(2*c.cfg.Times.Retry, c.cfg.Times.RetryMax, r.Tries)
			c.send(peer, Msg{Kind: Ask, N: r.N, ID: r.ID, Epoch: r.Epoch})
		}
		c.unreserve(l, func(r *reservation) bool { return now >= r.Until })
		for _, id := range lapsed {
			c.giveUp(now, id, peer, NoReason)
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
			at = append(at, r.Again, r.Until)
		}
	}
	if len(at) == 0 {
		return 0, false
	}
	return slices.Min(at), true
}

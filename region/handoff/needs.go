package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// What a group needs at its receiver besides its state: shapes, for bodies.
// The core knows only their names. A receiver that lacks some of it keeps room
// and does not answer until it is there.

// needs asks the driver what a group needs.
func (c *Core) needs(ids []base.ID) []uint64 {
	if c.cfg.Needs == nil {
		return nil
	}
	return c.cfg.Needs(ids)
}

// equip answers an offer that waits for what it needs, if all is here now. It
// reports whether it answered.
func (c *Core) equip(now base.Tick, from base.ID, l *link, r *reservation) bool {
	if !r.Lacks || len(r.Needs) > 0 && c.cfg.Has != nil && !c.cfg.Has(r.Needs) {
		return false
	}
	r.Lacks, r.Again = false, now+2*c.cfg.Times.Retry
	c.send(from, l, Msg{Kind: Prepared, N: r.N, Items: r.Items})
	c.emit(Effect{Kind: DoPrepared, Peer: from, Items: r.Items})
	return true
}

// Lacks lists what the offers of a region need of which not all is here, in the
// order of the offers.
func (c *Core) Lacks(from base.ID) []uint64 {
	l := c.links[from]
	if l == nil {
		return nil
	}
	var list []uint64
	for i := range l.Prepared {
		if r := &l.Prepared[i]; r.Lacks {
			list = append(list, r.Needs...)
		}
	}
	return list
}

// EachNeed calls f with what open transfers need, in or out: it must not be
// thrown away. The order says nothing, and a name may come more than once.
func (c *Core) EachNeed(f func(uint64)) {
	//lint:sorted f is told that the order says nothing
	for _, l := range c.links {
		for i := range l.Out {
			for _, n := range l.Out[i].Needs {
				f(n)
			}
		}
		for i := range l.Prepared {
			for _, n := range l.Prepared[i].Needs {
				f(n)
			}
		}
	}
}

// Waiting is a group that its receiver has room for and that is not released.
type Waiting struct {
	To    base.ID
	Items []Ref     // not to be changed
	Since base.Tick // when it was offered
}

// Waiting lists the groups for which DoRelease was given and that are still
// here, in the order of the receivers and then of the offers.
func (c *Core) Waiting() []Waiting {
	var list []Waiting
	for _, peer := range c.peers() {
		for i := range c.links[peer].Out {
			if t := &c.links[peer].Out[i]; t.Phase == ready {
				list = append(list, Waiting{peer, t.Items, t.Deadline - c.cfg.Times.Offer})
			}
		}
	}
	return list
}

// Expects reports whether room is kept here for an object of a region: it may
// have been released already.
func (c *Core) Expects(from, id base.ID) bool {
	l := c.links[from]
	return l != nil && slices.ContainsFunc(l.Prepared, func(r reservation) bool { return has(r.Items, id) })
}

// Leaving reports whether an object was released to a region that has not
// confirmed it.
func (c *Core) Leaving(to, id base.ID) bool {
	l := c.links[to]
	return l != nil && slices.ContainsFunc(l.Out, func(t transfer) bool { return t.Phase == released && has(t.Items, id) })
}

func has(items []Ref, id base.ID) bool {
	return slices.ContainsFunc(items, func(r Ref) bool { return r.ID == id })
}

// Since is the tick in which the open offer of an object was made.
func (c *Core) Since(id base.ID) (base.Tick, bool) {
	l, i, ok := c.open(id)
	if !ok {
		return 0, false
	}
	return l.Out[i].Deadline - c.cfg.Times.Offer, true
}

// Open is how many transfers to a region are open.
func (c *Core) Open(to base.ID) int {
	if l := c.links[to]; l != nil {
		return len(l.Out)
	}
	return 0
}

func appendNeeds(e *base.Encoder, list []uint64) {
	e.U8(uint8(len(list)))
	for _, n := range list {
		e.U64(n)
	}
}

// readNeeds reads at most MaxNeeds names; checkNeeds looks at their order.
func readNeeds(d *base.Decoder) []uint64 {
	n := int(d.U8())
	if d.Err() == nil && (n > MaxNeeds || d.Len() < 8*n) {
		d.Fail(fmt.Errorf("%d needs in %d bytes, at most %d", n, d.Len(), MaxNeeds))
	}
	if n == 0 || d.Err() != nil {
		return nil
	}
	list := make([]uint64, n)
	for i := range list {
		list[i] = d.U64()
	}
	return list
}

// checkNeeds: one set has one form.
func checkNeeds(list []uint64) error {
	if len(list) > MaxNeeds {
		return fmt.Errorf("%d needs, at most %d", len(list), MaxNeeds)
	}
	for i, n := range list {
		if n == 0 || i > 0 && list[i-1] >= n {
			return fmt.Errorf("needs are not in order")
		}
	}
	return nil
}

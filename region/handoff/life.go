package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// doubt is what is asked of one neighbour after a raise: the objects owned
// here, a few at a time, in the order of their ids.
type doubt struct {
	N     uint64 // number of the claim
	Items []Ref
	Again base.Tick
	Tries uint8
}

// Life of this region. It is 1 at the start.
func (c *Core) Life() uint64 { return c.life }

// mention is the highest epoch that a neighbour named of an object in doubt,
// and whether that is this region's own; zero: none.
type mention struct {
	Epoch uint64
	Mine  bool
}

// Raise begins a later life of the region. It is for a region that is served
// again from a log whose end may be lost, and nobody else may still serve it.
// Whoever served it before is fenced: no message from or to an earlier life
// counts any more. Open offers and reservations end, releases go on.
//
// The objects owned may have moved on in the part that is lost. They are in
// doubt until all regions have answered that this core spoke with, and the
// neighbours given, which it may have met in the part that is lost: until then
// they are not offered, and a higher epoch of them is believed, whoever brings
// it.
func (c *Core) Raise(now base.Tick, life uint64, neighbours ...base.ID) error {
	if life <= c.life || life >= MaxLife {
		return fmt.Errorf("handoff: raise to %d: %w: life is %d", life, ErrStale, c.life)
	}
	c.life, c.wishes = life, nil
	list := c.Owned()
	for _, r := range list {
		o := c.owned[r.ID]
		c.keep(r.ID, object{Epoch: o.Epoch, Yields: o.Yields})
		c.doubts[r.ID] = mention{}
	}
	for _, peer := range neighbours {
		if peer != c.cfg.Self && !peer.IsZero() {
			_, _ = c.link(peer) // too many are known already: they are asked
		}
	}
	for _, peer := range c.peers() {
		l := c.links[peer]
		l.Out = slices.DeleteFunc(l.Out, func(t transfer) bool { return t.Phase != released })
		for i := range l.Out {
			l.Out[i].Tries, l.Out[i].Again = 0, now+c.cfg.Times.Retry
		}
		c.unreserve(l, func(*reservation) bool { return true })
		l.Coming, l.Doubt = nil, nil
		if len(list) == 0 {
			c.hello(peer, l)
		}
	}
	c.askAll(now)
	return nil
}

// askAll begins, or begins again, to ask all regions about all that is in
// doubt.
func (c *Core) askAll(now base.Tick) {
	list := c.inDoubt(base.ID{})
	for _, peer := range c.peers() {
		if len(list) > 0 {
			c.askNext(now, peer, c.links[peer], list)
		}
	}
	c.decide(c.cfg.Self)
}

// askNext asks a region about the first of these objects.
func (c *Core) askNext(now base.Tick, peer base.ID, l *link, list []Ref) {
	l.Claims++
	l.Doubt = &doubt{N: l.Claims, Items: slices.Clone(list[:min(len(list), MaxGroup)]), Again: now + c.cfg.Times.Retry}
	c.claim(peer, l)
}

// inDoubt lists the objects in doubt whose ids come after one, in order.
func (c *Core) inDoubt(after base.ID) []Ref {
	if len(c.doubts) == 0 {
		return nil
	}
	return slices.DeleteFunc(c.Owned(), func(r Ref) bool { _, ok := c.doubts[r.ID]; return !ok || r.ID.Compare(after) <= 0 })
}

// hello tells this region's life and asks nothing. Whoever misses it is told
// again when it speaks to an earlier life.
func (c *Core) hello(to base.ID, l *link) { c.send(to, l, Msg{Kind: Claim, N: MaxNumber - 1}) }

func (c *Core) claim(to base.ID, l *link) {
	c.send(to, l, Msg{Kind: Claim, N: l.Doubt.N, Items: l.Doubt.Items})
}

// gotClaim answers a region that is in doubt: the highest epoch known here of
// each object, and in the mask whether that is the asking region's own: whether
// the object was given to it and it confirmed that. Having handled the message
// this core knows the region's life, which is all that a claim of nothing wants.
func (c *Core) gotClaim(from base.ID, l *link, m *Msg) {
	if len(m.Items) == 0 {
		return
	}
	answer := Msg{Kind: Known, N: m.N, Items: slices.Clone(m.Items)}
	for i, r := range m.Items {
		high := c.Known(r.ID)
		if high <= r.Epoch {
			continue
		}
		answer.Items[i].Epoch = high
		if t := c.tombs[r.ID]; t.To == from && !slices.Contains(c.Released(), Departure{Ref{r.ID, high - 1}, from}) {
			answer.Mask |= 1 << i
		}
	}
	c.send(from, l, answer)
}

// gotKnown notes what a neighbour says of the objects in doubt, and asks on.
func (c *Core) gotKnown(now base.Tick, from base.ID, l *link, m *Msg) {
	d := l.Doubt
	if d == nil || d.N != m.N || !slices.EqualFunc(d.Items, m.Items, func(a, b Ref) bool { return a.ID == b.ID }) {
		return
	}
	for i, r := range d.Items {
		best, ok := c.doubts[r.ID]
		high, mine := m.Items[i].Epoch, m.Mask>>i&1 != 0
		switch {
		case !ok || c.owned[r.ID].Epoch != r.Epoch || high <= r.Epoch || high-r.Epoch >= maxLeap || high < best.Epoch:
		case high > best.Epoch:
			c.doubts[r.ID] = mention{high, mine}
		default:
			c.doubts[r.ID] = mention{high, mine && best.Mine}
		}
	}
	if rest := c.inDoubt(d.Items[len(d.Items)-1].ID); len(rest) > 0 {
		c.askNext(now, from, l, rest)
		return
	}
	l.Doubt = nil
	c.decide(from)
}

// decide ends all doubt when all have answered: the highest epoch is right. An
// object that is elsewhere at a higher one is not here; what came back to this
// region in the part of the log that is lost goes on at the epoch it had then.
func (c *Core) decide(from base.ID) {
	//lint:sorted any doubt left is enough, whichever is seen first
	for _, l := range c.links {
		if l.Doubt != nil {
			return
		}
	}
	var gone, renewed []Ref
	for _, r := range c.Owned() {
		m, ok := c.doubts[r.ID]
		switch {
		case !ok || m.Epoch <= r.Epoch:
		case m.Mine:
			o := c.owned[r.ID]
			o.Epoch = m.Epoch
			c.keep(r.ID, o)
			renewed = append(renewed, Ref{r.ID, m.Epoch})
		default:
			gone = append(gone, r)
		}
	}
	clear(c.doubts)
	if renewed != nil {
		c.emit(Effect{Kind: DoRenew, Peer: from, Items: renewed})
	}
	if gone != nil {
		c.stale(from, gone)
	}
}

// proved gives those of the masked objects whose later life something else
// proves than the neighbour's word.
func (c *Core) proved(m *Msg) []Ref {
	var gone []Ref
	for i, r := range m.Items {
		if m.Mask>>i&1 != 0 && c.owned[r.ID].Yields {
			gone = append(gone, r)
		}
	}
	return gone
}

// stale takes out objects that others own at higher epochs.
func (c *Core) stale(from base.ID, gone []Ref) {
	for _, r := range gone {
		c.lose(r.ID)
	}
	c.emit(Effect{Kind: DoStale, Peer: from, Items: gone})
}

// lives checks the lives in a message. A message of an earlier life is of a
// server that was succeeded; one to an earlier life of this region speaks to a
// log that is not the region's any more, and is told so.
func (c *Core) lives(now base.Tick, from base.ID, l *link, m *Msg) error {
	if m.Life < l.Life {
		return fmt.Errorf("handoff: handle %v: %w: life %d of %v, known %d", m.Kind, ErrStale, m.Life, from, l.Life)
	}
	if m.Life > l.Life {
		l.Life, l.Floor, l.Accepted, l.Coming = m.Life, 1, nil, nil
		c.unreserve(l, func(*reservation) bool { return true })
	}
	if m.Of < c.life {
		if m.Kind != Claim || len(m.Items) != 0 {
			c.hello(from, l)
		}
		return fmt.Errorf("handoff: handle %v: %w: for life %d, this is %d", m.Kind, ErrStale, m.Of, c.life)
	}
	if m.Of > c.life {
		return fmt.Errorf("handoff: handle %v: %w: for life %d, this is %d", m.Kind, ErrPeer, m.Of, c.life)
	}
	return nil
}

package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Snapshot appends the canonical state: equal states give equal bytes. It must
// not be called while effects wait to be collected.
func (c *Core) Snapshot(b []byte) []byte {
	if len(c.effects) != 0 {
		panic("handoff: snapshot with effects pending")
	}
	e := base.Encoder{B: b}
	c.appendHead(&e)
	e.U32(uint32(len(c.order)))
	for _, id := range c.order {
		c.appendOwned(id, &e)
	}
	c.appendDoubts(&e)
	c.appendTombs(&e)
	c.appendWishes(&e)
	c.appendLinks(&e)
	return e.B
}

func (c *Core) appendHead(e *base.Encoder) {
	e.U8(version)
	e.U64(c.life)
}

func (c *Core) appendOwned(id base.ID, e *base.Encoder) {
	o := c.owned[id]
	e.ID(id)
	e.U64(o.Epoch)
	e.U64(uint64(o.Rest))
	e.U8(o.Fails)
	e.Bool(o.Yields)
	e.ID(o.To)
	e.U64(o.N)
}

func (c *Core) appendDoubts(e *base.Encoder) {
	e.U32(uint32(len(c.doubts)))
	if len(c.doubts) == 0 {
		return
	}
	for _, id := range c.order {
		if m, ok := c.doubts[id]; ok {
			e.ID(id)
			e.U64(m.Epoch)
			e.Bool(m.Mine)
		}
	}
}

func (c *Core) appendTombs(e *base.Encoder) {
	e.U32(uint32(len(c.buried)))
	for _, id := range c.buried {
		e.ID(id)
		e.U64(c.tombs[id].Epoch)
		e.ID(c.tombs[id].To)
	}
}

func (c *Core) appendWishes(e *base.Encoder) {
	e.U32(uint32(len(c.wishes)))
	for i := range c.wishes {
		w := &c.wishes[i]
		e.ID(w.To)
		e.U32(w.Size)
		e.U8(uint8(len(w.IDs)))
		for _, id := range w.IDs {
			e.ID(id)
		}
	}
}

func (c *Core) appendLinks(e *base.Encoder) {
	e.U32(uint32(len(c.links)))
	for _, peer := range c.peers() {
		e.ID(peer)
		c.links[peer].appendTo(e)
	}
}

func (l *link) appendTo(e *base.Encoder) {
	e.U64(l.Life)
	e.U64(l.Next)
	e.U64(l.Floor)
	e.U32(uint32(len(l.Out)))
	for i := range l.Out {
		t := &l.Out[i]
		e.U64(t.N)
		appendRefs(e, t.Items)
		e.U64(t.Of)
		e.U8(uint8(t.Phase))
		e.U32(t.Size)
		appendNeeds(e, t.Needs)
		e.Bytes(t.State)
		e.U64(uint64(t.Deadline))
		e.U64(uint64(t.Again))
		e.U8(t.Tries)
	}
	e.U32(uint32(len(l.Prepared)))
	for i := range l.Prepared {
		r := &l.Prepared[i]
		e.U64(r.N)
		appendRefs(e, r.Items)
		appendNeeds(e, r.Needs)
		e.Bool(r.Lacks)
		e.U64(uint64(r.Until))
		e.U64(uint64(r.Again))
		e.U8(r.Tries)
	}
	e.U32(uint32(len(l.Accepted)))
	for _, n := range l.Accepted {
		e.U64(n)
	}
	e.Bool(l.Coming != nil)
	if l.Coming != nil {
		l.Coming.appendTo(e)
	}
	e.U64(l.Claims)
	e.Bool(l.Doubt != nil)
	if d := l.Doubt; d != nil {
		e.U64(d.N)
		appendRefs(e, d.Items)
		e.U64(uint64(d.Again))
		e.U8(d.Tries)
	}
}

func readLink(d *base.Decoder) *link {
	l := &link{Life: d.U64(), Next: d.U64(), Floor: d.U64()}
	for range d.Count(MaxOutstanding, 44+refBytes) {
		l.Out = append(l.Out, transfer{N: d.U64(), Items: readRefs(d), Of: d.U64(), Phase: phase(d.U8()), Size: d.U32(), Needs: readNeeds(d),
			State: d.Bytes(MaxGroupState), Deadline: base.Tick(d.U64()), Again: base.Tick(d.U64()), Tries: d.U8()})
	}
	for range d.Count(MaxPrepared, 28+refBytes) {
		l.Prepared = append(l.Prepared, reservation{N: d.U64(), Items: readRefs(d), Needs: readNeeds(d), Lacks: d.Bool(), Until: base.Tick(d.U64()), Again: base.Tick(d.U64()), Tries: d.U8()})
	}
	for range d.Count(Window, 8) {
		l.Accepted = append(l.Accepted, d.U64())
	}
	if d.Bool() {
		l.Coming = readAssembly(d)
	}
	l.Claims = d.U64()
	if d.Bool() {
		l.Doubt = &doubt{N: d.U64(), Items: readRefs(d), Again: base.Tick(d.U64()), Tries: d.U8()}
	}
	if d.Err() == nil {
		if err := l.check(); err != nil {
			d.Fail(err)
		}
	}
	return l
}

// check holds a link that was read to what the code relies on.
func (l *link) check() error {
	if l.Life == 0 || l.Next == 0 || l.Floor == 0 {
		return fmt.Errorf("a link without numbers")
	}
	last := uint64(0)
	for i := range l.Out {
		t := &l.Out[i]
		if t.N <= last || t.N >= l.Next || t.Phase < offered || t.Phase > released || len(t.Items) == 0 || checkRefs(t.Items) != nil || checkNeeds(t.Needs) != nil {
			return fmt.Errorf("transfer %d after %d in phase %d", t.N, last, t.Phase)
		}
		last = t.N
	}
	last = 0
	for i := range l.Prepared {
		r := &l.Prepared[i]
		if r.N <= last || len(r.Items) == 0 || checkRefs(r.Items) != nil || checkNeeds(r.Needs) != nil {
			return fmt.Errorf("reservation %d after %d", r.N, last)
		}
		last = r.N
	}
	if !slices.IsSorted(l.Accepted) {
		return fmt.Errorf("accepted numbers are not sorted")
	}
	if l.Doubt != nil && len(l.Doubt.Items) == 0 {
		return fmt.Errorf("a claim of nothing")
	}
	return nil
}

// Restore makes a Core from a snapshot. The error is ErrSnapshot.
func Restore(cfg Config, b []byte) (*Core, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	d := base.NewDecoder(b)
	if v := d.U8(); v != version && d.Err() == nil {
		d.Fail(&base.VersionError{What: "a region's hand-offs", Found: v, Wanted: version})
	}
	if c.life = d.U64(); c.life == 0 && d.Err() == nil {
		d.Fail(fmt.Errorf("life 0"))
	}
	c.readObjects(d)
	var last base.ID
	for range d.Count(MaxLinks, 51) {
		id := d.ID()
		if d.Err() == nil && last.Compare(id) >= 0 {
			d.Fail(fmt.Errorf("links are not in order"))
		}
		l := readLink(d)
		c.links[id], last = l, id
		c.reserved += l.reserved()
	}
	if d.Err() == nil {
		c.checkOffers(d)
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("handoff: restore: %w: %w", ErrSnapshot, err)
	}
	return c, nil
}

func (c *Core) readObjects(d *base.Decoder) {
	var last base.ID
	for range d.Count(MaxOwned, 58) {
		id := d.ID()
		o := object{Epoch: d.U64(), Rest: base.Tick(d.U64()), Fails: d.U8(), Yields: d.Bool(), To: d.ID(), N: d.U64()}
		if d.Err() == nil && (o.Epoch == 0 || last.Compare(id) >= 0 || o.To.IsZero() != (o.N == 0)) {
			d.Fail(fmt.Errorf("objects are not in order"))
		}
		c.keep(id, o)
		last = id
	}
	last = base.ID{}
	for range d.Count(MaxOwned, 25) {
		id := d.ID()
		if _, ok := c.owned[id]; d.Err() == nil && (!ok || last.Compare(id) >= 0) {
			d.Fail(fmt.Errorf("object %v is in doubt and not owned, or not in order", id))
		}
		c.doubts[id], last = mention{d.U64(), d.Bool()}, id
	}
	for range d.Count(MaxTombs, 40) {
		id := d.ID()
		if _, twice := c.tombs[id]; twice {
			d.Fail(fmt.Errorf("object %v is buried twice", id))
		}
		c.tombs[id] = tomb{d.U64(), d.ID()}
		c.buried = append(c.buried, id)
	}
	last = base.ID{}
	for range d.Count(MaxOwned, 37) {
		w := wish{To: d.ID(), Size: d.U32()}
		n := int(d.U8())
		if d.Err() == nil && (n == 0 || n > MaxGroup) {
			d.Fail(fmt.Errorf("a wish for %d objects", n))
		}
		for range n {
			if d.Err() == nil {
				w.IDs = append(w.IDs, d.ID())
			}
		}
		if d.Err() == nil {
			if err := c.checkWish(&w, last); err != nil {
				d.Fail(err)
				return
			}
			last = w.IDs[0]
			c.wishes = append(c.wishes, w)
		}
	}
}

// checkWish: the objects of a wish are here, in order, and in no other wish.
func (c *Core) checkWish(w *wish, last base.ID) error {
	if w.To.IsZero() || w.To == c.cfg.Self || last.Compare(w.IDs[0]) >= 0 {
		return fmt.Errorf("wishes are not in order")
	}
	for i, id := range w.IDs {
		_, owned := c.owned[id]
		_, twice := c.Wished(id)
		if !owned || twice || (i > 0 && w.IDs[i-1].Compare(id) >= 0) {
			return fmt.Errorf("object %v cannot be wished elsewhere", id)
		}
	}
	return nil
}

// checkOffers: an object that says it is being offered is in exactly the
// transfer it names, for the code relies on it.
func (c *Core) checkOffers(d *base.Decoder) {
	open := 0
	//lint:sorted any fault refuses the snapshot, whichever is named
	for id, o := range c.owned {
		if o.To.IsZero() {
			continue
		}
		open++
		l := c.links[o.To]
		if l == nil {
			d.Fail(fmt.Errorf("object %v is offered to nobody", id))
			return
		}
		i := l.number(o.N)
		if i < 0 || l.Out[i].Phase == released || !slices.Contains(l.Out[i].Items, Ref{id, o.Epoch}) {
			d.Fail(fmt.Errorf("object %v is offered nowhere", id))
			return
		}
	}
	//lint:sorted a count has no order
	for _, l := range c.links {
		for i := range l.Out {
			if l.Out[i].Phase != released {
				open -= len(l.Out[i].Items)
			}
		}
	}
	if open != 0 {
		d.Fail(fmt.Errorf("offers without an object"))
	}
}

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
	e.U8(version)
	ids := make([]base.ID, 0, len(c.owned))
	//lint:sorted below
	for id := range c.owned {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, base.ID.Compare)
	e.U32(uint32(len(ids)))
	for _, id := range ids {
		o := c.owned[id]
		e.ID(id)
		e.U64(o.Epoch)
		e.U64(uint64(o.Rest))
		e.U8(o.Fails)
		e.ID(o.To)
	}
	e.U32(uint32(len(c.buried)))
	for _, id := range c.buried {
		e.ID(id)
		e.U64(c.tombs[id])
	}
	e.U32(uint32(len(c.links)))
	for _, peer := range c.peers() {
		e.ID(peer)
		c.links[peer].appendTo(&e)
	}
	return e.B
}

func (l *link) appendTo(e *base.Encoder) {
	e.U64(l.Next)
	e.U64(l.Floor)
	e.U32(uint32(len(l.Out)))
	for _, t := range l.Out {
		e.U64(t.N)
		e.ID(t.ID)
		e.U64(t.Epoch)
		e.ID(t.To)
		e.U8(uint8(t.Phase))
		e.U32(t.Size)
		e.Bytes(t.State)
		e.U64(uint64(t.Deadline))
		e.U64(uint64(t.Again))
		e.U8(t.Tries)
		e.ID(t.Next)
	}
	e.U32(uint32(len(l.Prepared)))
	for _, r := range l.Prepared {
		e.U64(r.N)
		e.ID(r.ID)
		e.U64(r.Epoch)
		e.U64(uint64(r.Until))
		e.U64(uint64(r.Again))
		e.U8(r.Tries)
	}
	e.U32(uint32(len(l.Accepted)))
	for _, n := range l.Accepted {
		e.U64(n)
	}
}

func readLink(d *base.Decoder) *link {
	l := &link{Next: d.U64(), Floor: d.U64()}
	for range d.Count(MaxOutstanding, 90) {
		t := transfer{N: d.U64(), ID: d.ID(), Epoch: d.U64(), To: d.ID(), Phase: phase(d.U8()), Size: d.U32(),
			State: d.Bytes(MaxState), Deadline: base.Tick(d.U64()), Again: base.Tick(d.U64()), Tries: d.U8(), Next: d.ID()}
		if t.Phase < offered || t.Phase > released {
			d.Fail(fmt.Errorf("phase %d", t.Phase))
		}
		l.Out = append(l.Out, t)
	}
	for range d.Count(MaxPrepared, 49) {
		l.Prepared = append(l.Prepared, reservation{N: d.U64(), ID: d.ID(), Epoch: d.U64(), Until: base.Tick(d.U64()), Again: base.Tick(d.U64()), Tries: d.U8()})
	}
	for range d.Count(Window, 8) {
		l.Accepted = append(l.Accepted, d.U64())
	}
	if !slices.IsSorted(l.Accepted) {
		d.Fail(fmt.Errorf("accepted numbers are not sorted"))
	}
	return l
}

// Restore makes a Core from a snapshot. The error is ErrSnapshot.
func Restore(cfg Config, b []byte) (*Core, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	d := base.NewDecoder(b)
	if v := d.U8(); v != version && d.Err() == nil {
		d.Fail(fmt.Errorf("version %d", v))
	}
	var last base.ID
	for range d.Count(MaxOwned, 49) {
		id := d.ID()
		o := object{Epoch: d.U64(), Rest: base.Tick(d.U64()), Fails: d.U8(), To: d.ID()}
		if d.Err() == nil && (o.Epoch == 0 || last.Compare(id) >= 0) {
			d.Fail(fmt.Errorf("objects are not in order"))
		}
		c.owned[id], last = o, id
	}
	for range d.Count(MaxTombs, 24) {
		id := d.ID()
		if _, twice := c.tombs[id]; twice {
			d.Fail(fmt.Errorf("object %v is buried twice", id))
		}
		c.tombs[id] = d.U64()
		c.buried = append(c.buried, id)
	}
	last = base.ID{}
	for range d.Count(MaxLinks, 44) {
		id := d.ID()
		if d.Err() == nil && last.Compare(id) >= 0 {
			d.Fail(fmt.Errorf("links are not in order"))
		}
		l := readLink(d)
		c.links[id], last = l, id
		c.reserved += len(l.Prepared)
	}
	if d.Err() == nil {
		c.checkOffers(d)
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("handoff: restore: %w: %w", ErrSnapshot, err)
	}
	return c, nil
}

// checkOffers: an object that says it is being offered is in exactly the list
// it names, for the code relies on it.
func (c *Core) checkOffers(d *base.Decoder) {
	open := 0
	//lint:sorted any fault refuses the snapshot, whichever is named
	for id, o := range c.owned {
		if o.To.IsZero() {
			continue
		}
		open++
		l := c.links[o.To]
		if l == nil || l.find(id) < 0 {
			d.Fail(fmt.Errorf("object %v is offered nowhere", id))
			return
		}
	}
	//lint:sorted a count has no order
	for _, l := range c.links {
		for _, t := range l.Out {
			if t.Phase != released {
				open--
			}
		}
	}
	if open != 0 {
		d.Fail(fmt.Errorf("offers without an object"))
	}
}

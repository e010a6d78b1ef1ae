package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

func sortRefs(list []Ref) {
	slices.SortFunc(list, func(a, b Ref) int { return a.ID.Compare(b.ID) })
}

// wish is a group that is to go somewhere as soon as none of it is on offer.
type wish struct {
	To   base.ID
	Size uint32
	IDs  []base.ID // sorted
}

func (w *wish) has(id base.ID) bool {
	_, ok := slices.BinarySearchFunc(w.IDs, id, base.ID.Compare)
	return ok
}

// group sorts ids and checks that all are owned here.
func (c *Core) group(ids []base.ID) ([]base.ID, error) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, base.ID.Compare)
	ids = slices.Compact(ids)
	if len(ids) == 0 || len(ids) > MaxGroup {
		return nil, fmt.Errorf("%w: %d objects", ErrGroup, len(ids))
	}
	for _, id := range ids {
		if _, ok := c.owned[id]; !ok {
			return nil, fmt.Errorf("%v: %w", id, ErrUnknown)
		}
	}
	return ids, nil
}

// open finds the offer of which an object is a part.
func (c *Core) open(id base.ID) (l *link, i int, ok bool) {
	o := c.owned[id]
	if o.To.IsZero() {
		return nil, 0, false
	}
	l = c.links[o.To]
	return l, l.number(o.N), true
}

// Offered is the region an object is being offered to, if it is.
func (c *Core) Offered(id base.ID) (to base.ID, ok bool) {
	o := c.owned[id]
	return o.To, !o.To.IsZero()
}

// Group lists what is being offered together with an object, itself included;
// nil when it is not on offer.
func (c *Core) Group(id base.ID) []Ref {
	if l, i, ok := c.open(id); ok {
		return l.Out[i].Items
	}
	return nil
}

// Wished is where an object is to go when the offer it waits for does not
// happen.
func (c *Core) Wished(id base.ID) (to base.ID, ok bool) {
	for i := range c.wishes {
		if c.wishes[i].has(id) {
			return c.wishes[i].To, true
		}
	}
	return base.ID{}, false
}

// queue keeps a wish in place of older ones of any of its objects: an object
// is in one wish at most.
func (c *Core) queue(w wish) {
	for _, id := range w.IDs {
		c.forgetWishes(id)
	}
	i, _ := slices.BinarySearchFunc(c.wishes, w.IDs[0], func(x wish, id base.ID) int { return x.IDs[0].Compare(id) })
	c.wishes = slices.Insert(c.wishes, i, w)
}

func (c *Core) forgetWishes(id base.ID) {
	if len(c.wishes) > 0 {
		c.wishes = slices.DeleteFunc(c.wishes, func(w wish) bool { return w.has(id) })
	}
}

// fulfil takes up the wishes that waited for the end of an offer of these
// objects. A wish that still waits for another offer stays.
func (c *Core) fulfil(now base.Tick, items []Ref) {
	for _, r := range items {
		i := slices.IndexFunc(c.wishes, func(w wish) bool { return w.has(r.ID) })
		if i < 0 || slices.ContainsFunc(c.wishes[i].IDs, func(id base.ID) bool { return !c.owned[id].To.IsZero() }) {
			continue
		}
		w := c.wishes[i]
		c.wishes = slices.Delete(c.wishes, i, i+1)
		for _, id := range w.IDs {
			o := c.owned[id]
			o.Rest = 0
			c.keep(id, o)
		}
		// A full link is no fault here: the driver asks again while the
		// objects are beyond the border.
		_ = c.begin(now, w)
	}
}

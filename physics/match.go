package physics

import "sort"

// collide makes the contacts of the step from w.met and what the last step
// knew of them: the impulses of points that the same features make are kept.
// What is over the limit is dropped from the end.
func (w *World) collide() {
	const few = 256 // contacts are not worth a worker
	if limit := MaxContacts*len(w.solids) - len(w.dormant); len(w.met) > limit {
		w.met, w.found = w.met[:limit], w.found[:limit]
	}
	n := len(w.met)
	if cap(w.next) < n {
		w.next = make([]contact, n, n+n/4)
	}
	w.next = w.next[:n]
	w.outcomes = grown(w.outcomes, n)
	w.task.cuts = 1
	if w.parallel != nil {
		w.task.cuts = cuts(n, few)
	}
	w.run(w.task.cuts, w.jobs.match)
	for k := range w.task.cuts {
		c := &w.catches[k]
		for _, i := range c.ended {
			if old := &w.contacts[i]; !w.pieced(old) {
				w.endFor(old, Ground)
			}
		}
		for _, x := range c.begun {
			w.noticed(&w.met[x])
		}
	}
}

// matchBlock fills the part of w.next that comes from block k of w.met. Both
// w.met and w.contacts are in key order, so a block of one has a part of the
// other to itself.
func (w *World) matchBlock(k int) {
	c := &w.catches[k]
	c.begun, c.ended = c.begun[:0], c.ended[:0]
	lo, hi := part(len(w.met), w.task.cuts, k)
	at, end := 0, len(w.contacts)
	if k > 0 {
		at = w.firstContact(w.met[lo].key)
	}
	if k < w.task.cuts-1 {
		end = w.firstContact(w.met[hi].key)
	}
	for x := lo; x < hi; x++ {
		key := w.met[x].key
		for at < end && w.contacts[at].key.compare(key) < 0 {
			c.end(w.contacts, at)
			at++
		}
		var known *contact
		if at < end && w.contacts[at].key == key {
			known = &w.contacts[at]
			at++
		}
		w.match(c, x, known)
	}
	for ; at < end; at++ {
		c.end(w.contacts, at)
	}
}

// match makes w.next[x]; known is the contact of the last step, or nil.
func (w *World) match(into *catch, x int, known *contact) {
	m, f, c := &w.met[x], &w.found[x], &w.next[x]
	if f.Count == 0 { // a sensor's
		*c = contact{key: m.key, i: m.i, j: m.j, met: -1, touching: true}
		if known == nil {
			into.begun = append(into.begun, int32(x))
		}
		return
	}
	*c = contact{key: m.key, i: m.i, j: m.j, met: int32(x), count: uint8(f.Count)}
	for k := range f.Count {
		c.feature[k] = f.Points[k].Feature
	}
	if known != nil {
		c.touching, c.friction, c.twist, c.roll = known.touching, known.friction, known.twist, known.roll
		c.inherit(known)
	}
}

// end notes that a contact is no more.
func (c *catch) end(contacts []contact, i int) {
	if contacts[i].touching {
		c.ended = append(c.ended, int32(i))
	}
}

// firstContact is the index of the first contact that does not come before k.
func (w *World) firstContact(k key) int {
	return sort.Search(len(w.contacts), func(i int) bool { return w.contacts[i].key.compare(k) >= 0 })
}

package physics

import "github.com/metatopia/metatopia/physics/shape"

// A sensor that overlaps a body has a contact with it that has no points and is
// not solved. It binds nothing to an island and wakes nobody but once: a sensor
// or a body that was put where it is looks whom it finds asleep there.

// notice adds what a sensor overlaps to what was met.
func (w *World) notice(c *catch, i, j int32) {
	a, b := &w.solids[i], &w.solids[j]
	n := len(c.found)
	c.found = shape.Collide(&a.form, &a.pose, &b.form, &b.pose, c.found)
	over := false
	for x := range c.found[n:] {
		m := &c.found[n+x]
		for k := range m.Count {
			over = over || m.Points[k].Gap <= 0
		}
	}
	c.found = c.found[:n]
	if !over {
		return
	}
	c.found = append(c.found, shape.Manifold{})
	c.met = append(c.met, met{i, j, key{a.ID, b.ID, 0}})
	if a.static() || b.static() {
		c.wake(a, b, i, j)
	}
}

// sense is whether a contact is a sensor's.
func (c *contact) sense() bool { return c.count == 0 }

// noticed reports that one of a sensor and a body came into the other.
func (w *World) noticed(at *met) {
	a, b := &w.solids[at.i], &w.solids[at.j]
	if !a.ghost() {
		w.events = append(w.events, Event{Kind: EvEnter, A: a.ID, B: b.ID, Point: b.Pos})
	}
	if !b.ghost() {
		w.events = append(w.events, Event{Kind: EvEnter, A: b.ID, B: a.ID, Point: a.Pos})
	}
}

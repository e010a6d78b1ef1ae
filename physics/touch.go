package physics

import "github.com/metatopia/metatopia/spatial"

// Touch is one contact as the last step left it, for who looks at a world
// from outside: a debugger, a comparison of two replicas.
type Touch struct {
	A, B     BodyID // A < B; Ground for the ground, a wall or the ceiling
	Part     uint64 // which contact of the pair
	Touching bool   // false: near enough to be watched
	Count    int    // of Points, 1 to 4
	Points   [maxPoints]TouchPoint
	Friction spatial.Vec // N·s, on B
	// Placed: Normal and the places of Points are known. They are of the last
	// step only: a contact that slept in it, or of a world just restored, has
	// none.
	Placed bool
	Normal spatial.Vec // unit, from A to B
}

// TouchPoint is one point of a Touch.
type TouchPoint struct {
	Feature uint32      // which features of the two shapes meet
	Impulse float32     // along the normal, N·s in a substep
	Pos     spatial.Vec // m, when Placed
}

// EachTouch calls f with every contact in key order until f returns false. f
// must not step the world.
func (w *World) EachTouch(f func(Touch) bool) {
	w.eachContact(func(c *contact, at int) bool {
		t := Touch{A: c.a, B: c.b, Part: c.part, Touching: c.touching, Count: int(c.count), Friction: spatial.Vec(c.friction)}
		for k := range t.Count {
			t.Points[k] = TouchPoint{Feature: c.feature[k], Impulse: c.impulse[k]}
		}
		if w.fresh && at >= 0 && c.met >= 0 {
			w.place(&t, c)
		}
		return f(t)
	})
}

// place adds where the points were as the step began, carried along with b.
func (w *World) place(t *Touch, c *contact) {
	m := &w.found[c.met]
	b := w.solids[c.j].pos()
	t.Placed, t.Normal = true, spatial.Vec(m.Normal)
	for k := range min(t.Count, m.Count) {
		t.Points[k].Pos = spatial.Vec(b.Add(m.Points[k].RB))
	}
}

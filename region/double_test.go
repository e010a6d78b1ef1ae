package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestUndoneDeleteIsNotTwice: what an undo has put back in the place of a
// deleted thing cannot be had back a second time by its owner.
func TestUndoneDeleteIsNotTwice(t *testing.T) {
	ann := newPerson("ann")
	s := newShop(t, ann)
	s.want(OK, ann, made("chest", 1))
	for range 40 { // it lies still
		step(t, s.Sim)
	}
	id := named(t, s.Sim, "chest").Thing.ID
	without, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.want(OK, ann, Input{Kind: InDelete, Thing: id})
	step(t, without)
	steps := s.Differences(without, func(base.ID) bool { return false })
	u := &Undo{Player: ann.key, Since: s.tick, Base: s.tick, Steps: steps}
	s.Sim.out = &Output{}
	if len(steps) != 1 || steps[0].Kind != UndoAdd || !s.undo(u) {
		t.Fatalf("%d steps", len(steps))
	}
	s.want(NoThing, ann, Input{Kind: InUndelete, Thing: id})
	chests := 0
	for _, x := range s.things {
		if x.Name == "chest" {
			chests++
		}
	}
	if chests != 1 || s.thing(id) == nil {
		t.Fatalf("%d chests", chests)
	}
	// Nor can the same be asked for again.
	if s.Sim.out = (&Output{}); s.undo(u) {
		t.Fatal("it counts twice")
	}
}

// TestMadeThingsKeepTheirIDs: without what one player made, what others made is
// the same.
func TestMadeThingsKeepTheirIDs(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	without, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	without.Without(func(k base.Key) bool { return k == ann.key })
	for _, e := range []Entry{ann.entry(made("ann's", 1)), bob.entry(made("bob's", 3))} {
		step(t, s.Sim, e)
		step(t, without, e)
	}
	if a, b := named(t, s.Sim, "bob's").Thing.ID, named(t, without, "bob's").Thing.ID; a != b {
		t.Fatalf("bob's is %v, without ann's %v", a, b)
	}
}

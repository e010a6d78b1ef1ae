package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// TestBroughtThingHasNoKeys: a neighbour says whose a thing is that it hands over,
// and could say so of anybody's. Such a thing reaches nobody's keys, also after a
// restart, until its owner takes it; nobody else may.
func TestBroughtThingHasNoKeys(t *testing.T) {
	p := newPair(t, 0)
	ann, bob := newPerson("ann"), newPerson("bob")
	s := p.b
	s.cfg.Scripts = brains{"thief": asker(get(1))}
	joined(t, p.a, ann, 25, 0)
	step(t, p.b, aStore, control(ControlEntry{Kind: ControlModule, Module: "thief"}))
	ball := ballSpec("ball", 26, 0)
	ball.Thing.Owner = bob.key // says the neighbour
	ball.Thing.Slots = Slots{{SlotScript, LumpSlot("thief")}}
	p.step([]Entry{control(ball)}, nil)
	for range 10 {
		p.step(nil, nil)
	}
	p.step([]Entry{ann.entry(Input{Kind: InThrow, Thing: named(t, p.a, "ball").Thing.ID, Vel: spatial.Vec{X: 9, Y: 4}})}, nil)
	for i := 0; !has(s, "ball") || !s.resting(named(t, s, "ball").Thing.ID); i++ {
		if i == 2000 {
			t.Fatal("the ball does not come to rest over there")
		}
		p.step(nil, nil)
	}
	var err error
	if s, err = Restore(s.cfg, s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	asks := func() (asked int, heard string) {
		wake(t, s, "ball")
		out := step(t, s)
		step(t, s)
		return len(out.Asked), valueOf(t, s, "ball", "notes").Text
	}
	if n, heard := asks(); n != 0 || heard != "answer 1 denied;" {
		t.Fatalf("%d requests in bob's name, and it heard %q", n, heard)
	}
	id := named(t, s, "ball").Thing.ID
	at := s.body(s.thing(id)).Pos
	cid := newPerson("cid")
	joined(t, s, bob, float64(at.X), float64(at.Z)+2)
	joined(t, s, cid, float64(at.X), float64(at.Z)-2)
	take := func(who *person) Code {
		return ackOf(t, step(t, s, who.entry(Input{Kind: InTake, Thing: id})), who).Code
	}
	if c := take(cid); c != Owned {
		t.Fatalf("somebody else takes it: %v", c)
	}
	if c := take(bob); c != OK {
		t.Fatalf("its owner takes it: %v", c)
	}
	if n, _ := asks(); n != 1 || s.Requests()[0].Owner != bob.key {
		t.Fatalf("%d requests", n)
	}
	if c := take(bob); c != Owned {
		t.Fatalf("taken again: %v", c)
	}
}

// TestUndoOfATake: who undoes what the owner did has the thing as it was, without
// keys.
func TestUndoOfATake(t *testing.T) {
	bob := newPerson("bob")
	s := newShop(t, bob)
	s.want(OK, bob, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	n := *s.thing(id)
	n.Brought = true
	s.put(&n)
	without, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.want(OK, bob, Input{Kind: InTake, Thing: id})
	for without.tick < s.tick {
		step(t, without)
	}
	u := Undo{Player: bob.key, Since: 1, Base: s.tick}
	none := func(base.ID) bool { return false }
	for _, p := range u.Parts(s.Differences(without, none), MaxControl) {
		if s.Sim.out = (&Output{}); !s.undo(&p) {
			t.Fatal("it does not fit")
		}
	}
	if !s.thing(id).Brought || len(s.Differences(without, none)) != 0 {
		t.Fatal("it has its owner's keys")
	}
}

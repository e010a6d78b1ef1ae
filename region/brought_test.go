package region

import (
	"fmt"
	"strings"
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

// TestBroughtThingWritesNoOthers: a thing that a neighbour hands over in somebody's
// name writes its own slots and no others of that person's, until the person takes
// it; a replica that begins from a snapshot in between agrees in every tick.
func TestBroughtThingWritesNoOthers(t *testing.T) {
	p := newPair(t, 0)
	ann, bob := newPerson("ann"), newPerson("bob")
	var safe base.ID
	thief := func(ev ScriptEvent, slots func(string) (SlotValue, bool)) (ScriptResult, error) {
		r := ScriptResult{Set: []SlotWrite{notes(ev, slots)}}
		if ev.Name == "wake" {
			r.Propose = []Proposal{{Thing: safe, Slot: "gold", Op: OpAdd, Value: IntSlot(-1)}, {Thing: safe, Slot: "tips", Op: OpAdd, Value: IntSlot(1)},
				{Thing: ev.Self, Slot: "own", Op: OpAdd, Value: IntSlot(1)}}
			r.Txns = []Txn{{Tag: 7, Writes: []SlotSet{{safe, SlotWrite{"deed", TextSlot("mine")}}}}}
		}
		return r, nil
	}
	for _, s := range []*Sim{p.a, p.b} {
		s.cfg.Scripts = brains{"thief": thief}
	}
	joined(t, p.a, ann, 25, 0)
	chest := ballSpec("safe", 20, 20)
	chest.Thing.Owner = bob.key
	chest.Thing.Slots = Slots{{"gold", IntSlot(100)}, {SlotOpen, TextSlot("tips:add")}}
	step(t, p.b, control(chest), control(ControlEntry{Kind: ControlModule, Module: "thief"}))
	safe = named(t, p.b, "safe").Thing.ID
	ball := ballSpec("ball", 26, 0)
	ball.Thing.Owner = bob.key // says the neighbour
	ball.Thing.Slots = Slots{{SlotScript, LumpSlot("thief")}}
	p.step([]Entry{control(ball), control(ControlEntry{Kind: ControlModule, Module: "thief"})}, nil)
	for range 10 {
		p.step(nil, nil)
	}
	p.step([]Entry{ann.entry(Input{Kind: InThrow, Thing: named(t, p.a, "ball").Thing.ID, Vel: spatial.Vec{X: 9, Y: 4}})}, nil)
	for i := 0; !has(p.b, "ball") || !p.b.resting(named(t, p.b, "ball").Thing.ID); i++ {
		if i == 2000 {
			t.Fatal("the ball does not come to rest over there")
		}
		p.step(nil, nil)
	}
	s := p.b
	other, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	both := func(list ...Entry) Output {
		t.Helper()
		out := step(t, s, list...)
		if o := step(t, other, list...); o.Hash != out.Hash {
			t.Fatalf("tick %d: replicas differ", out.Tick)
		}
		return out
	}
	rob := func() (faults []string) {
		t.Helper()
		wake(t, s, "ball")
		wake(t, other, "ball")
		for _, l := range both().Logs {
			faults = append(faults, l.Text)
		}
		both()
		return faults
	}
	value := func(name, slot string) SlotValue { t.Helper(); return valueOf(t, s, name, slot) }
	faults := rob()
	if value("safe", "gold").Int != 100 || value("safe", "deed").Type != SlotNone {
		t.Fatalf("bob's safe is robbed: %+v", named(t, s, "safe").Thing.Slots)
	}
	if len(faults) != 2 || !strings.Contains(faults[0], "its owner has not taken it here") || !strings.Contains(faults[1], "its owner has not taken it here") {
		t.Fatalf("it says %q", faults)
	}
	if got := value("ball", "notes").Text; !strings.Contains(got, "lost 1 gold") || !strings.Contains(got, "conflict 7") {
		t.Fatalf("it heard %q", got)
	}
	if value("ball", "own").Int != 1 || value("safe", "tips").Int != 1 {
		t.Fatal("it does not do what anybody's thing may")
	}

	id := named(t, s, "ball").Thing.ID
	at := s.body(s.thing(id)).Pos
	join := bob.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: "bob", Pos: s.cfg.Site.Add(spatial.Vec{X: at.X, Z: at.Z + 2})})
	both(join)
	if n := s.owned(bob.key); n != 1 {
		t.Fatalf("bob has %d things before", n)
	}
	if c := ackOf(t, both(bob.entry(Input{Kind: InTake, Thing: id})), bob).Code; c != OK {
		t.Fatalf("bob takes it: %v", c)
	}
	if n := s.owned(bob.key); n != 2 {
		t.Fatalf("bob has %d things", n)
	}
	if faults := rob(); len(faults) != 0 || value("safe", "gold").Int != 99 || value("safe", "deed").Text != "mine" {
		t.Fatalf("bob's own thing may not: %q, %+v", faults, named(t, s, "safe").Thing.Slots)
	}
}

// TestBroughtThingsFillNobodysPlace: things in somebody's name from next door leave
// them the place for their own; taken, they count.
func TestBroughtThingsFillNobodysPlace(t *testing.T) {
	bob := newPerson("bob")
	s := newShop(t, bob)
	put := func(name string, i int, y float64) Input { // side by side, so that nobody is pushed away
		in := made(fmt.Sprintf("%s %d", name, i), 0)
		in.Pos = spatial.At(-2.4+0.6*float64(i%8), y, 1.2+0.6*float64(i/8))
		return in
	}
	var ids []base.ID
	for i := range MaxOwn {
		s.want(OK, bob, put("forged", i, 0.25))
		n := *s.thing(named(t, s.Sim, fmt.Sprintf("forged %d", i)).Thing.ID)
		n.Brought = true
		s.put(&n)
		ids = append(ids, n.ID)
	}
	for i := range MaxOwn {
		s.want(OK, bob, put("own", i, 0.8))
	}
	s.want(Quota, bob, made("one more", 2))
	s.want(Quota, bob, Input{Kind: InTake, Thing: ids[0]})
	s.want(OK, bob, Input{Kind: InDelete, Thing: ids[1]})
	s.want(OK, bob, Input{Kind: InUndelete, Thing: ids[1]})
	if !s.thing(ids[1]).Brought {
		t.Fatal("deleting and undoing it made it bob's")
	}
	s.want(OK, bob, Input{Kind: InDelete, Thing: named(t, s.Sim, "own 0").Thing.ID})
	s.want(OK, bob, Input{Kind: InTake, Thing: ids[0]})
	s.want(Quota, bob, made("one more", 2))
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

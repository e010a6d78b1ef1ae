package region

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// lives are a region and the same one without what one player does.
type lives struct {
	*shop
	without *Sim
	r       *base.Rand
	people  []*person
}

func (w *lives) both(list ...Entry) {
	w.t.Helper()
	step(w.t, w.Sim, list...)
	step(w.t, w.without, list...)
}

// random is something that a player might want of what is there, mostly of their
// own.
func (w *lives) random(me base.Key) Input {
	list := w.things
	any := func() *Thing {
		for range 20 {
			if t := list[w.r.IntN(len(list))]; !t.avatar() && (t.Owner == me || w.r.IntN(4) == 0) {
				return t
			}
		}
		return list[0]
	}
	pos := spatial.At(w.r.Float64()*6-3, 0.25+w.r.Float64(), w.r.Float64()*6-3)
	t := any()
	switch w.r.IntN(22) {
	case 0, 1, 2:
		in := made(fmt.Sprint("made ", w.tick), 0)
		in.Pos = pos
		return in
	case 3, 4:
		return Input{Kind: InMove, Thing: t.ID, Pos: pos}
	case 5:
		return Input{Kind: InGive, Thing: t.ID, To: w.people[w.r.IntN(3)].key}
	case 6:
		return Input{Kind: InGive, Thing: t.ID}
	case 7:
		return Input{Kind: InTake, Thing: t.ID}
	case 8, 9:
		return Input{Kind: InLend, Thing: t.ID, To: w.people[w.r.IntN(3)].key, Ticks: uint32(1 + w.r.IntN(400))}
	case 10:
		return Input{Kind: InReturn, Thing: t.ID}
	case 11, 12:
		return Input{Kind: InDelete, Thing: t.ID}
	case 13:
		if n := len(w.bin); n > 0 {
			return Input{Kind: InUndelete, Thing: w.bin[w.r.IntN(n)].Thing.ID}
		}
	case 14, 20, 21:
		x := Tie{A: t.ID, Kind: TieBall, At: w.at(w.body(t).Pos)}
		if w.r.IntN(2) == 0 {
			x.B = any().ID
		}
		return Input{Kind: InTie, Tie: x}
	case 15:
		return Input{Kind: InUntie, Tie: Tie{A: t.ID}}
	case 16:
		return Input{Kind: InThrow, Thing: t.ID, Vel: spatial.Vec{X: 3, Y: 3}}
	case 17:
		return Input{Kind: InSet, Thing: t.ID, Slot: SlotWrite{fmt.Sprint("big", w.r.IntN(4)), TextSlot(strings.Repeat("x", MaxSlotValue-w.r.IntN(9)))}}
	case 18:
		return Input{Kind: InSet, Thing: t.ID, Slot: SlotWrite{Name: fmt.Sprint("big", w.r.IntN(4))}}
	}
	return Input{Kind: InSet, Thing: t.ID, Slot: SlotWrite{fmt.Sprint("n", w.r.IntN(3)), IntSlot(int64(w.r.IntN(40)))}}
}

// TestUndoLeavesNothingOut: after an undo the things of a region are those of the
// same region in which the player did nothing, whatever people have done.
func TestUndoLeavesNothingOut(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	seen := map[UndoKind]int{}
	for seed := range seeds {
		undoRun(t, seed, seen)
	}
	for k := UndoRemove; k <= UndoTie; k++ {
		if seen[k] == 0 && !testing.Short() {
			t.Errorf("no step of kind %d in %v", k, seen)
		}
	}
}

func undoRun(t *testing.T, seed uint64, seen map[UndoKind]int) {
	w := &lives{r: base.NewRand(seed, 5), people: []*person{newPerson("ann"), newPerson("bob"), newPerson("cid")}}
	w.shop = newShop(t, w.people...)
	ids := []base.ID{}
	w.cfg.Scripts = mayhem{&ids}
	first := []Entry{control(ControlEntry{Kind: ControlModule, Module: "chaos"})}
	for i := range 6 {
		c := ballSpec(fmt.Sprint("ball", i), float32(i%3), float32(i/3)+1)
		c.Thing.Owner = w.people[i%3].key
		if i < 4 {
			c.Thing.Slots = Slots{{SlotEvery, IntSlot(MinEvery)}, {SlotOpen, TextSlot("sum:* bank:txn")}, {SlotScript, LumpSlot("chaos")}}
		}
		first = append(first, control(c))
	}
	step(t, w.Sim, first...)
	for _, x := range w.things {
		if !x.avatar() {
			ids = append(ids, x.ID)
		}
	}
	some := func() (list []Entry) {
		for _, p := range w.people {
			if w.r.IntN(3) > 0 {
				list = append(list, p.entry(w.random(p.key)))
			}
		}
		return list
	}
	for range 30 {
		step(t, w.Sim, some()...)
	}
	var err error
	if w.without, err = Restore(w.cfg, w.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	since := w.tick
	ann := w.people[0].key
	w.without.Without(func(k base.Key) bool { return k == ann })
	for range 60 {
		w.both(some()...)
	}
	u := Undo{Player: ann, Since: since, Base: w.tick}
	none := func(base.ID) bool { return false }
	steps := w.Differences(w.without, none)
	for _, p := range u.Parts(steps, succession.MaxBody) {
		var e base.Encoder
		ControlEntry{Kind: ControlUndo, Undo: &p}.AppendTo(&e)
		c, err := ParseControl(e.B)
		if err != nil || len(e.B) > succession.MaxBody {
			t.Fatalf("seed %d: a part of %d bytes: %v", seed, len(e.B), err)
		}
		w.Sim.out = &Output{}
		if !w.undo(c.Undo) {
			t.Fatalf("seed %d: a part does not fit", seed)
		}
		if w.Sim.out.Counts.PhysicsRefused != 0 {
			t.Fatalf("seed %d: physics refused a step", seed)
		}
		for _, x := range p.Steps {
			seen[x.Kind]++
		}
	}
	// What is left is where the physics has not gone on yet.
	for _, x := range w.Differences(w.without, none) {
		if x.Kind != UndoMove && x.Kind != UndoTie && x.Kind != UndoUntie {
			t.Fatalf("seed %d: after the undo: %+v", seed, x)
		}
	}
	w.both()
	w.alike(seed)
	survives(t, w.Sim)
}

// alike compares the poses and joints of both.
func (w *lives) alike(seed uint64) {
	w.t.Helper()
	for _, x := range w.things {
		o := w.without.thing(x.ID)
		if x.avatar() {
			continue
		}
		if o == nil || x.Owner != o.Owner {
			w.t.Fatalf("seed %d: %s is there, or somebody else's", seed, x.Name)
		}
		if d := w.body(x).Pos.Sub(w.without.body(o).Pos).Len(); d > 0.5 {
			w.t.Fatalf("seed %d: %s lies %.2f m from where it would", seed, x.Name, d)
		}
	}
	name := func(b bond) string { return fmt.Sprint(b.joint.ID, b.a, b.b) }
	var a, b []string
	for _, x := range w.tiesByID() {
		a = append(a, name(x))
	}
	for _, x := range w.without.tiesByID() {
		b = append(b, name(x))
	}
	if !slices.Equal(a, b) {
		w.t.Fatalf("seed %d: %d joints, without the player %d", seed, len(a), len(b))
	}
}

// TestUndoOfALargeThing: a deleted thing with 30 kB of slots comes back in several
// parts, what it runs last.
func TestUndoOfALargeThing(t *testing.T) {
	ann := newPerson("ann")
	s := newShop(t, ann)
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	for i := range 7 {
		s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{fmt.Sprint("big", i), TextSlot(strings.Repeat("x", MaxSlotValue))}})
	}
	s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{SlotScript, LumpSlot("count")}})
	want := s.thing(id).Slots
	without, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.want(OK, ann, Input{Kind: InDelete, Thing: id})
	step(t, without)
	u := Undo{Player: ann.key, Since: s.tick, Base: s.tick}
	parts := u.Parts(s.Differences(without, func(base.ID) bool { return false }), succession.MaxBody)
	if len(parts) < 8 {
		t.Fatalf("%d parts", len(parts))
	}
	for i := range parts {
		if x := s.thing(id); x != nil && x.Script() != "" {
			t.Fatal("it runs before it is whole")
		}
		if s.Sim.out = (&Output{}); !s.undo(&parts[i]) {
			t.Fatalf("part %d does not fit", i)
		}
		step(t, s.Sim)
	}
	got := s.thing(id).Slots
	if len(got) != len(want) {
		t.Fatalf("%d slots, want %d", len(got), len(want))
	}
	for i := range want {
		if !got[i].equal(want[i]) {
			t.Fatalf("slot %s is another", want[i].Name)
		}
	}
}

// TestUndoOfAGift: what somebody gave away is theirs again; what they made and
// gave away goes, and its owner may have it back.
func TestUndoOfAGift(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	s.want(OK, ann, made("old", 1))
	old := named(t, s.Sim, "old").Thing.ID
	without, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.want(OK, ann, made("new", 2))
	fresh := named(t, s.Sim, "new").Thing.ID
	s.want(OK, ann, Input{Kind: InGive, Thing: old, To: bob.key})
	s.want(OK, ann, Input{Kind: InGive, Thing: fresh, To: bob.key})
	for without.tick < s.tick {
		step(t, without)
	}
	u := &Undo{Player: ann.key, Since: 1, Base: s.tick, Steps: s.Differences(without, func(base.ID) bool { return false })}
	if s.Sim.out = (&Output{}); !s.undo(u) {
		t.Fatal("it does not fit")
	}
	step(t, s.Sim)
	if s.thing(old).Owner != ann.key || s.thing(fresh) != nil {
		t.Fatal("what was given away stays given")
	}
	s.want(NotAllowed, ann, Input{Kind: InUndelete, Thing: fresh})
	s.want(OK, bob, Input{Kind: InUndelete, Thing: fresh})
}

package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// shop is a region in which people make things.
type shop struct {
	*Sim
	t testing.TB
}

func newShop(t testing.TB, people ...*person) *shop {
	s := &shop{mustNew(t, testConfig("hearth", 0)), t}
	for i, p := range people {
		joined(t, s.Sim, p, 0, float64(2*i))
	}
	return s
}

func (s *shop) do(p *person, in Input) Code {
	s.t.Helper()
	return ackOf(s.t, step(s.t, s.Sim, p.entry(in)), p).Code
}

func (s *shop) want(want Code, p *person, in Input) {
	s.t.Helper()
	if got := s.do(p, in); got != want {
		s.t.Fatalf("%s: input %d: %v, want %v", p.name, in.Kind, got, want)
	}
}

var boxMade = ThingSpec{Kind: "box", Name: "chest", Shape: Box, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}, Color: 0x336699}

func made(name string, x float64) Input {
	spec := boxMade
	spec.Name = name
	return Input{Kind: InCreate, Pos: spatial.At(x, 0.25, 0), Spec: spec}
}

func TestPlayersMakeAndMoveThings(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	s.want(OK, ann, made("chest", 2))
	chest := named(t, s.Sim, "chest").Thing
	if chest.Owner != ann.key {
		t.Fatalf("the chest is %s's", chest.Owner.Short())
	}
	s.want(TooFar, ann, made("far", 20))
	big := made("big", 3)
	big.Spec.Size = spatial.Vec{X: 5, Y: 1, Z: 1}
	s.want(BadInput, ann, big)
	s.want(NotAllowed, bob, Input{Kind: InMove, Thing: chest.ID, Pos: spatial.At(1, 0.25, 1)})
	s.want(TooFar, ann, Input{Kind: InMove, Thing: chest.ID, Pos: spatial.At(30, 0.25, 1)})
	s.want(OK, ann, Input{Kind: InMove, Thing: chest.ID, Pos: spatial.At(-2, 0.25, 1)})
	if p := named(t, s.Sim, "chest").Motion.Pos; p.X > -1.9 || p.X < -2.1 {
		t.Fatalf("it lies at %v", p)
	}
	s.want(NoThing, ann, Input{Kind: InMove, Thing: base.AvatarID(bob.key), Pos: spatial.At(1, 1, 1)})
	survives(t, s.Sim)
}

func TestQuota(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	for i := range MaxOwn {
		s.want(OK, ann, made("chest", float64(i%5)))
	}
	s.want(Quota, ann, made("one more", 1))
	s.want(OK, bob, made("bob's", 1))
	s.want(Quota, bob, Input{Kind: InGive, Thing: named(t, s.Sim, "bob's").Thing.ID, To: ann.key})
}

// TestTakenOnce: of many who take in the same tick what is nobody's one has it.
func TestTakenOnce(t *testing.T) {
	ann := newPerson("ann")
	people := []*person{ann}
	for _, n := range []string{"bob", "cid", "dan", "eve"} {
		people = append(people, newPerson(n))
	}
	s := newShop(t)
	for _, p := range people {
		joined(t, s.Sim, p, 0, 0)
	}
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	s.want(Owned, people[1], Input{Kind: InTake, Thing: id})
	s.want(OK, ann, Input{Kind: InGive, Thing: id})
	var list []Entry
	for _, p := range people {
		list = append(list, p.entry(Input{Kind: InTake, Thing: id}))
	}
	out := step(t, s.Sim, list...)
	var owner base.Key
	for _, p := range people {
		switch a := ackOf(t, out, p); {
		case a.Code == OK && owner.IsZero():
			owner = p.key
		case a.Code != Owned:
			t.Fatalf("%s: %v", p.name, a.Code)
		}
	}
	if got := named(t, s.Sim, "chest").Thing.Owner; owner.IsZero() || got != owner {
		t.Fatalf("it is %s's, %s was told so", got.Short(), owner.Short())
	}
}

func TestLoan(t *testing.T) {
	ann, bob, eve := newPerson("ann"), newPerson("bob"), newPerson("eve")
	s := newShop(t, ann, bob, eve)
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	lend := Input{Kind: InLend, Thing: id, To: bob.key, Ticks: 40}
	note := Input{Kind: InSet, Thing: id, Slot: SlotWrite{"note", TextSlot("hi")}}
	code := Input{Kind: InSet, Thing: id, Slot: SlotWrite{SlotScript, LumpSlot("count")}}
	s.want(NotAllowed, bob, note)
	s.want(NotAllowed, bob, lend)
	s.want(NobodyHere, ann, Input{Kind: InLend, Thing: id, To: newPerson("nobody").key, Ticks: 40})
	s.want(OK, ann, lend)
	s.want(OK, bob, note)
	s.want(NotAllowed, bob, code)
	s.want(NotAllowed, eve, note)
	s.want(OK, bob, Input{Kind: InMove, Thing: id, Pos: spatial.At(2, 0.25, 2)})
	s.want(NotAllowed, bob, Input{Kind: InDelete, Thing: id})
	s.want(NotAllowed, bob, Input{Kind: InGive, Thing: id, To: eve.key})
	s.want(Lent, ann, Input{Kind: InDelete, Thing: id})
	s.want(Lent, ann, Input{Kind: InGive, Thing: id, To: eve.key})
	s.want(NotAllowed, eve, Input{Kind: InReturn, Thing: id})
	s.Sim = survives(t, s.Sim)
	s.want(OK, bob, Input{Kind: InReturn, Thing: id})
	s.want(NotLent, bob, Input{Kind: InReturn, Thing: id})
	s.want(NotAllowed, bob, note)
	s.want(OK, ann, lend)
	for range 40 {
		step(t, s.Sim)
	}
	s.want(NotAllowed, bob, note) // given back by itself
	s.want(OK, ann, Input{Kind: InGive, Thing: id, To: eve.key})
	s.want(OK, eve, note)
}

func TestDeletedThingsComeBack(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{"note", TextSlot("hi")}})
	s.want(NotAllowed, bob, Input{Kind: InDelete, Thing: id})
	before := named(t, s.Sim, "chest")
	s.want(OK, ann, Input{Kind: InDelete, Thing: id})
	if has(s.Sim, "chest") {
		t.Fatal("it is still there")
	}
	s.want(NoThing, ann, Input{Kind: InMove, Thing: id, Pos: spatial.At(1, 1, 1)})
	s.Sim = survives(t, s.Sim)
	s.want(NotAllowed, bob, Input{Kind: InUndelete, Thing: id})
	s.want(OK, ann, Input{Kind: InUndelete, Thing: id})
	s.want(NoThing, ann, Input{Kind: InUndelete, Thing: id})
	after := named(t, s.Sim, "chest")
	if v, _ := after.Thing.Slots.Get("note"); v.Text != "hi" || after.Motion.Pos.Sub(before.Motion.Pos).Len() > 0.05 || after.Thing.Epoch != before.Thing.Epoch+1 {
		t.Fatalf("it came back as %+v at %v", after.Thing, after.Motion.Pos)
	}
	s.want(OK, ann, Input{Kind: InDelete, Thing: id})
	for range UndoTicks {
		step(t, s.Sim)
	}
	s.want(NoThing, ann, Input{Kind: InUndelete, Thing: id})
	if len(s.bin) != 0 {
		t.Fatalf("%d deleted things are kept", len(s.bin))
	}
	// Of one owner only so many are kept.
	for range maxBinOne + 2 {
		s.want(OK, ann, made("x", 1))
		s.want(OK, ann, Input{Kind: InDelete, Thing: named(t, s.Sim, "x").Thing.ID})
	}
	if len(s.bin) != maxBinOne {
		t.Fatalf("%d deleted things are kept", len(s.bin))
	}
}

// TestDeletedInTheTickOfAnything: whatever else is asked of a thing in the tick
// in which it is deleted, it is gone or it was done before.
func TestDeletedInTheTickOfAnything(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	for range 20 {
		s := newShop(t, ann, bob)
		s.want(OK, ann, made("chest", 1))
		id := named(t, s.Sim, "chest").Thing.ID
		step(t, s.Sim, ann.entry(Input{Kind: InMove, Thing: id, Pos: spatial.At(2, 0.25, 1)}), ann.entry(Input{Kind: InDelete, Thing: id}),
			bob.entry(Input{Kind: InThrow, Thing: id, Vel: spatial.Vec{X: 3}}), ann.entry(Input{Kind: InSet, Thing: id, Slot: SlotWrite{"a", IntSlot(1)}}))
		if has(s.Sim, "chest") {
			t.Fatal("it is still there")
		}
		survives(t, s.Sim)
	}
}

func TestTell(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	step(t, s.Sim, control(scripted("bell", "seed", 3)), loaded("seed", ""))
	s.want(OK, ann, made("chest", 1))
	id, bell := named(t, s.Sim, "chest").Thing.ID, named(t, s.Sim, "bell").Thing.ID
	tell := func(thing base.ID, verb, text string) Input {
		return Input{Kind: InTell, Thing: thing, Name: verb, Text: text}
	}
	s.want(NoProgram, bob, tell(id, "open", "wide"))
	s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{"open", LumpSlot("seed")}})
	s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{"count-it", LumpSlot("count")}})
	s.want(OK, bob, tell(id, "open", "wide"))
	slot := func(name, slot string) SlotValue {
		v, _ := named(t, s.Sim, name).Thing.Slots.Get(slot)
		return v
	}
	if got := slot("chest", "heard").Text; got != "wide" {
		t.Fatalf("the program heard %q", got)
	}
	s.want(Loading, bob, tell(id, "count-it", ""))
	step(t, s.Sim, loaded("count", ""))
	s.want(OK, bob, tell(id, "count-it", ""))
	if got := slot("chest", "count").Int; got != 1 {
		t.Fatalf("counted %d", got)
	}
	// Without a program of that name the script hears of it.
	s.want(OK, bob, tell(bell, "ring", "twice"))
	if got := slot("bell", "heard").Text; got != "ring twice" {
		t.Fatalf("the script heard %q", got)
	}
	s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{SlotPrivate, BoolSlot(true)}})
	s.want(NotAllowed, bob, tell(id, "open", "x"))
	s.want(OK, ann, Input{Kind: InLend, Thing: id, To: bob.key, Ticks: 20})
	s.want(OK, bob, tell(id, "open", "x"))
	for _, verb := range []string{"tick", "script", "told", "Open", ""} {
		var e base.Encoder
		tell(id, verb, "").AppendTo(&e)
		d := base.NewDecoder(e.B)
		ReadInput(d)
		if d.Done() == nil {
			t.Errorf("%q is taken for a verb", verb)
		}
	}
}

// TestLoanCrosses: a thing that is handed over while it is lent is there once,
// with its owner and its borrower, and the loan ends when it would have.
func TestLoanCrosses(t *testing.T) {
	p := newPair(t, 30)
	ann, bob := newPerson("ann"), newPerson("bob")
	spec := ballSpec("ball", 20, 0)
	spec.Thing.Owner = ann.key
	p.step([]Entry{control(spec)}, nil)
	joined2 := func(who *person, x float64) {
		out, _ := p.step([]Entry{who.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: who.name, Pos: spatial.At(x, 0, 1)})}, nil)
		if a := ackOf(t, out, who); a.Code != OK {
			t.Fatal(a.Code)
		}
	}
	joined2(ann, 19)
	joined2(bob, 21)
	id := named(t, p.a, "ball").Thing.ID
	out, _ := p.step([]Entry{ann.entry(Input{Kind: InLend, Thing: id, To: bob.key, Ticks: 400})}, nil)
	if a := ackOf(t, out, ann); a.Code != OK {
		t.Fatal(a.Code)
	}
	lent := p.a.Tick()
	p.step([]Entry{bob.entry(Input{Kind: InThrow, Thing: id, Vel: spatial.Vec{X: 12, Y: 3}})}, nil)
	for range 200 {
		p.step(nil, nil)
		if a, b := p.where("ball"); a && b {
			t.Fatal("it is in both regions")
		}
	}
	if a, b := p.where("ball"); a || !b {
		t.Fatalf("in a %v, in b %v", a, b)
	}
	got := named(t, p.b, "ball").Thing
	if left := got.Loan - p.b.Tick(); got.Owner != ann.key || got.Borrower != bob.key || left > 400-(p.a.Tick()-lent)+20 || left < 100 {
		t.Fatalf("owner %s, borrower %s, %d ticks left", got.Owner.Short(), got.Borrower.Short(), left)
	}
	for range 220 {
		p.step(nil, nil)
	}
	if got = named(t, p.b, "ball").Thing; !got.Borrower.IsZero() || got.Loan != 0 {
		t.Fatal("it was not given back")
	}
}

// TestBorrowersBringNoCode: what a thing runs acts for its owner.
func TestBorrowersBringNoCode(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	s.want(OK, ann, Input{Kind: InLend, Thing: id, To: bob.key, Ticks: 400})
	s.want(NotAllowed, bob, Input{Kind: InSet, Thing: id, Slot: SlotWrite{"poke", LumpSlot("count")}})
	s.want(NotAllowed, bob, Input{Kind: InSet, Thing: id, Slot: SlotWrite{SlotOpen, TextSlot("note:*")}})
	s.want(OK, bob, Input{Kind: InSet, Thing: id, Slot: SlotWrite{"poke", IntSlot(1)}})
}

// TestNoCodeIsForcedOn: a thing that runs something is not made somebody's
// without a hand of theirs, and who gives a thing away writes nothing into it
// after that, in the same tick neither.
func TestNoCodeIsForcedOn(t *testing.T) {
	ann, bob := newPerson("ann"), newPerson("bob")
	s := newShop(t, ann, bob)
	step(t, s.Sim, control(ControlEntry{Kind: ControlModule, Module: "count"}))
	give := func(name string) (base.ID, Input) {
		id := named(t, s.Sim, name).Thing.ID
		return id, Input{Kind: InGive, Thing: id, To: bob.key}
	}
	for slot, name := range map[string]string{SlotScript: "box", "poke": "case"} {
		s.want(OK, ann, made(name, 1))
		id, in := give(name)
		s.want(OK, ann, Input{Kind: InSet, Thing: id, Slot: SlotWrite{slot, LumpSlot("count")}})
		s.want(NotAllowed, ann, in)
		s.want(OK, ann, Input{Kind: InGive, Thing: id})
		s.want(OK, bob, Input{Kind: InTake, Thing: id})
	}
	s.want(OK, ann, made("chest", 1))
	id, in := give("chest")
	out := step(t, s.Sim, ann.entry(in), ann.entry(Input{Kind: InSet, Thing: id, Slot: SlotWrite{SlotScript, LumpSlot("count")}}))
	if a := ackOf(t, out, ann); a.Code != NotAllowed {
		t.Fatal(a.Code)
	}
	if x := named(t, s.Sim, "chest").Thing; x.Owner != bob.key || x.Script() != "" {
		t.Fatalf("%s's, it runs %q", x.Owner.Short(), x.Script())
	}
}

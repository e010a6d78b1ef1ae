package region

import (
	"bytes"
	"strings"
	"testing"
)

// bell is a region with a bell that runs "count" and was touched twice.
func bell(t *testing.T) (*Sim, *person) {
	t.Helper()
	s, owner := mustNew(t, testConfig("A", 0)), newPerson("A owner")
	step(t, s, control(bellSpec("bell", script("count"), license("MIT"))), loaded("count", ""))
	joined(t, s, owner, 0, 0)
	touched(t, s, owner, "bell")
	if n, why := touched(t, s, owner, "bell"); n != 2 || why != "" {
		t.Fatalf("%d %q", n, why)
	}
	return s, owner
}

func rescript(t *testing.T, s *Sim, p *person, ws ...SlotWrite) (Output, Code) {
	t.Helper()
	out := step(t, s, p.entry(Input{Kind: InScript, Thing: named(t, s, "bell").Thing.ID, Identity: ws}))
	return out, ackOf(t, out, p).Code
}

func slotOf(t *testing.T, s *Sim, name string) SlotValue {
	t.Helper()
	v, _ := named(t, s, "bell").Thing.Slots.Get(name)
	return v
}

func TestTheOldScriptRunsUntilTheNewOneCan(t *testing.T) {
	s, p := bell(t)
	out, code := rescript(t, s, p, license("AGPL-3.0-only"), script("tally"))
	if code != OK || strings.Join(out.Want, " ") != "tally" {
		t.Fatalf("%v, wanted %q", code, out.Want)
	}
	if n, why := touched(t, s, p, "bell"); n != 3 || why != "" {
		t.Fatalf("while it is loaded: %d %q", n, why)
	}
	out = step(t, s, loaded("tally", ""))
	if len(out.Said) == 0 && len(out.Slots) == 0 {
		t.Fatal("nothing has changed")
	}
	x := named(t, s, "bell").Thing
	if x.Script() != "tally" || slotOf(t, s, "total").Int != 300 || slotOf(t, s, "count").Type != SlotNone ||
		slotOf(t, s, SlotLicense).Text != "AGPL-3.0-only" || x.LastError != "" || slotOf(t, s, SlotNext).Type != SlotNone {
		t.Fatalf("%+v", x.Slots)
	}
	touched(t, s, p, "bell")
	if slotOf(t, s, "total").Int != 400 {
		t.Errorf("%+v", slotOf(t, s, "total"))
	}
	// Back again: what was before has its licence with it.
	if _, code := rescript(t, s, p); code != OK {
		t.Fatal(code)
	}
	step(t, s)
	if x := named(t, s, "bell").Thing; x.Script() != "count" || slotOf(t, s, SlotLicense).Text != "MIT" {
		t.Errorf("%+v", x.Slots)
	}
}

func TestAChangeThatFailsLeavesTheOldScript(t *testing.T) {
	for _, c := range []struct{ name, why, want string }{
		{"trap", "", "unreachable executed"},
		{"steal", "", "slot author is not for scripts"},
		{"gone", "nobody has it", "cannot be loaded: nobody has it"},
	} {
		s, p := bell(t)
		if _, code := rescript(t, s, p, script(c.name)); code != OK {
			t.Fatal(code)
		}
		step(t, s, loaded(c.name, c.why))
		x := named(t, s, "bell").Thing
		if x.Script() != "count" || slotOf(t, s, SlotLicense).Text != "MIT" || slotOf(t, s, SlotNext).Type != SlotNone || slotOf(t, s, SlotBefore).Type != SlotNone ||
			!strings.Contains(x.LastError, c.want) || slotOf(t, s, "bad").Type != SlotNone {
			t.Errorf("%s: %q %+v", c.name, x.LastError, x.Slots)
		}
		if n, why := touched(t, s, p, "bell"); n != 3 || why != "" {
			t.Errorf("%s: then %d %q", c.name, n, why)
		}
	}
}

func TestAChangeDoesNotWaitForEver(t *testing.T) {
	s, p := bell(t)
	rescript(t, s, p, script("tally"))
	for range changeTicks - 1 {
		step(t, s)
	}
	if slotOf(t, s, SlotNext).Type != SlotBytes {
		t.Fatal("given up early")
	}
	step(t, s)
	if x := named(t, s, "bell").Thing; slotOf(t, s, SlotNext).Type != SlotNone || !strings.Contains(x.LastError, "not loaded yet") || x.Script() != "count" {
		t.Errorf("%q %+v", x.LastError, x.Slots)
	}
}

func TestWhoMayChangeAScript(t *testing.T) {
	s, p := bell(t)
	ben := newPerson("ben")
	joined(t, s, ben, 1, 0)
	if _, code := rescript(t, s, ben, script("tally")); code != NotAllowed {
		t.Error(code)
	}
	if _, code := rescript(t, s, p); code != NoThing {
		t.Errorf("back to nothing: %v", code)
	}
	for _, w := range []SlotWrite{{SlotNext, BytesSlot(nil)}, {SlotBefore, BytesSlot([]byte("x"))}} {
		out := step(t, s, p.entry(Input{Kind: InSet, Thing: named(t, s, "bell").Thing.ID, Slot: w}))
		if code := ackOf(t, out, p).Code; code != BadInput {
			t.Errorf("%s: %v", w.Name, code)
		}
	}
	for _, ws := range [][]SlotWrite{{license("MIT")}, {{"color", IntSlot(1)}, script("x")}, {script("x"), license("MIT")}, {{SlotNext, BytesSlot(nil)}, script("x")}} {
		e := p.entry(Input{Kind: InScript, Thing: named(t, s, "bell").Thing.ID, Identity: ws})
		if _, _, err := ParseSignedInput(e.Body); err == nil {
			t.Errorf("%v was read", ws)
		}
	}
}

func TestCopyleftRegionRefusesAChange(t *testing.T) {
	s, p := bell(t)
	step(t, s, control(ControlEntry{Kind: ControlRules, Rules: RuleCopyleft}))
	if _, code := rescript(t, s, p, license("MIT"), script("tally")); code != NoSource {
		t.Error(code)
	}
	out, code := rescript(t, s, p, license("MIT"), script("tally"), source("src"))
	if code != OK || strings.Join(out.Want, " ") != "source:src tally" {
		t.Fatalf("%v %q", code, out.Want)
	}
	step(t, s, loaded("tally", ""))
	if named(t, s, "bell").Thing.Script() != "count" {
		t.Fatal("changed before its source was here")
	}
	step(t, s, loaded("source:src", ""))
	if named(t, s, "bell").Thing.Script() != "tally" {
		t.Error(named(t, s, "bell").Thing.LastError)
	}
}

// A change that waits is state: a server that goes on from a snapshot makes it
// in the same tick.
func TestAChangeIsReplicated(t *testing.T) {
	s, p := bell(t)
	rescript(t, s, p, script("tally"))
	b := s.Snapshot(nil)
	o, err := Restore(s.cfg, b)
	if err != nil || !bytes.Equal(o.Snapshot(nil), b) {
		t.Fatal(err)
	}
	for _, e := range []Entry{loaded("x", ""), loaded("tally", ""), loaded("y", "")} {
		if x, y := step(t, s, e), step(t, o, e); x.Hash != y.Hash {
			t.Fatalf("tick %d: the two part", x.Tick)
		}
	}
	if named(t, o, "bell").Thing.Script() != "tally" {
		t.Error("not changed")
	}
}

// What a neighbour hands over may hold anything in the two slots.
func TestRubbishInTheSlotsOfAChange(t *testing.T) {
	s, p := bell(t)
	x := *named(t, s, "bell").Thing
	for _, b := range [][]byte{nil, {1, 2, 3}, bytes.Repeat([]byte{255}, 100)} {
		x.Slots, _ = x.Slots.With(SlotWrite{SlotNext, BytesSlot(b)})
		x.Slots, _ = x.Slots.With(SlotWrite{SlotBefore, BytesSlot(b)})
		n := x
		s.put(&n)
		step(t, s)
		if _, code := rescript(t, s, p); code != NoThing {
			t.Error(code)
		}
	}
	if n, why := touched(t, s, p, "bell"); n != 3 || why != "" {
		t.Errorf("%d %q", n, why)
	}
}

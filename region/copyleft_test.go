package region

import (
	"bytes"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// bellSpec is a thing with the slots given.
func bellSpec(name string, slots ...SlotWrite) ControlEntry {
	var s Slots
	for _, w := range slots {
		var err error
		if s, err = s.With(w); err != nil {
			panic(err)
		}
	}
	return ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "bell", Name: name, Shape: Box, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5},
		Pos: spatial.Vec{X: 1, Y: 0.25}, Fixed: true, Slots: s}}
}

func script(v string) SlotWrite  { return SlotWrite{SlotScript, LumpSlot(v)} }
func source(v string) SlotWrite  { return SlotWrite{SlotSource, LumpSlot(v)} }
func license(v string) SlotWrite { return SlotWrite{SlotLicense, TextSlot(v)} }

func loaded(name, why string) Entry {
	return control(ControlEntry{Kind: ControlModule, Module: name, Text: why})
}

// touched runs the thing's script and gives what it counted and its error.
func touched(t *testing.T, s *Sim, p *person, name string) (int64, string) {
	t.Helper()
	step(t, s, p.entry(Input{Kind: InTouch, Thing: named(t, s, name).Thing.ID}))
	step(t, s)
	x := named(t, s, name).Thing
	v, _ := x.Slots.Get("count")
	return v.Int, x.LastError
}

func copyleftSim(t *testing.T, things ...ControlEntry) (*Sim, *person) {
	t.Helper()
	s, p := mustNew(t, testConfig("A", 0)), newPerson("ann")
	list := []Entry{control(ControlEntry{Kind: ControlRules, Rules: RuleCopyleft})}
	for _, c := range things {
		list = append(list, control(c))
	}
	step(t, s, list...)
	step(t, s, p.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: "Ann", Pos: spatial.At(0, 0, 0)}), loaded("count", ""))
	return s, p
}

func TestCopyleftRegionRunsWhatIsOpen(t *testing.T) {
	s, p := copyleftSim(t, bellSpec("open", script("count"), source("src"), license("MIT")),
		bellSpec("closed", script("count")), bellSpec("proprietary", script("count"), source("src"), license("LicenseRef-Mine")),
		bellSpec("unread", script("count"), source("gone"), license("MIT")), bellSpec("fake", script("count"), source("count"), license("MIT")))
	if want := strings.Join(s.Wanted(), " "); want != "source:gone source:src" {
		t.Fatalf("wanted %q", want)
	}
	if n, why := touched(t, s, p, "open"); n != 0 || why != "source of the script is not loaded yet" {
		t.Errorf("%d %q", n, why)
	}
	step(t, s, loaded("source:src", ""), loaded("source:gone", "nobody has it"))
	for _, c := range []struct {
		name string
		runs int64
		why  string
	}{
		{"open", 1, ""}, {"closed", 0, "source (slot source)"}, {"proprietary", 0, "free licence"},
		{"unread", 0, "source of the script cannot be loaded: nobody has it"}, {"fake", 0, "source (slot source)"},
	} {
		if n, why := touched(t, s, p, c.name); n != c.runs || !strings.Contains(why, c.why) || (c.why == "") != (why == "") {
			t.Errorf("%s: %d runs, %q", c.name, n, why)
		}
	}
	// Without the rule they run, as they do everywhere else.
	step(t, s, control(ControlEntry{Kind: ControlRules}))
	if n, why := touched(t, s, p, "closed"); n != 1 || why != "" {
		t.Errorf("%d %q", n, why)
	}
}

func TestCopyleftRegionRefusesWrites(t *testing.T) {
	s, p := copyleftSim(t, bellSpec("bell"))
	step(t, s, control(ControlEntry{Kind: ControlSet, ID: named(t, s, "bell").Thing.ID, Slot: SlotWrite{"x", IntSlot(1)}}))
	owner := newPerson("A owner")
	_ = p
	step(t, s, owner.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: "Owner", Pos: spatial.At(0, 0, 0)}))
	set := func(w SlotWrite) Code {
		t.Helper()
		out := step(t, s, owner.entry(Input{Kind: InSet, Thing: named(t, s, "bell").Thing.ID, Slot: w}))
		if len(out.Acks) != 1 {
			t.Fatalf("%+v", out.Acks)
		}
		return out.Acks[0].Code
	}
	for i, c := range []struct {
		w    SlotWrite
		want Code
	}{
		{script("count"), NoSource},
		{source("src"), OK},
		{script("count"), NoSource}, // the licence is missing still
		{license("all mine"), OK},
		{script("count"), NoSource},
		{license("AGPL-3.0-or-later"), OK},
		{script("count"), OK},
		{license("all mine"), NoSource}, // not while it runs
		{SlotWrite{Name: SlotSource}, NoSource},
		{source("newer"), OK},
		{SlotWrite{Name: SlotScript}, OK},
		{SlotWrite{Name: SlotSource}, OK},
	} {
		if got := set(c.w); got != c.want {
			t.Errorf("%d: %s: %v, want %v", i, c.w.Name, got, c.want)
		}
	}
}

// The rules are state: a snapshot has them, and two servers that go on from it
// agree.
func TestRulesAreReplicated(t *testing.T) {
	s, p := copyleftSim(t, bellSpec("open", script("count"), source("src"), license("MIT")), bellSpec("closed", script("count")))
	b := s.Snapshot(nil)
	o, err := Restore(s.cfg, b)
	if err != nil || o.Rules() != RuleCopyleft || !bytes.Equal(o.Snapshot(nil), b) {
		t.Fatalf("%v, rules %d", err, o.Rules())
	}
	id := named(t, s, "closed").Thing.ID
	for _, e := range []Entry{loaded("source:src", ""), p.entry(Input{Kind: InTouch, Thing: id}), control(ControlEntry{Kind: ControlRules}), loaded("x", "")} {
		x, y := step(t, s, e), step(t, o, e)
		if x.Hash != y.Hash {
			t.Fatalf("tick %d: the two part", x.Tick)
		}
	}
	for _, bad := range [][]byte{{snapshotVersion - 1, 0}, {snapshotVersion, 0x80}} {
		if _, err := Restore(s.cfg, append(bad, b[2:]...)); err == nil {
			t.Errorf("%v is restored", bad)
		}
	}
	if out := step(t, s, control(ControlEntry{Kind: ControlRules, Rules: 0x80})); out.Counts.Refused != 1 || s.Rules() != 0 {
		t.Error("an unknown rule is taken")
	}
}

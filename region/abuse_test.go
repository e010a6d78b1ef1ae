package region

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// What a player who wants to do harm may ask for.

// echoing is an engine whose module answers every line with two.
type echoing struct{ toy }

func (e echoing) Handle(module string, ev ScriptEvent, slots func(string) (SlotValue, bool), seed, gas uint64) (ScriptResult, error) {
	if module == "parrot" {
		return ScriptResult{Say: []string{"again", "and again"}}, nil
	}
	return e.toy.Handle(module, ev, slots, seed, gas)
}

// TestAvatarsRunNoScripts: lines of an avatar are heard by scripts, so one
// that answers itself would talk for ever.
func TestAvatarsRunNoScripts(t *testing.T) {
	cfg := testConfig("hearth", 0)
	cfg.Scripts = echoing{}
	s := mustNew(t, cfg)
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	step(t, s, ann.entry(Input{Kind: InSet, Thing: base.AvatarID(ann.key), Slot: SlotWrite{SlotScript, LumpSlot("parrot")}}))
	step(t, s, control(ControlEntry{Kind: ControlModule, Module: "parrot"}))
	step(t, s, ann.entry(Input{Kind: InSay, Text: "hello"}))
	for range 10 {
		if out := step(t, s); len(out.Said) != 0 {
			t.Fatalf("%d lines without end", len(out.Said))
		}
	}
}

// TestModulesGiveWay: naming one script after the other does not use up the
// table for everybody.
func TestModulesGiveWay(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	mine := ballSpec("ball", 1, 3)
	mine.Thing.Owner = ann.key
	step(t, s, control(mine), control(scripted("bell", "count", 4)), control(ControlEntry{Kind: ControlModule, Module: "count"}))
	ball := named(t, s, "ball").Thing.ID
	for i := range MaxModules + 20 {
		name := fmt.Sprintf("m%d", i)
		out := step(t, s, ann.entry(Input{Kind: InSet, Thing: ball, Slot: SlotWrite{SlotScript, LumpSlot(name)}}))
		if len(out.Want) != 1 {
			t.Fatalf("module %d is not asked for", i)
		}
		step(t, s, control(ControlEntry{Kind: ControlModule, Module: name, Text: "no provider"}))
	}
	if len(s.modules) != MaxModules {
		t.Fatalf("%d modules", len(s.modules))
	}
	if i, ok := s.moduleIndex("count"); !ok || !s.modules[i].Ready {
		t.Fatal("a module in use was forgotten")
	}
	survives(t, s)
}

// TestFullSlotsStillCross: a player cannot make an avatar too big for the
// border, where it would walk on through the other region's walls.
func TestFullSlotsStillCross(t *testing.T) {
	p := newPair(t, 0)
	ann := newPerson("ann")
	p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(30, 0, 0)})}, nil)
	refused := 0
	for i := range MaxSlots {
		out, _ := p.step([]Entry{ann.entry(Input{Kind: InSet, Thing: base.AvatarID(ann.key),
			Slot: SlotWrite{fmt.Sprintf("s%d", i), BytesSlot(make([]byte, MaxSlotValue))}})}, nil)
		if ackOf(t, out, ann).Code == BadInput {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("the slots are not bounded together")
	}
	p.step([]Entry{ann.entry(Input{Kind: InWalk, Pos: spatial.At(40, 0, 0)})}, nil)
	for range 100 {
		p.step(nil, nil)
	}
	if inA, inB := p.where("ann"); inA || !inB {
		t.Fatal("ann is stuck at the border")
	}
	// What is too much may still be made less.
	slots := named(t, p.b, "ann").Thing.Slots
	if _, err := slots.With(SlotWrite{"s0", SlotValue{}}); err != nil {
		t.Fatal(err)
	}
}

// TestTalkIsBounded: for each player, and for each neighbour.
func TestTalkIsBounded(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	heard := 0
	for range 100 {
		var in []Entry
		for range 10 {
			in = append(in, ann.entry(Input{Kind: InSay, Text: "spam"}))
		}
		out := step(t, s, in...)
		heard += len(out.Said)
		if a := ackOf(t, out, ann); a.Code != Busy {
			t.Fatalf("%v", a.Code)
		}
	}
	if want := lineBurst + 100/lineTicks; heard < want-1 || heard > want {
		t.Fatalf("%d lines in 100 ticks, want %d", heard, want)
	}
	for range lineTicks * lineBurst {
		step(t, s)
	}
	if a := ackOf(t, step(t, s, ann.entry(Input{Kind: InSay, Text: "sorry"})), ann); a.Code != OK {
		t.Fatalf("after a rest: %v", a.Code)
	}
	survives(t, s)

	s, enemy := besieged(t)
	joined(t, s, ann, -15, 0)
	line := func(n uint64, x float64) Entry {
		return borderEntry(enemy, BorderMessage{Kind: BorderSaid, N: n, Line: Line{From: base.ID{1}, Player: base.Key{1}, Name: "spam", Pos: spatial.At(x, 0, 0), Text: "spam"}})
	}
	var in []Entry
	for n := range uint64(40) {
		in = append(in, line(n+1, 30))
	}
	if out := step(t, s, in...); len(out.Said) != borderLines {
		t.Fatalf("%d lines of a neighbour", len(out.Said))
	}
	if out := step(t, s, line(50, 49)); len(out.Said) != 0 {
		t.Fatal("a neighbour speaks beside ann")
	}
	if out := step(t, s, line(40, 30)); len(out.Said) != 1 {
		t.Fatal("an echo of what was too much is not heard")
	}
}

// TestNobodyJoinsInsideAHouse: who asks for the middle of a large fixed thing
// stands on it, and can walk away.
func TestNobodyJoinsInsideAHouse(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	step(t, s, control(ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "house", Name: "house", Shape: Box,
		Size: spatial.Vec{X: 12, Y: 6, Z: 12}, Pos: spatial.Vec{Y: 3}, Fixed: true}}))
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	for range 40 {
		step(t, s)
	}
	if y := named(t, s, "ann").Motion.Pos.Y; y < 6.8 || y > 7 {
		t.Fatalf("ann is %v m high", y)
	}
	step(t, s, ann.entry(Input{Kind: InWalk, Pos: spatial.At(9, 0, 0)}))
	for range 140 {
		step(t, s)
	}
	if p := named(t, s, "ann").Motion.Pos; p.X < 8.4 || p.Y < 0.85 || p.Y > 0.95 {
		t.Fatalf("ann came to %v", p)
	}
}

// TestNothingIsThrownThroughWalls: what is thrown starts in front of the chest,
// but not on the other side of a wall one stands at.
func TestNothingIsThrownThroughWalls(t *testing.T) {
	for _, turn := range []float32{0, 0.7} {
		s := mustNew(t, testConfig("hearth", 0))
		wall := ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "wall", Name: "wall", Shape: Box, Size: spatial.Vec{X: 0.2, Y: 3, Z: 12},
			Pos: spatial.Vec{X: 0.7, Y: 1.5}, Rot: spatial.Yaw(turn), Fixed: true}}
		step(t, s, control(wall), control(ballSpec("ball", -1, 0)))
		ann := newPerson("ann")
		joined(t, s, ann, 0, 0)
		for range 10 {
			step(t, s)
		}
		n := spatial.Yaw(turn).Rotate(spatial.Vec{X: 1}) // away through the wall
		a := ackOf(t, step(t, s, ann.entry(Input{Kind: InThrow, Vel: n.Scale(6)})), ann)
		if a.Code != OK {
			t.Fatal(a.Code)
		}
		for range 30 {
			step(t, s)
			d := named(t, s, "ball").Motion.Pos.Sub(spatial.Vec{X: 0.7, Y: 1.5})
			if behind := float32(d.X*n.X) + float32(d.Z*n.Z); behind > 0 {
				t.Fatalf("turned %v: the ball is %v m behind the wall", turn, behind)
			}
		}
	}
}

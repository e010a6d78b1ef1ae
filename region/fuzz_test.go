package region

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

func same1(t *testing.T, in []byte, appendTo func(*base.Encoder)) {
	t.Helper()
	var e base.Encoder
	appendTo(&e)
	if !bytes.Equal(e.B, in) {
		t.Fatalf("%x re-encodes to %x", in, e.B)
	}
}

func FuzzParseSignedInput(f *testing.F) {
	f.Add(newPerson("ann").entry(Input{Kind: InScript, Identity: []SlotWrite{license("MIT"), script("x")}}).Body)
	p := newPerson("ann")
	for _, in := range []Input{
		{Kind: InJoin, Region: regionID("hearth"), Name: "ann", Pos: spatial.At(1, 2, 3)}, {Kind: InLeave}, {Kind: InSteer, Vel: spatial.Vec{X: 1}},
		{Kind: InWalk, Pos: spatial.At(9, 0, 9)}, {Kind: InJump}, {Kind: InSay, Text: "hello"}, {Kind: InTouch, Thing: base.ID{1}},
		{Kind: InThrow, Vel: spatial.Vec{Y: 3}}, {Kind: InSet, Thing: base.ID{1}, Slot: SlotWrite{"a", BytesSlot([]byte{1})}}, {Kind: InStop},
	} {
		f.Add(p.entry(in).Body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, in, err := ParseSignedInput(b)
		if err != nil {
			return
		}
		same1(t, b, s.AppendTo)
		same1(t, s.Payload, in.AppendTo)
	})
}

func FuzzParseControl(f *testing.F) {
	spec := scripted("bell", "count", 3)
	for _, c := range []ControlEntry{spec, ballSpec("ball", 1, 1), {Kind: ControlRemove, ID: base.ID{1}}, {Kind: ControlModule, Module: "m", Text: "no"},
		{Kind: ControlRules, Rules: RuleCopyleft}, {Kind: ControlAway, Player: base.Key{2}}, {Kind: ControlSet, ID: base.ID{3}, Slot: SlotWrite{"x", LumpSlot("bafy")}},
		{Kind: ControlNeighbours, Neighbours: []Neighbour{{ID: base.ID{1}, Name: "n", Site: spatial.At(1, 2, 3)}}}} {
		f.Add(control(c).Body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseControl(b)
		if err != nil {
			return
		}
		same1(t, b, c.AppendTo)
		s := mustNew(t, testConfig("hearth", 0))
		if out, err := s.Step(Batch{Tick: 1, Entries: []Entry{{Kind: EntryControl, Seq: 1, Body: b}}}); err != nil || out.Counts.PhysicsRefused != 0 {
			t.Fatalf("%v %+v", err, out.Counts)
		}
	})
}

func FuzzParseBorder(f *testing.F) {
	add := func(m BorderMessage) {
		var e base.Encoder
		m.AppendTo(&e)
		f.Add(e.B)
	}
	add(BorderMessage{Kind: BorderGhosts, Tick: 3, Ghosts: []Ghost{{ID: base.ID{1}, Epoch: 2, Shape: Sphere, Size: spatial.Vec{X: 1, Y: 1, Z: 1}, Body: Motion{Rot: spatial.Identity}, Mass: 1}}})
	add(BorderMessage{Kind: BorderHandoff, Tick: 3, To: regionID("hearth"), Handoff: handoff.Msg{Kind: handoff.Offer, N: 1, Floor: 1, ID: base.ID{9}, Epoch: 1}})
	add(BorderMessage{Kind: BorderSaid, N: 4, Line: Line{From: base.ID{1}, Name: "ann", Text: "hi"}})
	s := mustNew(f, testConfig("commons", 64))
	step(f, s, control(ballSpec("ball", 0, 0)))
	thing := named(f, s, "ball").Thing
	state := s.pack(thing, s.body(thing))
	add(BorderMessage{Kind: BorderHandoff, To: regionID("hearth"), Handoff: handoff.Msg{Kind: handoff.Release, N: 1, Floor: 1, ID: thing.ID, Epoch: 1, State: state}})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseBorder(b)
		if err != nil {
			return
		}
		same1(t, b, m.AppendTo)
		// A hostile neighbour may send it: the region goes on, and what it
		// then is can be written and read again.
		s := mustNew(t, testConfig("hearth", 0))
		c := mustNew(t, testConfig("commons", 64))
		step(t, s, neighboursOf(c))
		for range 2 {
			out, err := s.Step(Batch{Tick: s.tick + 1, Entries: []Entry{{Kind: EntryBorder, From: c.cfg.ID, Seq: 1, Body: b}}})
			if err != nil || out.Counts.PhysicsRefused != 0 {
				t.Fatalf("%v %+v", err, out.Counts)
			}
		}
		if _, err := Restore(s.cfg, s.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseParcel(f *testing.F) {
	s := mustNew(f, testConfig("hearth", 0))
	joined(f, s, newPerson("ann"), 0, 0)
	t0 := named(f, s, "ann").Thing
	f.Add(s.pack(t0, s.body(t0)))
	step(f, s, control(ballSpec("ball", 3, 0)))
	t1 := named(f, s, "ball").Thing
	f.Add(s.pack(t1, s.body(t1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseParcel(b)
		if err != nil {
			return
		}
		// Written by a region that holds exactly this.
		s := mustNew(t, testConfig("hearth", 0))
		me := p.sess
		me.SteerUntil = base.Tick(p.left)
		if p.thing.avatar() {
			s.sessions = []session{me}
		}
		body := physics.Body{Pos: p.motion.Pos, Rot: p.motion.Rot, Vel: p.motion.Vel, Spin: p.motion.Spin, Mass: p.mass, Friction: p.friction, Restitution: p.restitution}
		if got := s.pack(p.thing, body); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	var e base.Encoder
	Entry{Kind: EntryBorder, From: base.ID{1}, Seq: 7, Body: []byte("x")}.AppendTo(&e)
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := ParseEntry(b); err == nil {
			same1(t, b, x.AppendTo)
		}
	})
}

func FuzzRestore(f *testing.F) {
	s, _ := run(f, testConfig("hearth", 0), crowd(12))
	f.Add(s.Snapshot(nil))
	s.setRules(RuleCopyleft)
	f.Add(s.Snapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Restore(testConfig("hearth", 0), b)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Snapshot(nil), b) {
			t.Fatal("a restored state has other bytes")
		}
	})
}

package region

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
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
	for _, c := range []ControlEntry{spec, ballSpec("ball", 1, 1), {Kind: ControlRemove, ID: base.ID{1}}, {Kind: ControlModule, Module: "m", Text: "no"}, {Kind: ControlHave, Module: "m", Since: 9, Text: "no"},
		{Kind: ControlRules, Rules: RuleCopyleft}, {Kind: ControlLaw, Law: []byte{3, 0, 0, 0, 0}}, {Kind: ControlAway, Player: base.Key{2}}, {Kind: ControlSet, ID: base.ID{3}, Slot: SlotWrite{"x", LumpSlot("bafy")}},
		{Kind: ControlOrigin, Origins: []Origin{{CID: "bafy", Region: base.ID{1}, Name: "hearth", Owner: base.Key{2}, Tick: 3}}},
		{Kind: ControlTerms, Terms: []byte("x")}, {Kind: ControlCharge, Charge: []byte{1}},
		{Kind: ControlUndo, Undo: &Undo{Player: base.Key{4}, Since: 3, Base: 9, Steps: []UndoStep{{Kind: UndoAdd, Thing: spec.Thing}, {Kind: UndoRemove, ID: base.ID{5}, Epoch: 1},
			{Kind: UndoSlots, ID: base.ID{6}, Epoch: 1, Was: []uint64{7}, Set: []SlotWrite{{"x", IntSlot(3)}}}, {Kind: UndoMove, ID: base.ID{7}, Epoch: 2, Loose: true},
			{Kind: UndoHold, ID: base.ID{8}, Epoch: 1, Held: Held{base.Key{1}, base.Key{2}, 9, true}}, {Kind: UndoTimers, ID: base.ID{9}, Epoch: 1, Timers: []Timer{{3, 4}}},
			{Kind: UndoUntie, ID: base.ID{10}, Epoch: 1, Joint: physics.Joint{ID: 3}}, {Kind: UndoTie, ID: base.ID{11}, Epoch: 1, Joint: physics.Joint{ID: 4, Kind: physics.BallJoint, FrameA: physics.Frame{Rot: spatial.Identity}, FrameB: physics.Frame{Rot: spatial.Identity}}}}}},
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
	add(BorderMessage{Kind: BorderShard, Tick: 3, Shard: shard.HandoffMessage(regionID("hearth"), handoff.Msg{Kind: handoff.Offer, Life: 1, Of: 1, N: 1, Floor: 1, Items: []handoff.Ref{{ID: base.ID{9}, Epoch: 1}}})})
	add(BorderMessage{Kind: BorderSaid, N: 4, Line: Line{From: base.ID{1}, Name: "ann", Text: "hi"}})
	add(BorderMessage{Kind: BorderRelay, Relay: &Relayed{To: base.ID{1}, Ack: 3, Floor: 7, First: 8, Letters: []letter{{To: base.ID{2}, From: base.ID{3}, Name: "bell", Tag: -1, Text: "ring", Hops: 1}}}})
	id := base.ID{5}
	add(BorderMessage{Kind: BorderShard, Shard: shard.HandoffMessage(regionID("hearth"), handoff.Msg{Kind: handoff.Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1,
		Items: []handoff.Ref{{ID: id, Epoch: 1}}, Parts: 1, State: parcelOf(id, nil)})})
	p := newPair(f, 0) // and what a region says of what it has
	p.step(nil, []Entry{control(ballSpec("ball", -30, 0))})
	for range 4 {
		_, out := p.step(nil, nil)
		for _, m := range out.Border {
			f.Add(m.Body)
		}
	}
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
	f.Add(s.pack(t0))
	step(f, s, control(ballSpec("ball", 3, 0)))
	t1 := named(f, s, "ball").Thing
	f.Add(s.pack(t1))
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
		if got := s.pack(p.thing); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	var e base.Encoder
	Entry{Kind: EntryBorder, From: base.ID{1}, Seq: 7, Body: []byte("x")}.AppendTo(&e)
	f.Add(e.B)
	p, id := newPerson("server"), regionID("hearth")
	v := Vouch(id, p.key, 3, control(ballSpec("ball", 1, 1)), p.sign)
	f.Add(entryBytes(v))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ParseEntry(b)
		if err != nil {
			return
		}
		same1(t, b, x.AppendTo)
		if v, err := parseVouched(id, x.Body); err == nil && x.Kind == EntryVouched {
			n := Vouch(id, v.server, v.number, v.inner, func([]byte) []byte { return v.sig })
			if !bytes.Equal(n.Body, x.Body) {
				t.Fatal("another form")
			}
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

func entryBytes(x Entry) []byte {
	var e base.Encoder
	x.AppendTo(&e)
	return e.B
}

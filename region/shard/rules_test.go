package shard

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// TestRule1_2: numbers follow from ids, and where they are taken the next one
// is free.
func TestRule1_2(t *testing.T) {
	s := alone(t)
	a, b, c := base.ID{7: 1, 15: 4}, base.ID{15: 5}, base.ID{7: 9, 15: 9}
	for i, id := range []base.ID{a, b, c} {
		spawn(t, s, id, crate(v(float32(3*i), 0.5, 0)))
	}
	for id, want := range map[base.ID]physics.BodyID{a: 5, b: 6, c: 1} {
		if n, ok := s.Number(id); !ok || n != want {
			t.Errorf("%v is number %d, want %d", id, n, want)
		}
		if name, ok := s.Name(want); !ok || name != id {
			t.Errorf("number %d is %v", want, name)
		}
	}
}

// TestRule3_5: a ghost that lies still says its owner, and was moved here by
// what the owner does not know of, is put back after a while and not before.
func TestRule3_5(t *testing.T) {
	s := alone(t)
	b := crate(v(-30, 0.5, 0))
	still := motionOf(&b, true, false)
	run(s)
	run(s, say(s.Tick(), word{Echo: 1, Intros: []intro{{Handle: 1, ID: oid(5), Epoch: 1, Body: b}}}))
	run(s, say(s.Tick(), word{Echo: 1, Moves: []move{{1, still}}}))
	g := s.find(oid(5))
	s.set(g, moment{Pos: v(34.4, 0.5, 0), Rot: spatial.Identity})
	for n := range 40 {
		run(s, say(s.Tick(), word{Echo: 1}))
		p, _ := s.Body(oid(5))
		switch {
		case n < 25 && p.Pos.X < 34.3:
			t.Fatalf("put back after %d ticks", n)
		case n > 35 && (p.Pos.X < 33.99 || p.Pos.X > 34.01):
			t.Fatalf("still at %v after %d ticks", p.Pos, n)
		}
	}
}

// TestRule5: which bodies of a neighbour count, by their place, size and
// flags. The border is at X = -32 in its coordinates.
func TestRule5(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*physics.Body)
		ghost  bool
	}{
		{"beside the border", func(*physics.Body) {}, true},
		{"far on its own side", func(b *physics.Body) { b.Pos.X = 60 }, true},
		{"a little on this side", func(b *physics.Body) { b.Pos.X = -44 }, true},
		{"far on this side", func(b *physics.Body) { b.Pos.X = -50 }, false},
		{"long, over the border", func(b *physics.Body) { b.Shape.Half.X = 20 }, true},
		{"too long", func(b *physics.Body) { b.Shape.Half.X = 40 }, false},
		{"immovable, on its side", func(b *physics.Body) { b.Flags, b.Mass = physics.Static, 0 }, true},
		{"immovable, on this side", func(b *physics.Body) { b.Flags, b.Mass, b.Pos.X = physics.Static, 0, -34 }, false},
		{"immovable, long", func(b *physics.Body) { b.Flags, b.Mass, b.Shape.Half.X = physics.Static, 0, 20 }, false},
		{"a platform", func(b *physics.Body) { b.Flags, b.Mass = physics.Kinematic, 0 }, true},
		{"heavy and slow", func(b *physics.Body) { b.Mass = 9e4 }, true},
		{"heavy and fast", func(b *physics.Body) { b.Mass, b.Vel.X = 9e4, -30 }, false},
		{"too heavy", func(b *physics.Body) { b.Mass = 2e5 }, false},
		{"of an unknown shape", func(b *physics.Body) { b.Shape.Kind = 99 }, false},
	} {
		s := alone(t)
		run(s)
		run(s)
		b := crate(v(-30, 0.5, 0))
		c.change(&b)
		run(s, say(s.Tick(), word{Echo: 1, Intros: []intro{{Handle: 1, ID: oid(5), Epoch: 1, Body: b}}}))
		p, ok := s.Body(oid(5))
		if ok != c.ghost {
			t.Errorf("%s: a ghost is made: %v", c.name, ok)
		}
		if ok && (p.Flags&physics.Ghost == 0 || p.Flags&physics.Kinematic != 0) {
			t.Errorf("%s: flags %b", c.name, p.Flags)
		}
		if err := s.consistent(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRefusedInputs: what the main sim may not do changes nothing.
func TestRefusedInputs(t *testing.T) {
	s := alone(t)
	spawn(t, s, oid(1), crate(v(0, 0.5, 0)))
	run(s)
	run(s)
	run(s, say(s.Tick(), word{Echo: 1, Intros: []intro{{Handle: 1, ID: oid(5), Epoch: 3, Body: crate(v(-30, 0.5, 0))}}}))
	before := s.Hash()
	heavy := crate(v(1, 1, 1))
	heavy.Mass = 2e5
	j := &physics.Joint{ID: 4, Kind: physics.BallJoint}
	for name, in := range map[string]Input{
		"no kind":             {},
		"spawn twice":         {Kind: InSpawn, ID: oid(1), Epoch: 2, Body: crate(v(3, 1, 0))},
		"spawn a ghost":       {Kind: InSpawn, ID: oid(5), Epoch: 3, Body: crate(v(3, 1, 0))},
		"too heavy":           {Kind: InSpawn, ID: oid(2), Epoch: 1, Body: heavy},
		"remove a ghost":      {Kind: InRemove, ID: oid(5)},
		"command a ghost":     {Kind: InCommand, ID: oid(5), Command: physics.Command{Kind: physics.CmdImpulse, Vec: v(1, 0, 0)}},
		"add by command":      {Kind: InCommand, ID: oid(1), Command: physics.Command{Kind: physics.CmdAdd}},
		"own by command":      {Kind: InCommand, ID: oid(1), Command: physics.Command{Kind: physics.CmdOwn}},
		"join to a ghost":     {Kind: InCommand, ID: oid(1), Other: oid(5), Command: physics.Command{Kind: physics.CmdJoint, Joint: j}},
		"motor of no joint":   {Kind: InCommand, ID: oid(1), Command: physics.Command{Kind: physics.CmdMotor, Joint: j}},
		"itself as neighbour": {Kind: InNeighbours, Neighbours: []Neighbour{{here, spatial.At(9, 0, 0)}}},
		"one place for two":   {Kind: InNeighbours, Neighbours: []Neighbour{{there, spatial.At(-32, 0, 0)}}},
		"one neighbour twice": {Kind: InNeighbours, Neighbours: []Neighbour{{there, spatial.At(1, 0, 0)}, {there, spatial.At(2, 0, 0)}}},
	} {
		if err := s.Do(in); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if s.Hash() != before || len(s.cmds) > 0 {
		t.Error("a refused input changed something")
	}
}

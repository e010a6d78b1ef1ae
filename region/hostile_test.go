package region

import (
	"encoding/binary"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// What a neighbour that wants to do harm may send. Whatever it is, the region
// goes on, and its state can be restored.

// besieged is a region at 64 m with a bell and a ball, and its neighbour's id.
func besieged(t testing.TB) (s *Sim, enemy base.ID) {
	t.Helper()
	s = mustNew(t, testConfig("commons", 64))
	enemy = regionID("hearth")
	step(t, s, control(ControlEntry{Kind: ControlNeighbours, Neighbours: []Neighbour{{ID: enemy, Name: "hearth", Site: spatial.At(0, 0, 0)}}}),
		control(scripted("bell", "count", -20)), control(ballSpec("ball", -10, 0)))
	return s, enemy
}

func borderEntry(from base.ID, m BorderMessage) Entry {
	var e base.Encoder
	m.AppendTo(&e)
	return Entry{Kind: EntryBorder, From: from, Body: e.B}
}

func releaseOf(s *Sim, enemy base.ID, n uint64, id base.ID, epoch uint64, state []byte) Entry {
	return borderEntry(enemy, BorderMessage{Kind: BorderHandoff, To: s.cfg.ID,
		Handoff: handoff.Msg{Kind: handoff.Release, N: n, Floor: n, ID: id, Epoch: epoch, State: state}})
}

// parcelOf is the state of a ball that the neighbour gives away.
func parcelOf(id base.ID, change func(*Thing, *Motion)) []byte {
	t := &Thing{ID: id, Epoch: 1, Kind: "ball", Name: "gift", Shape: Sphere, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}}
	m := Motion{Pos: spatial.Vec{X: 34, Y: 1}, Rot: spatial.Identity}
	if change != nil {
		change(t, &m)
	}
	var e base.Encoder
	t.appendTo(&e)
	m.appendTo(&e)
	e.F32(1)
	e.F32(0.5)
	e.F32(0.5)
	return e.B
}

// survives: the state can be restored and both go on alike.
func survives(t *testing.T, s *Sim) *Sim {
	t.Helper()
	r, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := step(t, s), step(t, r); a.Hash != b.Hash {
		t.Fatal("the restored region goes another way")
	}
	return s
}

// TestTinyBodies: physics refuses bodies below its bound. One that got as far
// would leave a thing without a body, and a checkpoint that cannot be restored.
func TestTinyBodies(t *testing.T) {
	s, enemy := besieged(t)
	tiny := spatial.Vec{X: 0.015, Y: 0.015, Z: 0.015}
	crumb := ballSpec("crumb", 0, 0)
	crumb.Thing.Size = tiny
	if out := step(t, s, control(crumb)); len(out.Failed) != 1 {
		t.Fatal("a crumb was made")
	}
	survives(t, s)
	step(t, s, borderEntry(enemy, BorderMessage{Kind: BorderGhosts, Ghosts: []Ghost{{ID: base.ID{1}, Epoch: 1, Shape: Sphere, Size: tiny,
		Body: Motion{Pos: spatial.Vec{X: 31}, Rot: spatial.Identity}, Mass: 1}}}))
	survives(t, s)
	step(t, s, releaseOf(s, enemy, 1, base.ID{2}, 1, parcelOf(base.ID{2}, func(x *Thing, _ *Motion) { x.Size = tiny })))
	survives(t, s)
	least := ballSpec("least", 0, 0)
	least.Thing.Size = spatial.Vec{X: 0.02, Y: 0.02, Z: 0.02}
	if out := step(t, s, control(least)); len(out.Failed) != 0 {
		t.Fatal("the smallest ball was refused")
	}
	survives(t, s)
}

// TestReleasesWithoutRoom: what comes unasked is taken up to a bound. The rest
// is not answered, so an honest neighbour keeps it and says it again.
func TestReleasesWithoutRoom(t *testing.T) {
	s, enemy := besieged(t)
	limit := s.cfg.MaxThings + handoffSlack
	id := func(i int) (id base.ID) { binary.BigEndian.PutUint32(id[:], uint32(i)+1); return id }
	n := 0
	for range 8 {
		var list []Entry
		for range 250 {
			n++
			list = append(list, releaseOf(s, enemy, uint64(n), id(n), 1, parcelOf(id(n), func(_ *Thing, m *Motion) {
				m.Pos = spatial.Vec{X: 33 + float32(n%100), Y: 1, Z: float32(n/100)*2 - 40}
			})))
		}
		out, err := s.Step(Batch{Tick: s.tick + 1, Entries: number(list)})
		if err != nil || out.Counts.PhysicsRefused != 0 {
			t.Fatalf("%v %+v", err, out.Counts)
		}
	}
	if s.Things() != limit {
		t.Fatalf("%d things after %d releases, at most %d", s.Things(), n, limit)
	}
	if _, err := Restore(s.cfg, s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	// Room again: what was not answered comes once more and is taken.
	step(t, s, control(ControlEntry{Kind: ControlRemove, ID: id(1)}))
	if out := step(t, s, releaseOf(s, enemy, uint64(n), id(n), 1, parcelOf(id(n), nil))); out.Counts.HandoffsIn != 1 {
		t.Fatal("not taken when there was room")
	}
}

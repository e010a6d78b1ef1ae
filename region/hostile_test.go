package region

import (
	"encoding/binary"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// What a neighbour that wants to do harm may send. Whatever it is, the region
// goes on, and its state can be restored.

// besieged is a region at 64 m with a bell and a ball, and its neighbour's id.
func besieged(t testing.TB) (s *Sim, enemy base.ID) {
	t.Helper()
	cfg := testConfig("commons", 64)
	cfg.MaxThings = 1024
	s = mustNew(t, cfg)
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

// releaseOf is the release of a ball that the neighbour gives away: cargo is
// what parcelOf made, or a state that is none.
func releaseOf(s *Sim, enemy base.ID, n uint64, id base.ID, epoch uint64, state []byte) Entry {
	return borderEntry(enemy, BorderMessage{Kind: BorderShard, Shard: shard.HandoffMessage(s.cfg.ID,
		handoff.Msg{Kind: handoff.Release, Life: 1, Of: 1, First: 1, N: n, Floor: n, Items: []handoff.Ref{{ID: id, Epoch: epoch}}, Parts: 1, State: state})})
}

// parcelOf is the state of a ball that the neighbour gives away.
func parcelOf(id base.ID, change func(*Thing, *physics.Body)) []byte {
	t := &Thing{ID: id, Epoch: 1, Kind: "ball", Name: "gift", Shape: Sphere, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}}
	b := physics.Body{Pos: spatial.Vec{X: 34, Y: 1}, Rot: spatial.Identity, Mass: 1, Friction: 0.5, Restitution: 0.5, Shape: t.shape()}
	if change != nil {
		change(t, &b)
	}
	var e base.Encoder
	t.appendTo(&e)
	appendTimers(&e, nil, 0)
	appendLoan(&e, &Thing{}, 0)
	return shard.Freight(0, shard.Cargo{ID: id, Body: b, Payload: e.B})
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
	step(t, s, releaseOf(s, enemy, 1, base.ID{2}, 1, parcelOf(base.ID{2}, func(x *Thing, b *physics.Body) { x.Size, b.Shape.Half = tiny, tiny.Scale(0.5) })))
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
			list = append(list, releaseOf(s, enemy, uint64(n), id(n), 1, parcelOf(id(n), func(_ *Thing, m *physics.Body) {
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

// TestDamagedReleases: a release whose state cannot be read takes nothing away
// from this region, not even the thing it names.
func TestDamagedReleases(t *testing.T) {
	s, enemy := besieged(t)
	ball, bell := named(t, s, "ball").Thing.ID, named(t, s, "bell").Thing.ID
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	me := base.AvatarID(ann.key)
	things := s.Things()
	for i, e := range []Entry{
		releaseOf(s, enemy, 1, ball, 9, []byte("nonsense")),
		releaseOf(s, enemy, 2, ball, 9, parcelOf(base.ID{3}, nil)),           // of another thing
		releaseOf(s, enemy, 3, bell, 9, parcelOf(bell, nil)),                 // what stands fixed never left
		releaseOf(s, enemy, 4, me, 1<<50<<10, parcelOf(me, nil)),             // a ball in the place of ann
		releaseOf(s, enemy, 5, base.ID{4}, 1<<63, parcelOf(base.ID{4}, nil)), // beyond every epoch
	} {
		if out := step(t, s, e); out.Counts.BorderBad != 1 || out.Counts.HandoffsIn != 0 || len(out.Border) != 0 {
			t.Errorf("release %d: %+v, %d answers", i+1, out.Counts, len(out.Border))
		}
		survives(t, s)
	}
	if s.Things() != things {
		t.Fatalf("%d things, there were %d", s.Things(), things)
	}
	if a := ackOf(t, step(t, s, ann.entry(Input{Kind: InSay, Text: "here"})), ann); a.Code != OK {
		t.Fatalf("ann: %v", a.Code)
	}
}

// TestForgedAvatarState: a neighbour decides how fast and where an avatar goes
// that it hands over, within what avatars can do.
func TestForgedAvatarState(t *testing.T) {
	s, enemy := besieged(t)
	ann := newPerson("ann")
	me := base.AvatarID(ann.key)
	var change func(*physics.Body)
	state := func(proof Entry) []byte {
		x := &Thing{ID: me, Epoch: 1, Kind: "tree", Name: "ann", Owner: newPerson("eve").key, Player: ann.key, Shape: Sphere,
			Size: spatial.Vec{X: 9, Y: 9, Z: 9}, LastError: "\x1b[2J"}
		var e base.Encoder
		x.appendTo(&e)
		appendTimers(&e, nil, 0)
		appendLoan(&e, &Thing{}, 0)
		e.Bytes(proof.Body)
		spatial.Vec{X: 1e30, Y: 1e30}.AppendTo(&e)
		e.U16(SteerTicks)
		e.Bool(true)
		spatial.Pos{X: spatial.MaxCoord}.AppendTo(&e)
		b := avatarBody(spatial.Vec{X: 34, Y: 1})
		b.Rot, b.Vel = spatial.Identity, spatial.Vec{X: 70, Y: 5, Z: -30}
		if change != nil {
			change(&b)
		}
		return shard.Freight(0, shard.Cargo{ID: me, Body: b, Payload: e.B})
	}
	// Only with the player's word, and only up to it.
	eve := newPerson("eve")
	word := ann.entryAt(1000, Input{Kind: InStop})
	other, err := SignInput("another world", ann.key, 1000, Input{Kind: InStop}, ann.sign)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := signed{SignedInput: other}
	forged := ann.entryAt(MaxSeq, Input{Kind: InStop})
	forged.Body[40] ^= 1
	for i, e := range []Entry{
		releaseOf(s, enemy, 1, me, 1000<<16, state(eve.entryAt(1000, Input{Kind: InStop}))),
		releaseOf(s, enemy, 1, me, 1000<<16, state(forged)),
		releaseOf(s, enemy, 1, me, 1000<<16, state(Entry{Body: elsewhere.encoded()})),
		releaseOf(s, enemy, 1, me, 1001<<16, state(word)),
	} {
		if out := step(t, s, e); out.Counts.BorderBad != 1 || s.Things() != 2 {
			t.Fatalf("forged avatar %d was taken", i+1)
		}
	}
	for name, c := range map[string]func(*physics.Body){
		"a giant":     func(b *physics.Body) { b.Shape.Half = spatial.Vec{X: 9, Y: 9, Z: 9} },
		"of iron":     func(b *physics.Body) { b.Mass = 1e5 },
		"not upright": func(b *physics.Body) { b.Flags = 0 },
	} {
		change = c
		if out := step(t, s, releaseOf(s, enemy, 1, me, 1000<<16, state(word))); out.Counts.BorderBad != 1 || s.Things() != 2 {
			t.Errorf("an avatar that is %s was taken", name)
		}
	}
	change = nil
	step(t, s, releaseOf(s, enemy, 1, me, 1000<<16, state(word)))
	x := named(t, s, "ann").Thing
	if x.Kind != kindAvatar || x.Owner != ann.key || x.Size.Y != 2*avatarHalfY || x.LastError == "\x1b[2J" {
		t.Fatalf("%+v", x)
	}
	for range 90 {
		step(t, s) // physics refuses nothing
	}
	if v := named(t, s, "ann").Motion.Vel.Len(); v > MaxSteerSpeed {
		t.Fatalf("runs at %v m/s", v)
	}
	survives(t, s)
}

// TestNameOfAnAvatarIsNotTaken: a thing released under the id that a player's
// avatar would have does not keep the player out.
func TestNameOfAnAvatarIsNotTaken(t *testing.T) {
	s, enemy := besieged(t)
	ann := newPerson("ann")
	me := base.AvatarID(ann.key)
	if out := step(t, s, releaseOf(s, enemy, 1, me, 1, parcelOf(me, nil))); out.Counts.HandoffsIn != 1 {
		t.Fatal("not taken: no test")
	}
	joined(t, s, ann, 0, 0)
	survives(t, s)
}

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
	state := func(proof Entry) []byte {
		x := &Thing{ID: me, Epoch: 1, Kind: "tree", Name: "ann", Owner: newPerson("eve").key, Player: ann.key, Shape: Sphere,
			Size: spatial.Vec{X: 9, Y: 9, Z: 9}, LastError: "\x1b[2J"}
		var e base.Encoder
		x.appendTo(&e)
		Motion{Pos: spatial.Vec{X: 34, Y: 1}, Rot: spatial.Identity, Vel: spatial.Vec{X: 1e38, Y: 1e38, Z: -1e38}, Spin: spatial.Vec{X: 1e38}}.appendTo(&e)
		for range 3 {
			e.F32(1)
		}
		e.Bytes(proof.Body)
		spatial.Vec{X: 1e30, Y: 1e30}.AppendTo(&e)
		e.U16(SteerTicks)
		e.Bool(true)
		spatial.Pos{X: spatial.MaxCoord}.AppendTo(&e)
		return e.B
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
	step(t, s, releaseOf(s, enemy, 1, me, 1000<<16, state(word)))
	x := named(t, s, "ann").Thing
	if x.Kind != kindAvatar || x.Owner != ann.key || x.Size.Y != 2*avatarHalfY || x.LastError == "\x1b[2J" {
		t.Fatalf("%+v", x)
	}
	for range 45 {
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

// TestGhostFloods: however many words a neighbour says about bodies, physics
// gets every command of this region's own.
func TestGhostFloods(t *testing.T) {
	s, enemy := besieged(t)
	var list []Entry
	for k := range 90 {
		m := BorderMessage{Kind: BorderGhosts}
		for i := range maxBorderRefs {
			size := 0.5 + float32(k%2)/10 // another body each time
			m.Ghosts = append(m.Ghosts, Ghost{ID: base.ID{9, byte(i)}, Epoch: 1, Shape: Sphere, Size: spatial.Vec{X: size, Y: size, Z: size},
				Body: Motion{Pos: spatial.Vec{X: 30, Z: float32(i) - 90}, Rot: spatial.Identity}, Mass: 1})
		}
		list = append(list, borderEntry(enemy, m))
	}
	ann := newPerson("ann")
	list = append(list, ann.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: "ann", Pos: spatial.At(64, 0, 0)}))
	step(t, s, list...)
	survives(t, s)
}

// TestGhostsStayOnTheirSide: a neighbour's bodies bar nobody's way where the
// place is not the neighbour's, and no third region moves them.
func TestGhostsStayOnTheirSide(t *testing.T) {
	s, enemy := besieged(t)
	other := regionID("other")
	step(t, s, control(ControlEntry{Kind: ControlNeighbours, Neighbours: []Neighbour{{ID: enemy, Name: "hearth", Site: spatial.At(0, 0, 0)},
		{ID: other, Name: "other", Site: spatial.At(64, 0, 64)}}}))
	word := func(from base.ID, id byte, x, z, size float32, epoch uint64) { // x and z in metres of the world
		site := spatial.Vec{}
		if from == other {
			site = spatial.Vec{X: 64, Z: 64}
		}
		step(t, s, borderEntry(from, BorderMessage{Kind: BorderGhosts, Ghosts: []Ghost{{ID: base.ID{id}, Epoch: epoch, Shape: Box, Fixed: true,
			Size: spatial.Vec{X: size, Y: size, Z: size}, Body: Motion{Pos: spatial.Vec{X: x, Z: z}.Sub(site), Rot: spatial.Identity}, Mass: 1}}}))
	}
	word(enemy, 1, 64, 0, 2, 1)  // on the middle of this region
	word(enemy, 2, 31, 0, 60, 1) // a lid over half of it
	if s.Ghosts() != 0 {
		t.Fatalf("%d ghosts", s.Ghosts())
	}
	word(enemy, 3, 33, 0, 2, 1) // just over the border, on its way
	word(other, 3, 60, 33, 2, 1)
	if s.Ghosts() != 1 || s.ghosts[0].From != enemy {
		t.Fatal("a third region took the ghost")
	}
	word(other, 3, 60, 33, 2, 2) // after a hand-off between the two
	if s.Ghosts() != 1 || s.ghosts[0].From != other {
		t.Fatal("a new owner's word does not count")
	}
	survives(t, s)
}

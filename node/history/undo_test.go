package history

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

func idOf(s *region.Sim, name string) (id base.ID) {
	s.Each(func(x region.Seen) bool {
		if x.Thing.Name == name {
			id = x.Thing.ID
		}
		return true
	})
	return id
}

func slotOf(s *region.Sim, name, slot string) (v region.SlotValue) {
	s.Each(func(x region.Seen) bool {
		if x.Thing.Name == name {
			v, _ = x.Thing.Slots.Get(slot)
		}
		return true
	})
	return v
}

func posOf(s *region.Sim, name string) (p spatial.Vec) {
	s.Each(func(x region.Seen) bool {
		if x.Thing.Name == name {
			p = x.Motion.Pos
		}
		return true
	})
	return p
}

// admin asks the region for something as its owner.
func (w *world) admin(counter uint64, c region.ControlEntry) {
	priv, key := keyOf(99)
	var b base.Encoder
	c.AppendTo(&b)
	law := w.sim.Law()
	x := succession.Entry{Kind: succession.Act, By: key, Counter: counter, Head: law.Head(), Body: b.B}
	g := law.Genesis()
	copy(x.Sig[:], edSign(priv, g.SigningBytes(&x)))
	w.control(region.ControlEntry{Kind: region.ControlLaw, Law: x.Bytes()})
}

// TestUndo: what one player did is put back, what another did stays, and the
// region has gone on meanwhile.
func TestUndo(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, Config{Dir: dir})
	_, a := keyOf(1)
	_, b := keyOf(2)
	w.control(ball("apple", 1, a))
	w.control(ball("brick", 3, b))
	w.control(ball("crate", 0, base.Key{}))
	for who := byte(1); who <= 2; who++ {
		w.input(who, region.Input{Kind: region.InJoin, Region: regionConfig().ID, Name: "p", Pos: spatial.At(float64(2*who), 0, 1)})
	}
	w.ticks(40)
	set := func(who byte, thing, slot string, n int64) {
		w.input(who, region.Input{Kind: region.InSet, Thing: idOf(w.sim, thing), Slot: region.SlotWrite{Name: slot, Value: region.IntSlot(n)}})
	}
	set(1, "apple", "price", 5)
	w.ticks(20)
	since := w.sim.Tick() + 1
	set(1, "apple", "price", 99)
	set(1, "apple", "curse", 1)
	set(2, "brick", "price", 7)
	w.input(1, region.Input{Kind: region.InThrow, Thing: idOf(w.sim, "crate"), Vel: spatial.Vec{X: 1, Y: 2, Z: 3}})
	before := posOf(w.sim, "crate")
	w.ticks(400) // until it lies still
	if p := posOf(w.sim, "crate"); p.Sub(before).X < 0.3 && p.Sub(before).Z < 0.3 {
		t.Fatalf("the crate was not thrown: %v", p)
	}

	real := replayTo(t, dir, replay.Job{Config: regionConfig()}, since-1, w.sim.Tick())
	without := replayTo(t, dir, replay.Job{Config: regionConfig(), Without: func(k base.Key) bool { return k == a }, Since: since}, since-1, w.sim.Tick())
	if real.Hash() != w.hash[w.sim.Tick()] {
		t.Fatal("the replay is not the region")
	}
	steps := real.Sim().Differences(without.Sim(), func(base.ID) bool { return false })
	kinds := map[region.UndoKind]int{}
	for _, x := range steps {
		kinds[x.Kind]++
	}
	if kinds[region.UndoSlots] != 1 || kinds[region.UndoMove] < 1 || kinds[region.UndoAdd]+kinds[region.UndoRemove] != 0 {
		t.Fatalf("%v", kinds)
	}
	c := region.ControlEntry{Kind: region.ControlUndo, Undo: &region.Undo{Player: a, Since: since, Base: real.Tick(), Steps: steps}}

	// A server alone cannot.
	w.ticks(10)
	w.control(c)
	w.ticks(1)
	if slotOf(w.sim, "apple", "price").Int != 99 {
		t.Fatal("an undo without an admin counts")
	}
	w.admin(1, c)
	w.ticks(2)
	if slotOf(w.sim, "apple", "price").Int != 5 || slotOf(w.sim, "apple", "curse").Type != region.SlotNone || slotOf(w.sim, "brick", "price").Int != 7 {
		t.Fatal("the slots are not as they would be")
	}
	if d := posOf(w.sim, "crate").Sub(posOf(without.Sim(), "crate")); d.X*d.X+d.Z*d.Z > 0.01 {
		t.Fatalf("the crate lies %v from where it would", d)
	}
	// Once more: it does not fit, and nothing of it is done.
	set(2, "brick", "price", 8)
	hash := slotOf(w.sim, "apple", "price")
	w.admin(2, c)
	w.ticks(2)
	if got := slotOf(w.sim, "apple", "price"); got.Int != hash.Int {
		t.Fatal("it counts twice")
	}
	// The log with it leads to the same state.
	if r := replayTo(t, dir, replay.Job{Config: regionConfig()}, 1, w.sim.Tick()); r.Hash() != w.hash[w.sim.Tick()] {
		t.Fatal("a log with an undo is not made again")
	}
}

// TestUndoOfNothing: without inputs to leave out nothing differs.
func TestUndoOfNothing(t *testing.T) {
	dir := t.TempDir()
	w := busy(t, Config{Dir: dir}, 100)
	_, nobody := keyOf(77)
	r := replayTo(t, dir, replay.Job{Config: regionConfig(), Without: func(k base.Key) bool { return k == nobody }, Since: 1}, 1, 100)
	if r.Hash() != w.hash[100] {
		t.Fatal("leaving nobody out changes the state")
	}
	if steps := w.sim.Differences(r.Sim(), func(base.ID) bool { return false }); len(steps) != 0 {
		t.Fatalf("%d steps", len(steps))
	}
}

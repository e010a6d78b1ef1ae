package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

func crate(name string, x, y float32, owner *person) ControlEntry {
	c := ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "box", Name: name, Shape: Box, Size: spatial.Vec{X: 0.6, Y: 0.6, Z: 0.6},
		Pos: spatial.Vec{X: x, Y: y}, Mass: 5, Friction: 0.5}}
	if owner != nil {
		c.Thing.Owner = owner.key
	}
	return c
}

// TestTie: what a player ties hangs, what is untied falls, and only the owner
// does it, within reach.
func TestTie(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	ann, bob := newPerson("ann"), newPerson("bob")
	step(t, s, control(crate("lamp", 2, 2, ann)), control(crate("far", 20, 0.3, ann)), control(scripted("post", "count", 5)))
	joined(t, s, ann, 0, 0)
	joined(t, s, bob, 0, 3)
	lamp, far, post := named(t, s, "lamp").Thing.ID, named(t, s, "far").Thing.ID, named(t, s, "post").Thing.ID
	do := func(p *person, in Input) Code { t.Helper(); return ackOf(t, step(t, s, p.entry(in)), p).Code }
	hang := Tie{A: lamp, Kind: TieBall, At: spatial.At(2, 3, 0)}
	for _, c := range []struct {
		who  *person
		tie  Tie
		want Code
	}{
		{bob, hang, NotAllowed},
		{ann, Tie{A: base.ID{9}, Kind: TieBall}, NoThing},
		{ann, Tie{A: far, Kind: TieBall, At: spatial.At(20, 1, 0)}, TooFar},
		{ann, Tie{A: lamp, B: post, Kind: TieBall, At: spatial.At(2, 1, 0)}, NotAllowed}, // not hers
		{ann, Tie{A: lamp, Kind: TieBall, At: spatial.At(2, 1, 50)}, BadInput},
		{ann, hang, OK},
	} {
		if got := do(c.who, Input{Kind: InTie, Tie: c.tie}); got != c.want {
			t.Errorf("%s ties %+v: %v, want %v", c.who.name, c.tie, got, c.want)
		}
	}
	for range 60 {
		step(t, s)
	}
	if y := named(t, s, "lamp").Motion.Pos.Y; y < 0.9 {
		t.Fatalf("it hangs at %v m", y)
	}
	// The state holds the tie.
	if _, err := Restore(s.cfg, s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	if got := do(ann, Input{Kind: InUntie, Tie: Tie{A: lamp}}); got != OK {
		t.Fatalf("untie: %v", got)
	}
	for range 60 {
		step(t, s)
	}
	if y := named(t, s, "lamp").Motion.Pos.Y; y > 0.5 {
		t.Errorf("untied, it is still at %v m", y)
	}
}

// TestTiedCrossTogether: two crates with a rod between go over a border as one,
// and are tied over there.
func TestTiedCrossTogether(t *testing.T) {
	p := newPair(t, 10)
	p.step([]Entry{control(crate("front", 30, 0.3, nil)), control(crate("back", 28.8, 0.3, nil))}, nil)
	front, back := named(t, p.a, "front").Thing.ID, named(t, p.a, "back").Thing.ID
	out, _ := p.step([]Entry{control(ControlEntry{Kind: ControlTie, Tie: Tie{A: front, B: back, Kind: TieFixed, At: spatial.At(29.4, 0.3, 0)}})}, nil)
	if len(out.Failed) != 0 {
		t.Fatal("not tied")
	}
	both := 0
	for range 200 {
		for _, id := range []base.ID{front, back} {
			if x := p.a.thing(id); x != nil {
				if b := p.a.body(x); b.Vel.X < 4 {
					push(t, p.a, id, 12)
				}
			}
		}
		p.step(nil, nil)
		inA, inB := has(p.a, "front"), has(p.b, "front")
		alsoA, alsoB := has(p.a, "back"), has(p.b, "back")
		if inA != alsoA || inB != alsoB {
			t.Fatalf("front here %v, there %v; back here %v, there %v", inA, inB, alsoA, alsoB)
		}
		if inB {
			both++
		}
	}
	if both == 0 {
		t.Fatal("they did not cross")
	}
	if n := p.b.ties(front); n != 1 {
		t.Errorf("%d ties over there", n)
	}
	d := named(t, p.b, "front").Motion.Pos.Sub(named(t, p.b, "back").Motion.Pos).Len()
	if d < 1.15 || d > 1.25 {
		t.Errorf("they are %v m apart", d)
	}
}

// push gives a body an impulse, as a script would.
func push(t *testing.T, s *Sim, id base.ID, by float32) {
	t.Helper()
	if err := s.shard.Do(command(id, physics.Command{Kind: physics.CmdImpulse, Vec: spatial.Vec{X: by}})); err != nil {
		t.Fatal(err)
	}
}

package lab

import (
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// TestRule1_3: a touch across the border is told by each side of its own body
// alone, with equal impulses, and both pair them.
func TestRule1_3(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3, Physics: physics.Config{Gravity: physics.Weightless}, Pinned: true}, Pair(1))
	var hits [2][]shard.Event
	for range 60 {
		l.Step()
		for i, r := range l.Regions {
			for _, e := range r.Out[1].Events {
				if epoch, ok := r.Shard.Owns(e.A); !ok || epoch != e.EpochA {
					t.Fatalf("region %d tells of %v, which it does not own", i, e.A)
				}
				if e.Kind == physics.EvHit {
					hits[i] = append(hits[i], e)
				}
			}
		}
	}
	if len(hits[0]) != 1 || len(hits[1]) != 1 {
		t.Fatalf("%d and %d hits", len(hits[0]), len(hits[1]))
	}
	a, b := hits[0][0], hits[1][0]
	if a.A != b.B || a.B != b.A || a.EpochB != b.EpochA || a.EpochA != b.EpochB {
		t.Errorf("%+v and %+v are not one touch", a, b)
	}
	if d := a.Impulse - b.Impulse; d > 1e-3 || d < -1e-3 {
		t.Errorf("impulses %g and %g", a.Impulse, b.Impulse)
	}
	if l.Total.Paired != 2 || l.Total.Unpaired != 0 {
		t.Errorf("%d paired, %d not", l.Total.Paired, l.Total.Unpaired)
	}
}

// TestRule2_6: bodies that sleep cost nothing.
func TestRule2_6(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3}, Tower(false))
	for range 200 {
		l.Step()
	}
	before := l.Total
	if before.BodyBytes == 0 {
		t.Fatal("nothing was told of the tower")
	}
	for range 200 {
		l.Step()
	}
	if n := l.Total.BodyBytes - before.BodyBytes; n > 0 {
		t.Errorf("%d bytes about sleepers", n)
	}
}

// TestRule4_3: of a wall that is built across the border nothing is handed
// over, and it stands.
func TestRule4_3(t *testing.T) {
	s := Scene{Name: "long wall"}
	for y := range 4 {
		for x := range 20 {
			b := box(0.5, 1, at(float32(x)-9.5+float32(0.5*float32(y%2)), 0.5+float32(y), 0))
			s.Things = append(s.Things, Thing{b, -1})
		}
	}
	l := newLab(t, Config{Regions: 2, Lag: 4, Steps: 3}, s)
	for range 300 {
		l.Step()
	}
	if l.Total.HandoffOut > 0 {
		t.Errorf("%d hand-offs", l.Total.HandoffOut)
	}
	list, _ := l.States()
	for _, x := range list {
		if y := x.Body.Pos.Y; y-float32(int(y)) < 0.4 || speedOf(x) > 0.01 {
			t.Errorf("%v is at %v, moves at %v", x.ID, x.Body.Pos, x.Body.Vel)
		}
	}
}

func speedOf(s State) float32 { return s.Body.Vel.Len() }

// TestWalker: a driven body walks over the border as its owner makes it walk,
// and its ghost walks beside it.
func TestWalker(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 3, Steps: 3})
	me := physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: at(0.3, 0.9, 0.3)}, Flags: physics.Upright,
		Pos: at(-5, 0.9, 0), Rot: spatial.Identity, Mass: 70, Friction: 0.6}
	if err := l.Add(Name(0), me, 0); err != nil {
		t.Fatal(err)
	}
	drive := func(r *Region, v spatial.Vec) {
		err := r.Shard.Do(shard.Input{Kind: shard.InCommand, ID: Name(0), Command: physics.Command{Kind: physics.CmdDrive, Vec: v, F: 25}})
		if err != nil {
			t.Fatal(err)
		}
	}
	drive(l.Regions[0], at(3, 0, 0))
	last := float32(-5)
	for k := range 80 {
		l.Step()
		list, _ := l.States()
		x := list[0].Body.Pos.X
		if k > 10 {
			if d := x - last; d < 0.14 || d > 0.16 {
				t.Fatalf("tick %d: %g m in a tick, owner %d", k, d, list[0].Owner)
			}
			for i, r := range l.Regions {
				p, ok := r.Shard.Body(Name(0))
				if ok {
					if d := p.Pos.X + float32(-32+64*i) - x; d > 0.02 || d < -0.02 {
						t.Fatalf("tick %d: region %d has it %g m off", k, i, d)
					}
				}
			}
		}
		last = x
	}
	if _, ok := l.Regions[1].Shard.Owns(Name(0)); !ok {
		t.Error("it did not arrive")
	}
	drive(l.Regions[1], at(0, 0, 3))
	l.Step()
	l.Step()
	if p, _ := l.Regions[1].Shard.Body(Name(0)); p.Vel.Z < 1 {
		t.Errorf("it does not obey its new owner: %v", p.Vel)
	}
}

// TestRule4_2: a door that hangs on a frame stays with it, wherever it swings.
func TestRule4_2(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3})
	frame, door := box(0.5, 1, at(-1, 1, 0)), box(0.8, 5, at(1.2, 1, 0))
	frame.Flags = physics.Static
	for i, b := range []physics.Body{frame, door} {
		if err := l.Add(Name(i), b, 0); err != nil {
			t.Fatal(err)
		}
	}
	j := physics.Joint{ID: 7, Kind: physics.HingeJoint, FrameA: physics.Frame{Pos: at(-1.6, 0, 0)}, FrameB: physics.Frame{Pos: at(0.6, 0, 0)}}
	err := l.Regions[0].Shard.Do(shard.Input{Kind: shard.InCommand, ID: Name(1), Other: Name(0), Command: physics.Command{Kind: physics.CmdJoint, Joint: &j}})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		l.Step()
	}
	if _, ok := l.Regions[0].Shard.Owns(Name(1)); !ok || l.Total.HandoffOut > 0 {
		t.Error("the door went without its frame")
	}
	if n := l.Regions[1].Shard.World().Joints(); n != 1 {
		t.Errorf("the ghost of the door hangs on %d joints", n)
	}
}

package lab

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// TestStalledDisk: the disk of a region, or the whole region, stands still for
// up to four seconds while bodies roll and fall over its border, released ones
// among them. Nothing is lost or doubled, and nothing passes a floor.
func TestStalledDisk(t *testing.T) {
	for _, whole := range []bool{false, true} {
		for _, side := range []int{0, 1} {
			for _, long := range []int{12, 40, 80} {
				for start := 0; start < 16; start += 4 {
					stall(t, whole, side, start, long)
				}
			}
		}
	}
}

func stall(t *testing.T, whole bool, side, start, long int) {
	t.Helper()
	l := newLab(t, Config{Regions: 2, Lag: 1, Steps: 3})
	// Two decks a metre thick, four metres up, that end at the border.
	for i, x := range []float32{-20, 20} {
		deck := physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: at(20, 0.5, 20)}, Flags: physics.Static, Pos: at(x, 4, 0), Friction: 0.5}
		deck.Shape.Half.X = 20
		if err := l.Add(Name(i), deck, i); err != nil {
			t.Fatal(err)
		}
	}
	const n = 8
	for i := range n {
		v := 2 + float32(i)
		b := ball(0.3, 1, at(-2-float32(0.3*v), 4.8, float32(2*i-8)), at(v, 0, 0))
		if b.Spin = at(0, 0, -v/0.3); i%2 == 0 {
			b.Pos.Y, b.Vel.Y = 6, 2
		}
		if i == 5 {
			b = box(0.3, 1, b.Pos)
			b.Vel.X = v
		}
		if err := l.Add(Name(2+i), b, 0); err != nil {
			t.Fatal(err)
		}
	}
	for k := range 200 {
		if k == 4+start {
			r := l.Regions[side]
			if r.Disk = l.Tick + base.Tick(long); whole {
				r.Away = r.Disk
			}
		}
		l.Step()
		list, doubled := l.States()
		limbo := 0
		if whole { // what is on its way for so long that its ghosts are gone is in a log
			limbo = l.Regions[0].Shard.Hand().Limbo() + l.Regions[1].Shard.Hand().Limbo()
		}
		if doubled > 0 || len(list)+limbo < n+2 {
			t.Fatalf("whole %v, side %d, %d ticks from %d: tick %d: %d bodies, %d doubled", whole, side, long, start, k, len(list), doubled)
		}
		for _, s := range list {
			if p := s.Body.Pos; s.Owner >= 0 && p.Y < 4.7 && s.Body.Mass > 0 && p.X > -30 && p.X < 38 {
				t.Fatalf("whole %v, side %d, %d ticks from %d: tick %d: %v is at %v, owner %d", whole, side, long, start, k, s.ID, p, s.Owner)
			}
		}
	}
	if !whole && l.Jump > 0.01 {
		t.Errorf("side %d, %d ticks from %d: jump of %g m", side, long, start, l.Jump)
	}
	list, _ := l.States()
	if len(list) != n+2 {
		t.Errorf("whole %v, side %d, %d ticks from %d: %d bodies in the end", whole, side, long, start, len(list))
	}
	for _, s := range list[2:] {
		if s.Owner != 1 && s.Body.Pos.X > 1 {
			t.Errorf("whole %v, side %d, %d ticks from %d: %v at %v is region %d's", whole, side, long, start, s.ID, s.Body.Pos, s.Owner)
		}
	}
}

// TestSlippedClock: a region that did not make its ticks for a second is
// followed at its new time at once, by either side.
func TestSlippedClock(t *testing.T) {
	for away := range 2 {
		l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3, Skew: 5, Physics: physics.Config{Gravity: physics.Weightless}})
		for i, x := range []float32{-2, 2} {
			if err := l.Add(Name(i), ball(0.3, 1, at(x, 20, -40), at(0, 0, 6)), i); err != nil {
				t.Fatal(err)
			}
		}
		for range 40 {
			l.Step()
		}
		l.Regions[away].Away = l.Tick + 20
		for range 30 {
			l.Step()
		}
		for n := range 40 {
			l.Step()
			for i := range 2 {
				own, _ := l.Regions[i].Shard.Body(Name(i))
				ghost, ok := l.Regions[1-i].Shard.Body(Name(i))
				if d := own.Pos.Z - ghost.Pos.Z; !ok || d > 0.35 || d < -0.35 { // a tick of 0.3 m
					t.Fatalf("region %d was away: %d ticks later the ghost of %d is %g m off", away, n+10, i, d)
				}
			}
		}
	}
}

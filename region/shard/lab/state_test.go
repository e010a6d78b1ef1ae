package lab

import (
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

func newLab(t *testing.T, c Config, scenes ...Scene) *Lab {
	t.Helper()
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for range 130 {
		l.Step()
	}
	n := 0
	for _, s := range scenes {
		l.Know(s.Forms...)
		for _, x := range s.Things {
			if err := l.Add(Name(n), x.Body, x.Owner); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return l
}

func (l *Lab) hashes() (list []uint64) {
	for _, r := range l.Regions {
		list = append(list, r.Shard.Hash())
	}
	return list
}

// TestRestoreEveryTick: shards that are restored from their snapshots after
// every tick go on like those that are not, event by event and byte by byte.
func TestRestoreEveryTick(t *testing.T) {
	for _, loss := range []int{0, 100} {
		c := Config{Regions: 2, Lag: 2, Steps: 3, Loss: loss, Double: loss, Jitter: loss / 50, Skew: 13, Seed: 5}
		pile := Pile()
		pile.Things = pile.Things[:24]
		a, b := newLab(t, c, pile, Flight(), Tumble()), newLab(t, c, pile, Flight(), Tumble())
		for n := range 100 {
			a.Step()
			b.Step()
			if !slices.Equal(a.hashes(), b.hashes()) {
				t.Fatalf("loss %d: tick %d differs", loss, n)
			}
			for i := range a.Regions {
				if x, y := fmt.Sprint(a.Regions[i].Out), fmt.Sprint(b.Regions[i].Out); x != y {
					t.Fatalf("loss %d: outputs of tick %d differ:\n%s\n%s", loss, n, x, y)
				}
			}
			for _, r := range b.Regions {
				if err := r.Reload(); err != nil {
					t.Fatalf("tick %d: %v", n, err)
				}
			}
		}
		if a.Total.HandoffIn < 8 {
			t.Errorf("only %d hand-offs: the test does not test", a.Total.HandoffIn)
		}
	}
}

// TestSilence: the ghosts of a neighbour that is not heard any more become
// walls, vanish, and come back with its words.
func TestSilence(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 1, Steps: 3}, Roll())
	look := func() (ghosts, walls int) {
		l.Regions[1].Shard.Each(func(v shard.View) bool {
			if v.Ghost {
				ghosts++
			}
			if v.Wall {
				walls++
			}
			return true
		})
		return ghosts, walls
	}
	l.Step()
	if g, w := look(); g != 8 || w != 0 {
		t.Fatalf("%d ghosts, %d walls at the start", g, w)
	}
	l.Loss = 1000
	for n := 1; n <= 70; n++ {
		l.Step()
		g, w := look()
		switch {
		case n < 10 && (g != 8 || w != 0), n == 14 && (g != 8 || w != 8), n == 70 && g != 0:
			t.Fatalf("%d ghosts, %d walls after %d ticks", g, w, n)
		}
	}
	l.Loss = 0
	l.Step()
	l.Step()
	for range 20 {
		l.Step()
	}
	at := map[base.ID]spatial.Vec{}
	list, doubled := l.States()
	if doubled != 0 || len(list) != 8 {
		t.Fatalf("%d bodies, %d doubled", len(list), doubled)
	}
	for _, s := range list {
		at[s.ID] = s.Body.Pos
	}
	// Whoever does not own one that is near the border has it as a ghost, at
	// the same place.
	seen := 0
	for _, r := range l.Regions {
		r.Shard.Each(func(v shard.View) bool {
			if p := v.Body.Pos.Add(r.Site.Sub(spatial.Pos{})); v.Ghost {
				seen++
				if d := p.Sub(at[v.ID]); d.Len() > 0.01 {
					t.Errorf("ghost of %v is %v off", v.ID, d)
				}
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("no ghost came back")
	}
}

// TestThreeRegions: balls that cross two borders within a second arrive once,
// under loss.
func TestThreeRegions(t *testing.T) {
	l := newLab(t, Config{Regions: 3, Lag: 2, Steps: 3, Loss: 50, Double: 50, Jitter: 2, Seed: 9})
	for i := range 6 {
		b := ball(0.2, 1, at(-10, 30, float32(4*i)), at(55, 8, 0))
		if err := l.Add(Name(i), b, -1); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		l.Step()
		if _, doubled := l.States(); doubled > 0 {
			t.Fatalf("%d bodies have two owners", doubled)
		}
	}
	list, _ := l.States()
	for _, s := range list {
		if s.Owner != 2 || s.Body.Pos.X < 64 {
			t.Errorf("%v is owned by %d at %v", s.ID, s.Owner, s.Body.Pos)
		}
	}
	if len(list) != 6 {
		t.Errorf("%d bodies of 6", len(list))
	}
}

// TestChain: a chain of jointed boxes is dragged over the border and stays
// whole: it is one region's at every tick, and its ghosts hang together too.
func TestChain(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 3, Steps: 3})
	const n = 6
	for i := range n {
		b := box(0.2, 1, at(-4+float32(0.6*float32(i)), 0.2, 0))
		b.Friction = 0
		b.Vel.X = 5
		if err := l.Add(Name(i), b, 0); err != nil {
			t.Fatal(err)
		}
	}
	s := l.Regions[0].Shard
	for i := range n - 1 {
		j := physics.Joint{ID: physics.JointID(100 + i), Kind: physics.BallJoint,
			FrameA: physics.Frame{Pos: at(0.3, 0, 0)}, FrameB: physics.Frame{Pos: at(-0.3, 0, 0)}}
		err := s.Do(shard.Input{Kind: shard.InCommand, ID: Name(i), Other: Name(i + 1), Command: physics.Command{Kind: physics.CmdJoint, Joint: &j}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for k := range 100 {
		l.Step()
		owner := -2
		list, _ := l.States()
		for _, s := range list {
			if owner == -2 {
				owner = s.Owner
			} else if s.Owner != owner {
				t.Fatalf("tick %d: the chain is torn: %d and %d", k, owner, s.Owner)
			}
		}
		for i, r := range l.Regions {
			var last *spatial.Vec
			r.Shard.Each(func(v shard.View) bool {
				if last != nil && k > 12 {
					d := v.Body.Pos.Sub(*last)
					if x := d.Len(); x < 0.5 || x > 0.7 {
						t.Fatalf("tick %d: region %d has links %g m apart at %v", k, i, x, v.ID)
					}
				}
				p := v.Body.Pos
				last = &p
				return true
			})
		}
	}
	list, _ := l.States()
	if list[0].Owner != 1 || l.Total.HandoffIn != n || l.Regions[1].Shard.World().Joints() != n-1 {
		t.Errorf("owner %d, %d hand-offs, %d joints", list[0].Owner, l.Total.HandoffIn, l.Regions[1].Shard.World().Joints())
	}
}

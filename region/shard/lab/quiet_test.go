package lab

import (
	"os"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// TestQuiet throws bodies about three regions over a bad network, with shards
// that are restored now and then. Nothing is lost or doubled at any tick, and
// when it is over every ghost is where its owner says.
func TestQuiet(t *testing.T) {
	seeds := 6
	if os.Getenv("METATOPIA_SOAK") != "" {
		seeds = 300
	}
	for seed := range uint64(seeds) {
		r := base.NewRand(seed, 7)
		f := func(most float64) float32 { return float32((r.Float64()*2 - 1) * most) }
		l := newLab(t, Config{Regions: 3, Lag: 1 + int(seed%4), Steps: 3, Loss: 200, Double: 200, Jitter: 4, Skew: 31, Seed: seed})
		const n = 40
		for i := range n {
			b := box(0.4, 1, at(f(6)+float32(64*(i%2)), 2+float32(i/2), f(4)))
			if i%3 == 0 {
				b = ball(0.4, 2, b.Pos, at(f(8), f(3), f(3)))
				b.Restitution = 0.4
			}
			if err := l.Add(Name(i), b, -1); err != nil {
				t.Fatal(err)
			}
		}
		for k := range 500 {
			if k == 250 {
				l.Loss, l.Double, l.Jitter = 0, 0, 0
			}
			if k < 200 && k%20 == 0 {
				l.Kick(Name(r.IntN(n)), at(f(6), 5, f(6)))
			}
			l.Step()
			if k%37 == 0 {
				if err := l.Regions[k%3].Reload(); err != nil {
					t.Fatal(err)
				}
			}
			if list, doubled := l.States(); doubled != 0 || len(list) != n {
				t.Fatalf("seed %d, tick %d: %d bodies, %d doubled", seed, k, len(list), doubled)
			}
		}
		at := map[base.ID]State{}
		list, _ := l.States()
		for _, s := range list {
			if s.Owner < 0 {
				t.Errorf("seed %d: %v is nobody's", seed, s.ID)
			}
			at[s.ID] = s
		}
		seen := map[base.ID]int{}
		for i, g := range l.Regions {
			g.Shard.Each(func(v shard.View) bool {
				if !v.Ghost {
					return true
				}
				seen[v.ID]++
				own := at[v.ID]
				p := v.Body.Pos.Add(g.Site.Sub(spatial.Pos{}))
				if d := p.Sub(own.Body.Pos); d.Len() > 0.02 || v.Owner != l.Regions[own.Owner].ID {
					t.Errorf("seed %d: region %d has a ghost of %v that is %v off (%v), or not %d's", seed, i, v.ID, d, v.Body.Vel, own.Owner)
				}
				return true
			})
		}
		for id, s := range at {
			near := s.Body.Pos.X > -2 && s.Body.Pos.X < 2 || s.Body.Pos.X > 62 && s.Body.Pos.X < 66
			if near && seen[id] == 0 && s.Body.Flags&physics.Out == 0 {
				t.Errorf("seed %d: nobody knows of %v at %v", seed, id, s.Body.Pos)
			}
		}
		for i, g := range l.Regions {
			for k := range g.Out {
				if n := len(g.Out[k].Evidence); n > 0 {
					t.Errorf("seed %d: region %d has evidence against an honest neighbour: %v", seed, i, g.Out[k].Evidence[0].Why)
				}
			}
		}
		if l.Total.Bad > 0 {
			t.Errorf("seed %d: %d faults of honest neighbours", seed, l.Total.Bad)
		}
	}
}

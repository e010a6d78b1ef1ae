package rival

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/raysim"
)

// grown makes a world of a rival and lets it grow.
func grown(t *testing.T, name string, nodes, shards, cycles int, layout raysim.Layout) *raysim.World {
	t.Helper()
	p, err := New(name, nodes, shards)
	if err != nil {
		t.Fatal(err)
	}
	w, err := raysim.NewWorld(raysim.WorldConfig{Protocol: p, Nodes: nodes, Spare: 1, Seed: 5, Shards: shards, Layout: layout, Link: raysim.DefaultLink()})
	if err != nil {
		t.Fatal(err)
	}
	w.Cycles(cycles)
	return w
}

// wants is what a small world of each rival must come to: what a reader should
// expect of it when it works at all.
var wants = map[string]struct {
	cycles         int
	solid, routing float64
	after          float64 // routing 12 cycles after a third has vanished
}{
	"classic": {40, 0.93, 0.97, 0.5},
	"von":     {20, 0.99, 0.99, 0.9},
	"kad":     {25, 0.95, 0.95, 0.8},
	"knn20":   {30, 0.9, 0.9, 0.5},
}

func TestConvergesAndRoutes(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			want, ok := wants[name]
			if !ok {
				t.Fatal("nothing is expected of it")
			}
			w := grown(t, name, 200, 1, want.cycles, raysim.Uniform)
			if s := w.Shape(w.Sample(100)); s.SolidAngle < want.solid {
				t.Errorf("solid angle %.3f, want %.3f", s.SolidAngle, want.solid)
			}
			if g := w.Graph(); g.Components != 1 {
				t.Errorf("%d components", g.Components)
			}
			b := w.AskRoutes(200, raysim.Second, raysim.Anywhere)
			w.Cycles(9)
			a := b.Answers()
			if a.Success < want.routing || a.Hops < 1 || a.Hops > 12 {
				t.Errorf("%.3f of the routes arrive after %.1f hops, want %.3f", a.Success, a.Hops, want.routing)
			}
			for _, i := range w.Sample(66) {
				w.Kill(i)
			}
			w.Cycles(12)
			b = w.AskRoutes(200, raysim.Second, raysim.Anywhere)
			w.Cycles(9)
			if a := b.Answers(); a.Success < want.after {
				t.Errorf("%.3f of the routes arrive after a loss, want %.3f", a.Success, want.after)
			}
		})
	}
}

// TestSameRun: each rival gives the same run for any number of shards, and
// another for another seed.
func TestSameRun(t *testing.T) {
	for _, name := range Names() {
		run := func(shards int) uint64 {
			w := grown(t, name, 60, shards, 6, raysim.Hotspots)
			w.StartWalking(raysim.Walking)
			w.Cycles(2)
			w.AskRoutes(20, raysim.Second, raysim.Anywhere)
			w.Kill(7)
			w.Leave(8)
			w.Enter(60, w.At(9, w.Now()), w.Now(), w.Strangers(2))
			w.Cycles(9)
			return w.Trace()
		}
		if one := run(1); run(3) != one || run(1) != one {
			t.Errorf("%s: another run with other shards", name)
		}
	}
}

func TestUnknownRival(t *testing.T) {
	if _, err := New("dht", 100, 1); err == nil {
		t.Error("there is a rival that there is not")
	}
}

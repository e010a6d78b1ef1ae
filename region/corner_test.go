package region

import (
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// corner is three regions that meet at x 32, z 32: hearth around the origin,
// commons beside it, forge beyond commons. From hearth to forge the shortest
// way near the corner leads through a tip of commons.
func corner(t *testing.T, known bool) (all []*Sim) {
	for i, at := range []spatial.Pos{spatial.At(0, 0, 0), spatial.At(64, 0, 0), spatial.At(64, 0, 64)} {
		cfg := testConfig([]string{"hearth", "commons", "forge"}[i], 0)
		cfg.Site = at
		all = append(all, mustNew(t, cfg))
	}
	a, b, c := all[0], all[1], all[2]
	if known {
		step(t, a, neighboursOf(b, c))
	} else {
		step(t, a, neighboursOf(b))
	}
	step(t, b, neighboursOf(a, c))
	step(t, c, neighboursOf(a, b))
	return all
}

// shoot lets a ball cross the tip within one tick, and gives the ticks at
// which each region took it and let it go.
func shoot(t *testing.T, all []*Sim) (in, out [3]base.Tick) {
	ball := ballSpec("ball", 31.5, 30.9)
	step(t, all[0], control(ball))
	step(t, all[1])
	step(t, all[2])
	s := all[0]
	id := named(t, s, "ball").Thing.ID
	x := s.body(s.thing(id))
	x.Vel = spatial.Vec{X: 40, Y: 1, Z: 40}
	if err := s.shard.Do(command(id, physics.Command{Kind: physics.CmdSet, Body: x})); err != nil {
		t.Fatal(err)
	}
	var net [3][]Entry
	for range 60 {
		var next [3][]Entry
		owners := 0
		for i, s := range all {
			o := step(t, s, net[i]...)
			if o.Counts.HandoffsIn > 0 {
				in[i] = o.Tick
			}
			if o.Counts.HandoffsOut > 0 {
				out[i] = o.Tick
			}
			for k := range all {
				for _, m := range o.Border {
					if k != i {
						next[k] = append(next[k], Entry{Kind: EntryBorder, From: s.cfg.ID, Body: m.Body})
					}
				}
			}
			if has(s, "ball") {
				owners++
			}
		}
		if owners > 1 {
			t.Fatalf("%d regions have the ball", owners)
		}
		net = next
	}
	if !has(all[2], "ball") {
		t.Fatalf("the ball is not where it belongs: in %v, out %v", in, out)
	}
	return in, out
}

// TestStraightOverACorner: a body that crosses two borders in a step goes
// straight to the region that owns its place.
func TestStraightOverACorner(t *testing.T) {
	in, _ := shoot(t, corner(t, true))
	if in[2] == 0 || in[1] != 0 {
		t.Errorf("taken over at ticks %v", in)
	}
}

// TestThroughACorner: where the owner does not know that region it gives the
// body to the nearest it knows, which hands it on before it has dwelt there.
func TestThroughACorner(t *testing.T) {
	in, out := shoot(t, corner(t, false))
	if in[1] == 0 || in[2] <= in[1] {
		t.Fatalf("taken over at ticks %v", in)
	}
	if out[1] >= in[1]+10 {
		t.Errorf("commons took it at tick %d and let it go at tick %d", in[1], out[1])
	}
	if slices.Max(in[:]) != in[2] {
		t.Errorf("taken over at ticks %v", in)
	}
}

package oracle

import (
	"flag"
	"math"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
)

var full = flag.Bool("full", false, "compare the scenes whose speed is measured in their full size, which takes minutes")

// heap is what is known of many bodies: no two engines put each of them in the
// same place, but all heaps are alike.
type heap struct {
	mean, top float64 // heights of the centres
	wide      float64 // root of the mean square of the distance from the middle
	energy    float64 // of all: lifted and moving
	moving    float64 // of that: moving
}

func heapOf(w world, s scenes.Scene) (h heap) {
	n := float64(s.Moving())
	for i := range s.Bodies {
		if s.Bodies[i].Flags&physics.Static != 0 {
			continue
		}
		b := w.body(s.Bodies[i].ID)
		y, x, z := float64(b.Pos.Y), float64(b.Pos.X), float64(b.Pos.Z)
		h.mean += y / n
		h.top = max(h.top, y)
		h.wide += (x*x + z*z) / n
		h.energy += g*y + float64(b.Vel.Dot(b.Vel))/2
		h.moving += float64(b.Vel.Dot(b.Vel)) / 2
	}
	h.wide = math.Sqrt(h.wide)
	return h
}

// compare lets both have a scene and compares the heaps every second. within is
// a share of the value.
func compare(t *testing.T, s scenes.Scene, steps int, within heap) {
	p := both(t)
	for _, b := range s.Bodies {
		p.add(b)
	}
	first := 0.0
	for done := 0; done < steps; {
		n := min(60, steps-done)
		p.step(n)
		done += n
		heaps := map[world]heap{p.ours: heapOf(p.ours, s), p.theirs: heapOf(p.theirs, s)}
		if first == 0 {
			first = heaps[p.ours].energy
		}
		for _, c := range []struct {
			what   string
			within float64
			of     func(heap) float64
		}{
			{"mean height", within.mean, func(h heap) float64 { return h.mean }},
			{"highest", within.top, func(h heap) float64 { return h.top }},
			{"width", within.wide, func(h heap) float64 { return h.wide }},
			{"energy", within.energy, func(h heap) float64 { return h.energy }},
			{"of it moving, in per cent of the first", within.moving, func(h heap) float64 { return 100 * h.moving / first }},
		} {
			measure := func(w world) float64 { return c.of(heaps[w]) }
			share := c.within
			if c.what[0] != 'o' {
				share *= measure(p.theirs)
			}
			p.alike(s.Name+" after "+string(rune('0'+done/60%10))+" s: "+c.what, share, unknown, measure)
		}
	}
}

// TestPyramid: it stands, to the centimetre.
func TestPyramid(t *testing.T) {
	steps := 120
	if *full {
		steps = 600
	}
	compare(t, scenes.Pyramid(), steps, heap{mean: 0.002, top: 0.002, wide: 0.002, energy: 0.002, moving: 0.1})
}

// TestPile: it tumbles into heaps of about the same size, and comes to rest as
// fast. How much of a small pile tumbles hangs on how fast boxes tip over edges:
// see TestTip.
func TestPile(t *testing.T) {
	s, steps := scenes.Heap(6), 240
	if *full {
		s, steps = scenes.Pile(), 600
	}
	compare(t, s, steps, heap{mean: 0.22, top: 0.3, wide: 0.16, energy: 0.22, moving: 6})
}

// TestRain: spheres fill a pen to about the same height: resistance to rolling,
// which Rapier has not, leaves ours looser.
func TestRain(t *testing.T) {
	s, steps := scenes.Drops(300, 6), 240
	if *full {
		s, steps = scenes.Rain(), 600
	}
	compare(t, s, steps, heap{mean: 0.08, top: 0.15, wide: 0.05, energy: 0.08, moving: 15})
}

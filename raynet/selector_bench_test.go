package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// benchSelect measures one selection in a uniform world: two thirds of the
// candidates are the nearest, the rest come from anywhere.
func benchSelect(b *testing.B, sel Selector, n int) {
	rng := base.NewRand(1, 0)
	box := spatial.Box{Min: spatial.At(0, 0, 0), Max: spatial.At(1000, 1000, 1000)}
	ps := randomPoints(rng, 5000, box)
	var known [64][]spatial.Pos
	for i := range known {
		known[i] = knownTo(rng, ps, i, n*2/3, n-n*2/3)
	}
	scores := make([]Score, n)
	var s Scratch
	for i := range known {
		sel.Select(&s, scores, ps[i], box, known[i], rng)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k := i % len(known)
		sel.Select(&s, scores, ps[k], box, known[k], rng)
	}
}

func BenchmarkRays60(b *testing.B)   { benchSelect(b, Rays{N: 128}, 60) }
func BenchmarkRays300(b *testing.B)  { benchSelect(b, Rays{N: 128}, 300) }
func BenchmarkExact60(b *testing.B)  { benchSelect(b, Exact{}, 60) }
func BenchmarkExact300(b *testing.B) { benchSelect(b, Exact{}, 300) }

// BenchmarkExactShell is the worst case: each of 300 candidates has a face.
func BenchmarkExactShell(b *testing.B) {
	origin := testBox.Center()
	cands := make([]spatial.Pos, 300)
	for i, v := range lattice(len(cands)) {
		cands[i] = origin.Add(spatial.Vec{X: 30 * v.x, Y: 30 * v.y, Z: 30 * v.z})
	}
	scores := make([]Score, len(cands))
	var s Scratch
	for b.Loop() {
		Exact{}.Select(&s, scores, origin, testBox, cands, nil)
	}
}

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

package raynet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// layout is a world of 20,000 nodes.
type layout struct {
	name string
	box  spatial.Box
	ps   []spatial.Pos
}

const layoutSize = 20000

func layouts() []layout {
	box := func(x, y, z float64) spatial.Box { return spatial.Box{Max: spatial.At(x, y, z)} }
	cube, low := box(1000, 1000, 1000), box(10000, 100, 10000)
	layer := spatial.Box{Min: spatial.At(0, 499, 0), Max: spatial.At(1000, 501, 1000)}
	return []layout{
		{"uniform", cube, randomPoints(base.NewRand(1, 1), layoutSize, cube)},
		{"hotspots", cube, hotspots(base.NewRand(1, 4), cube)},
		{"low", low, randomPoints(base.NewRand(1, 2), layoutSize, low)},
		{"layer", cube, randomPoints(base.NewRand(1, 3), layoutSize, layer)},
	}
}

// hotspots puts four fifths into 20 spots of about 20 m, of sizes that follow
// a Zipf law.
func hotspots(rng *base.Rand, box spatial.Box) []spatial.Pos {
	ps := randomPoints(rng, layoutSize/5, box)
	for k := 0; len(ps) < layoutSize; k++ {
		x, y, z := randomPoints(rng, 1, box)[0].Meters()
		bump := func() float64 { return (rng.Float64() + rng.Float64() + rng.Float64() + rng.Float64() - 2) * 10 }
		for range layoutSize * 4 / 5 * 10 / 36 / (k%20 + 1) {
			p := spatial.At(x+bump(), y+bump(), z+bump())
			if box.Contains(p) && len(ps) < layoutSize {
				ps = append(ps, p)
			}
		}
	}
	return ps
}

// view is what there is to see of one node's cell.
type view struct {
	sight
	volume float64
	angle  map[spatial.Pos]float64 // of its true neighbours' faces
	all    float64
}

func look(w layout, i int, rng *base.Rand) view {
	v := view{sight: sight{origin: w.ps[i]}, angle: map[spatial.Pos]float64{}}
	others := make([]spatial.Pos, 0, len(w.ps))
	for _, p := range w.ps {
		if p != v.origin {
			others = append(others, p)
		}
	}
	c := NewCell(v.origin, w.box, others, -1)
	v.volume = c.Volume()
	for _, f := range c.Faces {
		if f.Candidate >= 0 {
			v.angle[others[f.Candidate]] = solidAngle(f)
			v.all += solidAngle(f)
			v.known = append(v.known, others[f.Candidate])
		}
	}
	v.known = distinct(append(v.known, knownTo(rng, w.ps, i, 60, 30)...))
	shuffle(rng, v.known)
	return v
}

// BenchmarkCoverage tells what a near view sees when its candidates are its
// true neighbours, the 60 nearest and 30 random nodes: the part of the true
// neighbours that are kept, the part of the solid angle of their faces, and how
// many times as large the cell seems. The time is that of one selection.
func BenchmarkCoverage(b *testing.B) {
	const sample = 200
	for _, w := range layouts() {
		rng := base.NewRand(9, 9)
		var views []view
		for i := range sample {
			views = append(views, look(w, i*layoutSize/sample, rng))
		}
		for _, sel := range []Selector{Rays{N: 128}, Rays{N: 256}, Exact{}} {
			name := strings.TrimPrefix(fmt.Sprintf("%T%v", sel, sel), "raynet.")
			b.Run(w.name+"/"+name, func(b *testing.B) {
				var s Scratch
				scores := make([]Score, 500)
				for _, c := range []int{10, 12, 16, 20, 32} {
					count, angle, volume := 0.0, 0.0, 0.0
					for _, v := range views {
						sel.Select(&s, scores[:len(v.known)], v.origin, w.box, v.known, rng)
						kept := keep(c, v.sight, scores[:len(v.known)])
						for _, p := range kept {
							if a, ok := v.angle[p]; ok {
								count += 1 / float64(len(v.angle))
								angle += a / v.all
							}
						}
						volume += NewCell(v.origin, w.box, kept, -1).Volume() / v.volume
					}
					b.Logf("%d kept: neighbours %.3f, solid angle %.4f, volume %.3f", c, count/sample, angle/sample, volume/sample)
				}
				for i := 0; b.Loop(); i++ {
					v := &views[i%sample]
					sel.Select(&s, scores[:len(v.known)], v.origin, w.box, v.known, rng)
				}
			})
		}
	}
}

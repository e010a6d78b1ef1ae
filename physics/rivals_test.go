package physics

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/physics/tree"
	"github.com/metatopia/metatopia/spatial/det"
)

// slide finds the pairs by sweep and prune along the wider horizontal axis: a
// rival of the tree, and its judge.
type slide struct{ starts []uint64 }

func (s *slide) find(out []uint64, solids []solid, boxes []tree.Box) []uint64 {
	axis := sweepAxis(solids)
	s.starts = s.starts[:0]
	for i := range boxes {
		s.starts = append(s.starts, uint64(ordered(axis(boxes[i].Lo)))<<32|uint64(i))
	}
	slices.Sort(s.starts)
	for x, e := range s.starts {
		i := int(uint32(e))
		end := ordered(axis(boxes[i].Hi))
		for _, f := range s.starts[x+1:] {
			if uint32(f>>32) > end {
				break
			}
			j := int(uint32(f))
			if boxes[i].Overlaps(&boxes[j]) && (solids[i].stirs() || solids[j].stirs()) && solids[i].meets(&solids[j]) && !solids[i].out() && !solids[j].out() {
				out = append(out, uint64(min(i, j))<<32|uint64(max(i, j)))
			}
		}
	}
	slices.Sort(out)
	return out
}

func sweepAxis(solids []solid) func(det.Vec) float32 {
	lo, hi := det.Vec{X: math.MaxFloat32, Z: math.MaxFloat32}, det.Vec{X: -math.MaxFloat32, Z: -math.MaxFloat32}
	for i := range solids {
		p := solids[i].pos()
		lo.X, lo.Z = min(lo.X, p.X), min(lo.Z, p.Z)
		hi.X, hi.Z = max(hi.X, p.X), max(hi.Z, p.Z)
	}
	if hi.X-lo.X >= hi.Z-lo.Z {
		return func(v det.Vec) float32 { return v.X }
	}
	return func(v det.Vec) float32 { return v.Z }
}

// ordered maps a finite float to an integer of the same order.
func ordered(x float32) uint32 {
	b := math.Float32bits(x + 0)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

// grid finds the pairs by hashing bodies of up to a cell into cells of that
// size: a rival that is made for bodies of one size.
type grid struct {
	heads, next []int32
	large       []int32
	cell        float32
}

func (g *grid) find(out []uint64, solids []solid, boxes []tree.Box) []uint64 {
	size := 1
	for size < 2*len(boxes) {
		size *= 2
	}
	if len(g.heads) != size {
		g.heads = make([]int32, size)
	}
	for i := range g.heads {
		g.heads[i] = -1
	}
	g.next, g.large = grown(g.next, len(boxes)), g.large[:0]
	at := func(v det.Vec) (x, y, z int) {
		return int(math.Floor(float64(v.X / g.cell))), int(math.Floor(float64(v.Y / g.cell))), int(math.Floor(float64(v.Z / g.cell)))
	}
	hash := func(x, y, z int) int {
		return int(uint32(x*73856093)^uint32(y*19349663)^uint32(z*83492791)) & (size - 1)
	}
	pair := func(i, j int) {
		if boxes[i].Overlaps(&boxes[j]) && (solids[i].stirs() || solids[j].stirs()) && solids[i].meets(&solids[j]) && !solids[i].out() && !solids[j].out() {
			out = append(out, uint64(min(i, j))<<32|uint64(max(i, j)))
		}
	}
	for i := range boxes {
		d := boxes[i].Hi.Sub(boxes[i].Lo)
		if max(d.X, d.Y, d.Z) > g.cell {
			g.large = append(g.large, int32(i))
			continue
		}
		// Whoever came before lies in one of the 27 cells around.
		x, y, z := at(solids[i].pos())
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				for dz := -1; dz <= 1; dz++ {
					for j := g.heads[hash(x+dx, y+dy, z+dz)]; j >= 0; j = g.next[j] {
						pair(i, int(j))
					}
				}
			}
		}
		h := hash(x, y, z)
		g.next[i], g.heads[h] = g.heads[h], int32(i)
	}
	for k, i := range g.large {
		for j := range boxes {
			if !slices.Contains(g.large[:k+1], int32(j)) {
				pair(int(i), j)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out) // two cells may share a head
}

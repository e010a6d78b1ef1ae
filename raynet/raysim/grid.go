package raysim

import (
	"math"

	"github.com/metatopia/metatopia/spatial"
)

// grid holds the points of living nodes in equal cubes, so that the oracle
// looks at few of them. It is a snapshot.
type grid struct {
	box   spatial.Box
	edge  int64 // of a cube, units
	nx    int
	ny    int
	nz    int
	start []int32 // of each cube's points in items, one more at the end
	items []int32
	pos   []spatial.Pos
}

// newGrid files pos[i] for all i that alive accepts, about two to a cube where
// they are even.
func newGrid(box spatial.Box, pos []spatial.Pos, alive func(i int32) bool) *grid {
	n := 0
	for i := range pos {
		if alive(int32(i)) {
			n++
		}
	}
	side := func(a, b int64) float64 { return float64(max(b-a, 1)) }
	vol := side(box.Min.X, box.Max.X) * side(box.Min.Y, box.Max.Y) * side(box.Min.Z, box.Max.Z)
	g := &grid{box: box, pos: pos, edge: max(int64(math.Cbrt(2*vol/float64(max(n, 1)))), 1)}
	g.nx = int((box.Max.X-box.Min.X)/g.edge) + 1
	g.ny = int((box.Max.Y-box.Min.Y)/g.edge) + 1
	g.nz = int((box.Max.Z-box.Min.Z)/g.edge) + 1
	g.start = make([]int32, g.nx*g.ny*g.nz+1)
	g.items = make([]int32, n)
	for i := range pos {
		if alive(int32(i)) {
			g.start[g.cube(pos[i])+1]++
		}
	}
	for i := 1; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	at := append([]int32(nil), g.start...)
	for i := range pos {
		if alive(int32(i)) {
			c := g.cube(pos[i])
			g.items[at[c]] = int32(i)
			at[c]++
		}
	}
	return g
}

func (g *grid) cube(p spatial.Pos) int {
	x, y, z := g.coords(p)
	return (z*g.ny+y)*g.nx + x
}

func (g *grid) coords(p spatial.Pos) (x, y, z int) {
	at := func(v, lo int64, n int) int { return int(min(max((v-lo)/g.edge, 0), int64(n-1))) }
	return at(p.X, g.box.Min.X, g.nx), at(p.Y, g.box.Min.Y, g.ny), at(p.Z, g.box.Min.Z, g.nz)
}

// within calls f with each point at most r units from p.
func (g *grid) within(p spatial.Pos, r int64, f func(i int32, d2 uint64)) {
	lim := uint64(r) * uint64(r)
	x0, y0, z0 := g.coords(spatial.Pos{X: p.X - r, Y: p.Y - r, Z: p.Z - r})
	x1, y1, z1 := g.coords(spatial.Pos{X: p.X + r, Y: p.Y + r, Z: p.Z + r})
	for z := z0; z <= z1; z++ {
		for y := y0; y <= y1; y++ {
			row := (z*g.ny + y) * g.nx
			for _, i := range g.items[g.start[row+x0]:g.start[row+x1+1]] {
				if d2 := p.Dist2(g.pos[i]); d2 <= lim {
					f(i, d2)
				}
			}
		}
	}
}

// diameter is the diagonal of the box in units, rounded up.
func (g *grid) diameter() int64 {
	return int64(math.Sqrt(float64(g.box.Min.Dist2(g.box.Max)))) + 1
}

// nearest is the point closest to p, the lower number at a tie; -1 when there
// is none. slack widens the search, for points that have moved since: at gives
// where a point really is, nil for where the snapshot has it.
func (g *grid) nearest(p spatial.Pos, slack int64, at func(i int32) spatial.Pos) int32 {
	best, bd := int32(-1), uint64(math.MaxUint64)
	for r := 2*g.edge + slack; ; r *= 2 {
		g.within(p, r, func(i int32, d2 uint64) {
			if at != nil {
				d2 = p.Dist2(at(i))
			}
			if d2 < bd || (d2 == bd && i < best) {
				best, bd = i, d2
			}
		})
		// Whoever is outside r in the snapshot is farther than r-slack now.
		if inner := r - slack; (best >= 0 && bd <= uint64(inner)*uint64(inner)) || r > g.diameter()+slack {
			return best
		}
	}
}

package raynet

import (
	"cmp"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// knownTo gives what node i may know of a world: the nearest and some others,
// in random order.
func knownTo(rng *base.Rand, ps []spatial.Pos, i, nearest, others int) []spatial.Pos {
	all := make([]spatial.Pos, 0, len(ps))
	for j, p := range ps {
		if j != i && p != ps[i] {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b spatial.Pos) int { return cmp.Compare(ps[i].Dist2(a), ps[i].Dist2(b)) })
	known := all[:nearest:nearest]
	rest := all[nearest:]
	for range others {
		k := rng.IntN(len(rest))
		known = append(known, rest[k])
		rest[k] = rest[len(rest)-1]
		rest = rest[:len(rest)-1]
	}
	shuffle(rng, known)
	return known
}

func shuffle(rng *base.Rand, ps []spatial.Pos) {
	for k := len(ps) - 1; k > 0; k-- {
		j := rng.IntN(k + 1)
		ps[k], ps[j] = ps[j], ps[k]
	}
}

func distinct(ps []spatial.Pos) []spatial.Pos {
	seen := map[spatial.Pos]bool{}
	return slices.DeleteFunc(ps, func(p spatial.Pos) bool {
		defer func() { seen[p] = true }()
		return seen[p]
	})
}

func lattice(n int) []vec {
	v := make([]vec, n)
	fillLattice(v)
	return v
}

// sight is an origin and what it knows.
type sight struct {
	origin spatial.Pos
	known  []spatial.Pos
}

// sights gives the inputs that selectors have trouble with, by name, all in
// testBox.
func sights() map[string][]sight {
	rng := base.NewRand(7, 0)
	inside := func(min, max spatial.Pos, n int) []spatial.Pos {
		return randomPoints(rng, n, spatial.Box{Min: min, Max: max})
	}
	from := func(ps []spatial.Pos, n int) (out []sight) {
		for i := range n {
			out = append(out, sight{ps[i], knownTo(rng, ps, i, min(len(ps)*2/3, 60), len(ps)/4)})
		}
		return out
	}
	var grid []spatial.Pos
	for i := range 125 {
		grid = append(grid, spatial.At(float64(20*(i%5)+10), float64(20*(i/5%5)+10), float64(20*(i/25)+10)))
	}
	slices.SortFunc(grid, func(a, b spatial.Pos) int {
		c := spatial.At(50, 50, 50)
		return cmp.Compare(a.Dist2(c), b.Dist2(c))
	})
	hot := append(inside(spatial.At(40, 40, 40), spatial.At(42, 42, 42), 150), inside(testBox.Min, testBox.Max, 60)...)
	rim := append(inside(testBox.Min, testBox.Max, 30), hot...)
	wall := append(inside(testBox.Min, spatial.At(100, 0, 100), 20), inside(testBox.Min, testBox.Max, 60)...)
	corners := []spatial.Pos{testBox.Min, testBox.Max, {X: 0, Y: testBox.Max.Y, Z: 0}}
	corners = append(corners, inside(testBox.Min, testBox.Max, 60)...)
	shell := []spatial.Pos{spatial.At(50, 50, 50)}
	for _, v := range lattice(90) {
		shell = append(shell, shell[0].Add(spatial.Vec{X: 30 * v.x, Y: 30 * v.y, Z: 30 * v.z}))
	}
	near := inside(spatial.At(50, 50, 50), spatial.At(50.004, 50.004, 50.004), 40)
	near = append(near, inside(testBox.Min, testBox.Max, 40)...)
	near = distinct(near)
	twins := inside(testBox.Min, testBox.Max, 40)
	return map[string][]sight{
		"uniform":   from(inside(testBox.Min, testBox.Max, 200), 60),
		"crowd":     from(hot, 40),
		"fringe":    from(rim, 30),
		"flat":      from(inside(spatial.At(0, 50, 0), spatial.At(100, 50, 100), 100), 30),
		"slab":      from(inside(spatial.At(0, 49, 0), spatial.At(100, 51, 100), 100), 30),
		"line":      from(inside(spatial.At(0, 50, 50), spatial.At(100, 50, 50), 50), 20),
		"grid":      from(grid, 27),
		"on a wall": from(wall, 20),
		"corner":    from(corners, 3),
		"shell":     {{shell[0], shell[1:]}},
		"touching":  from(near, 30),
		"twins":     {{spatial.At(50, 50, 50), slices.Concat(twins, twins)}},
		"outside":   {{spatial.At(101, 50, 50), inside(testBox.Min, testBox.Max, 50)}},
		"alone":     {{spatial.At(1, 2, 3), nil}, {spatial.At(1, 2, 3), []spatial.Pos{spatial.At(90, 90, 90)}}},
	}
}

// keep gives the c candidates of the best scores, the way the near view ranks.
func keep(c int, v sight, scores []Score) []spatial.Pos {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b].Contribution, scores[a].Contribution),
			cmp.Compare(scores[b].Backup, scores[a].Backup),
			cmp.Compare(v.origin.Dist2(v.known[a]), v.origin.Dist2(v.known[b])))
	})
	kept := make([]spatial.Pos, c)
	for i := range kept {
		kept[i] = v.known[order[i]]
	}
	return kept
}

// leaveOneOut scores by the definition: the cell without each neighbour.
func leaveOneOut(v sight) []Score {
	scores := make([]Score, len(v.known))
	whole := NewCell(v.origin, testBox, v.known, -1)
	for _, f := range whole.Faces {
		if f.Candidate >= 0 {
			scores[f.Candidate].Rays = 1
			scores[f.Candidate].Contribution = NewCell(v.origin, testBox, v.known, f.Candidate).Volume() - whole.Volume()
		}
	}
	return scores
}

// The bound that Exact ranks by keeps as much of the cell as the true volumes.
func TestExactKeepsWhatMatters(t *testing.T) {
	rng := base.NewRand(11, 0)
	ps := randomPoints(rng, 2000, testBox)
	const sample = 40
	var s Scratch
	var volume, want [3]float64
	var faces [3]float64
	for i := range sample {
		v := sight{ps[i], knownTo(rng, ps, i, 60, 20)}
		scores := make([]Score, len(v.known))
		Exact{}.Select(&s, scores, v.origin, testBox, v.known, nil)
		truth := leaveOneOut(v)
		whole := NewCell(v.origin, testBox, v.known, -1)
		for k, c := range []int{10, 16, 20} {
			kept := keep(c, v, scores)
			volume[k] += NewCell(v.origin, testBox, kept, -1).Volume() / whole.Volume() / sample
			want[k] += NewCell(v.origin, testBox, keep(c, v, truth), -1).Volume() / whole.Volume() / sample
			n, all := 0.0, 0.0
			for _, f := range whole.Faces {
				if f.Candidate >= 0 {
					all++
					if slices.Contains(kept, v.known[f.Candidate]) {
						n++
					}
				}
			}
			faces[k] += n / all / sample
		}
	}
	t.Logf("10, 16 and 20 kept: %.3f of the neighbours, volume ratio %.4f, by true volumes %.4f", faces, volume, want)
	for k := range volume {
		if volume[k] > want[k]+0.02 {
			t.Errorf("the cell grows by %.4f, by true volumes %.4f", volume[k], want[k])
		}
	}
	if faces[2] < 0.98 {
		t.Errorf("20 kept hold %.3f of the neighbours", faces[2])
	}
}

package rival

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/spatial"
)

// scatter gives a world of points and the cell of the first.
func scatter(n int, rng *base.Rand) (origin point, box spatial.Box, cands []contact, cell *raynet.Cell) {
	box = spatial.Box{Min: spatial.At(-20, -20, -20), Max: spatial.At(20, 20, 20)}
	at := func() spatial.Pos {
		return spatial.At(40*rng.Float64()-20, 40*rng.Float64()-20, 40*rng.Float64()-20)
	}
	p := at()
	var pos []spatial.Pos
	for i := range n {
		pos = append(pos, at())
		cands = append(cands, contact{node: int32(i), at: pointOf(pos[i])})
	}
	return pointOf(p), box, cands, raynet.NewCell(p, box, pos, -1)
}

// TestWeighFindsTheFaces: whoever bounds a ray is a neighbour in the exact
// cell, and rays miss small faces only.
func TestWeighFindsTheFaces(t *testing.T) {
	rng := base.NewRand(1, 1)
	var s prober
	missed, faces := 0, 0
	for round := range 20 {
		origin, box, cands, cell := scatter(60, rng)
		exact := map[int]bool{}
		for _, f := range cell.Faces {
			if f.Candidate >= 0 {
				exact[f.Candidate] = true
			}
		}
		rays := 0
		for i, w := range s.weigh(origin, wallsOf(box), raysOf(1000, uint64(round)), cands) {
			rays += int(w.rays)
			switch {
			case w.rays > 0 && !exact[i]:
				t.Errorf("candidate %d bounds %d rays and has no face", i, w.rays)
			case w.rays > 0 && w.loss <= 0:
				t.Errorf("candidate %d bounds %d rays and is worth %v", i, w.rays, w.loss)
			case w.rays == 0 && exact[i]:
				missed++
			}
		}
		faces += len(exact)
		if rays > 1000 {
			t.Fatalf("%d of 1000 rays are bounded", rays)
		}
	}
	if missed*6 > faces {
		t.Errorf("rays missed %d of %d faces", missed, faces)
	}
}

// TestWeighIsTheLoss: what a candidate is worth is the volume that the cell
// grows by without it.
func TestWeighIsTheLoss(t *testing.T) {
	rng := base.NewRand(2, 1)
	var s prober
	origin, box, cands, cell := scatter(12, rng)
	pos := make([]spatial.Pos, len(cands))
	for i, c := range cands {
		pos[i] = spatial.Pos{X: int64(c.at.x), Y: int64(c.at.y), Z: int64(c.at.z)}
	}
	o := spatial.Pos{X: int64(origin.x), Y: int64(origin.y), Z: int64(origin.z)}
	const rays = 10_000
	for i, w := range s.weigh(origin, wallsOf(box), raysOf(rays, 0), cands) {
		want := raynet.NewCell(o, box, pos, i).Volume() - cell.Volume()
		got := w.loss * 4 / 3 * math.Pi / rays
		if math.Abs(got-want) > 0.1*want+0.01*cell.Volume() {
			t.Errorf("candidate %d is worth %.0f m³, want %.0f of %.0f", i, got, want, cell.Volume())
		}
	}
}

func BenchmarkWeigh(b *testing.B) {
	rng := base.NewRand(3, 1)
	origin, box, cands, _ := scatter(25, rng)
	var s prober
	rays := raysOf(classicRays, 0)
	for b.Loop() {
		s.weigh(origin, wallsOf(box), rays, cands)
	}
}

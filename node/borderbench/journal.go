package borderbench

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// journal is what the two regions tell of what passes their border.
type journal struct {
	mu  sync.Mutex
	out map[key]passage
	in  map[key][]passage
}

type key struct {
	id    base.ID
	epoch uint64
}

type passage struct {
	region.Passage
	at time.Time
	// tick in which the region told of it.
	tick base.Tick
}

func newJournal() *journal { return &journal{out: map[key]passage{}, in: map[key][]passage{}} }

func (j *journal) note(p region.Passage, tick base.Tick) {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := key{p.Thing, p.Epoch}
	if p.In {
		j.in[k] = append(j.in[k], passage{p, time.Now(), tick})
	} else {
		j.out[k] = passage{p, time.Now(), tick}
	}
}

// judge pairs what went with what came.
func (j *journal) judge(res *Result) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var took, gap []float64
	for k, list := range j.in {
		if len(list) > 1 {
			res.Doubled++
		}
		in, out := list[0], j.out[k]
		if out.Thing.IsZero() {
			res.Doubled++ // it came and never went
			continue
		}
		res.Crossed++
		g := in.at.Sub(out.at).Seconds() * region.TickRate
		gap = append(gap, g)
		// It is offered in the tick after it was first seen that far beyond.
		m := out.Motion
		wait := 0.0
		if m.Vel.X > 0.5 {
			wait = math.Floor(max(0, (float64(m.Pos.X)-border-due)/float64(m.Vel.X)) * region.TickRate)
		}
		took = append(took, wait+g)
		res.Jump = max(res.Jump, float64(in.Jump))
		j.flight(res, out, in)
	}
	res.P50, res.P99 = share(took, 0.5), share(took, 0.99)
	res.Gap50, res.Gap99 = share(gap, 0.5), share(gap, 0.99)
}

// flight compares what arrived with where a body in free flight would be. The
// solver moves a body in substeps, with the speed that each ends with.
func (j *journal) flight(res *Result, out, in passage) {
	const h = 1.0 / (60 * 4)
	n := float64(in.tick-in.Since) * region.Substeps * 4
	v, p := out.Motion.Vel, out.Motion.Pos
	vy := float64(v.Y) - gravity*h*n
	y := float64(p.Y) + float64(v.Y)*h*n - gravity*h*h*n*(n+1)/2
	if y < radius+0.05 || p.Y < radius+0.05 {
		return // it meets the ground
	}
	res.Flights++
	x, z := float64(p.X)+float64(v.X)*h*n, float64(p.Z)+float64(v.Z)*h*n
	const site = 64 // of the other region
	got := in.Motion
	res.Place = max(res.Place, math.Hypot(math.Hypot(float64(got.Pos.X)+site-x, float64(got.Pos.Y)-y), float64(got.Pos.Z)-z))
	want := math.Hypot(math.Hypot(float64(v.X), vy), float64(v.Z))
	has := math.Hypot(math.Hypot(float64(got.Vel.X), float64(got.Vel.Y)), float64(got.Vel.Z))
	res.Speed = max(res.Speed, math.Abs(has-want)/want)
}

// share is the value below which that share of all lies.
func share(list []float64, of float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(of*float64(len(list))))]
}

package raysim

import (
	"cmp"
	"math"
	"slices"
)

// remembered is what a node kept from an earlier run of the same world: half
// of it those closest to its place, the other half random nodes. Shards call
// it at the same time.
func (w *World) remembered(i int32) []Memory {
	type row struct {
		d2 uint64
		i  int32
	}
	k := min(w.cfg.Remembered, w.cfg.Nodes-1)
	var rows []row
	for r := 2 * w.grid.edge; ; r *= 2 {
		rows = rows[:0]
		w.grid.within(w.pos[i], r, func(j int32, d2 uint64) {
			if j != i {
				rows = append(rows, row{d2, j})
			}
		})
		if len(rows) >= k || r > w.grid.diameter() {
			break
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.d2, b.d2), cmp.Compare(a.i, b.i)) })
	var ms []Memory
	for _, r := range rows[:min(k, len(rows))] {
		ms = append(ms, Memory{r.i, w.pos[r.i]})
	}
	for n := uint64(0); len(ms) < 2*k && n < 64; n++ {
		j := int32(hash(w.cfg.Seed^0x4e, uint64(i), n) % uint64(w.cfg.Nodes))
		if j != i && !slices.ContainsFunc(ms, func(m Memory) bool { return m.Node == j }) {
			ms = append(ms, Memory{j, w.pos[j]})
		}
	}
	return ms
}

// restartSpan is the time within which everybody comes back.
const restartSpan = 5 * Second

// restart: the whole world was down and comes back within five seconds, each
// node with what it remembers of some others. It is how a world of a million is
// simulated at all: a cold start of one takes hours.
func restart(r *Run) {
	w := r.W
	converged := math.Inf(1)
	for c := 1; c <= r.length(10) && !r.halt(); c++ {
		r.cycles(1)
		s := w.Shape(w.Sample(r.Sample))
		r.plot.curve("solid angle").add(float64(c), s.SolidAngle)
		r.plot.curve("coverage").add(float64(c), s.Coverage)
		r.set("solid_angle_latest", s.SolidAngle)
		if s.SolidAngle >= 0.985 && math.IsInf(converged, 1) {
			converged = float64(c)
		}
	}
	r.set("converged_cycles", converged)
	m := w.startMeter()
	r.measuring(true)
	r.cycles(2)
	c := m.stop(w)
	r.measuring(false)
	r.set("bytes_up_per_s", c.Bytes)
	r.set("cpu_us_per_cycle", c.CPU)
	b := w.AskRoutes(r.routes(2000), Second, Anywhere)
	r.cycles(1 + settle)
	r.shape("", w.Sample(r.Sample))
	a := r.answers("routing", b)
	r.set("hops_mean", a.Hops)
	r.set("hops_p95", a.Hops95)
	r.set("route_p50_s", a.Delay50)
	r.plot.Hops = a.AllHops
	r.graph()
	r.set("heap_bytes_per_node", liveHeap()/float64(r.Nodes))
}

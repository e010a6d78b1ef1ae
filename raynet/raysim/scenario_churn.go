package raysim

import "math"

// session is the mean length of a visit, hour when the memory is measured.
const (
	session = 600 * Second
	hour    = 3600
)

// churn: people come and go. Half of those who go say farewell. Everybody who
// comes is new: numbers are used again only after all others.
func churn(r *Run) {
	w := r.W
	n := r.length(120)
	free := make([]int32, 0, w.Nodes())
	for i := r.spare; i < w.Nodes(); i++ {
		free = append(free, int32(i))
	}
	// Batches are summed up and dropped when their answers have come, so that
	// a day of them does not pass for growth.
	type asking struct {
		b  *Batch
		at int
	}
	var open []asking
	success, batches := 0.0, 0.0
	firstHour := 0.0
	heaps := r.plot.curve("heap, part of that after an hour")
	shapes, looks := Shape{}, 0.0
	for c := range n {
		if r.halt() {
			return
		}
		// Exponential sessions: each second the same part goes.
		p := 1 - math.Exp(-float64(Cycle)/float64(session))
		for _, i := range w.Living() {
			if w.rng.Float64() >= p || len(free) == 0 {
				continue
			}
			if w.rng.IntN(2) == 0 {
				w.Leave(i)
			} else {
				w.Kill(i)
			}
			free = append(free, i)
			w.Enter(free[0], uniformIn(w.Box, w.rng), w.Now()+int64(w.rng.Float64()*float64(Second)), w.Strangers(bootKeys))
			free = free[1:]
		}
		w.grid = nil
		if every := max(n/30, 1); c%every == every-1 && c < n-settle {
			open = append(open, asking{w.AskRoutes(r.routes(200), Second, Anywhere), c})
			s := w.Shape(w.Sample(min(r.Sample, 100)))
			shapes.SolidAngle += s.SolidAngle
			shapes.Coverage += s.Coverage
			looks++
			r.plot.curve("solid angle").add(r.since(), s.SolidAngle)
		}
		if c == hour || (c > hour && c%hour == 0) {
			h := liveHeap()
			if firstHour == 0 {
				firstHour = h
			}
			heaps.add(r.since(), h/firstHour)
		}
		r.cycles(1)
		for len(open) > 0 && c >= open[0].at+settle-1 {
			success += open[0].b.Answers().Success
			batches++
			w.drop(open[0].b)
			open = open[1:]
		}
	}
	if firstHour > 0 {
		r.set("heap_growth", liveHeap()/firstHour)
	}
	r.set("routing", success/max(batches, 1))
	r.set("solid_angle", shapes.SolidAngle/max(looks, 1))
	r.set("coverage", shapes.Coverage/max(looks, 1))
	r.graph()
}

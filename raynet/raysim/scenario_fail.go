package raysim

import "math"

// loss30 and loss50: part of all nodes vanish at one moment.
func loss30(r *Run) { loss(r, 30, 5) }
func loss50(r *Run) { loss(r, 50, 8) }

func loss(r *Run, percent, at int) {
	w := r.W
	gone := w.Sample(len(w.Living()) * percent / 100)
	for _, i := range gone {
		w.Kill(i)
	}
	var later []func()
	var main *Batch
	sa := 0.0
	for c := 0; c <= 20 && !r.halt(); c++ {
		if c == at {
			main = w.AskRoutes(r.routes(1000), Second/2, Anywhere)
			r.plot.Marks = append(r.plot.Marks, Mark{float64(c), "measured"})
		}
		if c <= 20-settle {
			later = append(later, r.trace(float64(c), min(r.Sample, 100)))
		}
		if c == 10 {
			sa = w.Shape(w.Sample(r.Sample)).SolidAngle
		}
		r.cycles(1)
	}
	for _, f := range later {
		f()
	}
	if main == nil {
		return
	}
	a := r.answers("routing_after_"+itoa(at), main)
	r.set("hops_mean", a.Hops)
	r.plot.Hops = a.AllHops
	r.set("solid_angle_after_10", sa)
	r.set("routing_at_once", r.plot.curve("routing").V[0])
	r.graph()
	if r.brief {
		return
	}
	// They come back as new runs of the same keys, within five cycles.
	for _, i := range gone {
		w.Enter(i, uniformIn(w.Box, w.rng), w.Now()+int64(w.rng.Float64()*float64(5*Second)), w.Strangers(bootKeys))
	}
	r.cycles(25)
	r.set("solid_angle_return", w.Shape(w.Sample(r.Sample)).SolidAngle)
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + itoa(n%10)
	}
	return string(rune('0' + n))
}

// partition: two random halves cannot reach each other for 40 cycles.
func partition(r *Run) {
	w := r.W
	w.Split(func(int32) uint8 { return uint8(w.rng.IntN(2)) })
	r.plot.Marks = append(r.plot.Marks, Mark{0, "cut"}, Mark{40, "healed"})
	var later []func()
	for c := range 40 {
		if r.halt() {
			return
		}
		if c%5 == 4 && c < 40-settle {
			later = append(later, r.trace(float64(c), min(r.Sample, 50)))
		}
		r.cycles(1)
	}
	during := w.Graph()
	r.set("components_cut", float64(during.Components))
	w.Split(func(int32) uint8 { return 0 })
	w.grid = nil
	joined := math.Inf(1)
	var main *Batch
	for c := 0; c <= 15+settle && !r.halt(); c++ {
		if c <= 15 {
			later = append(later, r.trace(float64(40+c), min(r.Sample, 50)))
			if w.Graph().Components == 1 {
				joined = min(joined, float64(c))
			}
		}
		if c == 15 {
			main = w.AskRoutes(r.routes(1000), Second/2, Anywhere)
			r.shape("_after_15", w.Sample(r.Sample))
		}
		r.cycles(1)
	}
	for _, f := range later {
		f()
	}
	if main != nil {
		r.plot.Hops = r.answers("routing_after_15", main).AllHops
	}
	r.set("one_component_cycles", min(joined, 999))
	if !r.brief {
		r.cycles(20)
	}
}

package raysim

import (
	"strings"

	"github.com/metatopia/metatopia/spatial"
)

// walking, fast and strolls differ in the gait.
func walking(r *Run) { moving(r, Walking, 20) }
func fast(r *Run)    { moving(r, Fast, 15) }
func strolls(r *Run) { moving(r, Strolls, 30) }

func moving(r *Run, g Gait, length int) {
	w := r.W
	centre := w.Box.Center()
	if g == Strolls {
		centre = WherePeopleAre(w)
	}
	st := w.startStage(centre)
	w.StartWalking(g)
	for range 10 {
		r.cycles(1)
		st.track()
	}
	m := w.startMeter()
	nodes := w.Sample(min(r.Sample, 100))
	t := w.startTurnover(nodes)
	n := r.length(length)
	uniform := w.AskRoutes(r.routes(1000), int64(n)*Cycle, Anywhere)
	crowd := w.AskRoutes(r.routes(1000), int64(n)*Cycle, WherePeopleAre)
	var shapes Shape
	looks := 0
	in := w.watch(st.seats(nodes, len(nodes)), int64(n)*Cycle, func() {
		st.track()
		t.look(w)
		s := w.Shape(nodes)
		shapes.SolidAngle += s.SolidAngle
		shapes.Coverage += s.Coverage
		looks++
		r.plot.curve("solid angle").add(r.since(), s.SolidAngle)
		r.plot.curve("coverage").add(r.since(), s.Coverage)
	})
	c := m.stop(w)
	r.cycles(settle)
	a := r.answers("routing", uniform)
	r.set("routing_close", a.Close)
	r.set("hops_mean", a.Hops)
	r.plot.Hops = a.AllHops
	r.answers("routing_population", crowd)
	r.set("solid_angle", shapes.SolidAngle/float64(max(looks, 1)))
	r.set("coverage", shapes.Coverage/float64(max(looks, 1)))
	r.interest(in)
	r.set("near_churn_per_min", t.perMinute(w))
	r.bytes(c, st)
	r.set("cpu_us_per_cycle", c.CPU)
	st.end()
	w.StopWalking()
	r.cycles(10)
}

// bytes files what nodes sent, the interest layer's part apart.
func (r *Run) bytes(c Cost, st *stage) {
	r.set("bytes_up_per_s", c.Bytes)
	r.set("bytes_up_max_per_s", c.BytesMax)
	if st == nil {
		return
	}
	per := c.Seconds * float64(max(st.count, 1))
	seen := 0.0
	for name, k := range c.Kinds {
		if strings.HasPrefix(name, "presence.") {
			seen += float64(k.Bytes) / per
		}
	}
	r.set("bytes_up_presence_per_s", seen)
	r.set("messages_per_s", c.Messages)
}

func (r *Run) interest(in Interest) {
	if !in.Measurable {
		return
	}
	r.set("recall", in.Recall)
	r.set("recall_any_age", in.AnyAge)
	r.set("precision", in.Precision)
	r.set("awareness_p50_s", in.Aware50)
	r.set("awareness_p95_s", in.Aware95)
	r.set("awareness_p99_s", in.Aware99)
	r.set("unseen", in.Unseen)
	r.set("drift_m", in.Drift)
	r.set("drift_p95_m", in.Drift95)
	r.set("pose_age_s", in.Age)
	r.set("people_in_aoi", in.People)
}

// teleports: one in a hundred jumps each minute.
func teleports(r *Run) {
	w := r.W
	n := r.length(60)
	routes := w.AskRoutes(r.routes(1000), int64(n)*Cycle, Anywhere)
	owed := 0.0
	type jump struct {
		node int32
		at   int
	}
	var jumps []jump
	sum, count := 0.0, 0.0
	for c := range n {
		if r.halt() {
			return
		}
		for owed += float64(r.Nodes) / 6000; owed >= 1; owed-- {
			i := w.Sample1()
			w.Jump(i, uniformIn(w.Box, w.rng))
			jumps = append(jumps, jump{i, c})
		}
		r.cycles(1)
		// Those who jumped five cycles ago have had time to find their place.
		var five []int32
		for len(jumps) > 0 && jumps[0].at <= c-5 {
			five, jumps = append(five, jumps[0].node), jumps[1:]
		}
		if len(five) > 0 {
			five = five[:min(len(five), 20)]
			sum += w.Shape(five).SolidAngle * float64(len(five))
			count += float64(len(five))
		}
	}
	r.shape("", w.Sample(r.Sample))
	r.cycles(settle)
	r.answers("routing", routes)
	if count > 0 {
		r.set("solid_angle_5_after", sum/count)
	}
}

// flash: a tenth of all meet in a ball of 20 m, and go home.
func flash(r *Run) {
	w := r.W
	crowd := w.Sample(r.Nodes / 10)
	home := make([]spatial.Pos, len(crowd))
	centre := w.Box.Center()
	st := w.startStage(centre)
	for k, i := range crowd {
		home[k] = w.pos[i]
	}
	arrive := func(to func(k int) spatial.Pos) {
		const over = 5
		for c := range over {
			for k := c; k < len(crowd); k += over {
				w.Jump(crowd[k], to(k))
			}
			st.track()
			r.cycles(1)
		}
	}
	arrive(func(int) spatial.Pos { return inBall(centre, 20, w.rng) })
	seen := crowd[:min(len(crowd), r.Sample)]
	shape := w.Shape(seen)
	r.plot.curve("solid angle").add(r.since(), shape.SolidAngle)
	r.plot.curve("coverage").add(r.since(), shape.Coverage)
	m := w.startMeter()
	in := w.watch(st.seats(seen[:min(len(seen), 50)], 50), 10*Second, func() {
		st.track()
		s := w.Shape(seen[:min(len(seen), 100)])
		r.plot.curve("solid angle").add(r.since(), s.SolidAngle)
		r.plot.curve("coverage").add(r.since(), s.Coverage)
	})
	c := m.stop(w)
	s := w.Shape(seen)
	r.set("crowd_solid_angle", s.SolidAngle)
	r.set("crowd_coverage", s.Coverage)
	r.shape("", w.Sample(r.Sample))
	r.interest(in)
	r.bytes(c, st)
	st.end()
	st = nil
	uniform := w.AskRoutes(r.routes(1000), 3*Second, Anywhere)
	inside := w.AskRoutes(r.routes(1000), 3*Second, func(w *World) spatial.Pos { return inBall(centre, 20, w.rng) })
	r.cycles(3 + settle)
	a := r.answers("routing", uniform)
	r.plot.Hops = a.AllHops
	r.answers("routing_crowd", inside)
	r.graph()
	arrive(func(k int) spatial.Pos { return home[k] })
	r.cycles(15)
}

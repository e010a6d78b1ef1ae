package raysim

// settle is how long after the last route of a batch its answer may come.
const settle = 8

// cold: cold start from random keys.
func cold(r *Run) { coldStart(r, 15, growth) }

// cold8: the same from eight seeds.
func cold8(r *Run) { coldStart(r, 20, 30) }

// coldStart measures a world that has just been made at cycle at.
func coldStart(r *Run, at, length int) {
	var later []func()
	var main *Batch
	converged := 0.0
	for c := 1; c <= length && !r.halt(); c++ {
		r.cycles(1)
		if c == at {
			s := r.shape("", r.W.Sample(r.Sample))
			main = r.W.AskRoutes(r.routes(1000), Second, Anywhere)
			r.plot.Marks = append(r.plot.Marks, Mark{float64(c), "measured"})
			if s.SolidAngle >= 0.985 && converged == 0 {
				converged = float64(c)
			}
		}
		if c <= length-settle && (c <= 20 || c%5 == 0) {
			later = append(later, r.trace(float64(c), min(r.Sample, 100)))
			if v := r.plot.curve("solid angle").V; v[len(v)-1] >= 0.985 && converged == 0 {
				converged = float64(c)
			}
		}
	}
	for _, f := range later {
		f()
	}
	if main != nil {
		a := r.answers("routing", main)
		r.set("hops_mean", a.Hops)
		r.plot.Hops = a.AllHops
	}
	r.set("converged_cycles", converged)
	r.set("joined", float64(r.W.joined)/float64(r.Nodes))
}

// steady: a grown world in which nothing happens.
func steady(r *Run) {
	w := r.W
	r.cycles(20)
	t := w.startTurnover(w.Sample(min(r.Sample, 200)))
	m := w.startMeter()
	r.measuring(true)
	for range r.length(20) {
		if r.halt() {
			return
		}
		r.cycles(1)
	}
	c := m.stop(w)
	r.measuring(false)
	t.look(w)
	r.set("near_churn_per_min", t.perMinute(w))
	r.Report.set("bytes_up_per_s", c.Bytes)
	r.Report.set("bytes_up_p95_per_s", c.Bytes95)
	r.Report.set("bytes_up_max_over_mean", c.BytesMax/c.Bytes)
	r.Report.set("messages_per_s", c.Messages)
	r.Report.set("cpu_us_per_cycle", c.CPU)
	for _, name := range w.cfg.Protocol.Kinds() {
		if k := c.Kinds[name]; k.Messages > 0 {
			per := c.Seconds * float64(r.Nodes)
			r.set("messages_per_s."+name, float64(k.Messages)/per)
			r.set("bytes_per_s."+name, float64(k.Bytes)/per)
		}
	}
	uniform := w.AskRoutes(r.routes(5000), 10*Second, Anywhere)
	crowd := w.AskRoutes(r.routes(2000), 10*Second, WherePeopleAre)
	finds := w.AskLookups(r.routes(1000), 10*Second, Anywhere)
	r.cycles(10 + settle)
	s := r.shape("", w.Sample(3*r.Sample))
	r.set("neighbours", s.Neighbours)
	a := r.answers("routing", uniform)
	r.set("hops_mean", a.Hops)
	r.set("hops_p95", a.Hops95)
	r.set("route_p50_s", a.Delay50)
	r.set("route_p95_s", a.Delay95)
	r.set("stretch_mean", a.Stretch)
	r.set("routes_doubled", a.Doubled)
	r.plot.Hops = a.AllHops
	b := r.answers("routing_population", crowd)
	r.set("hops_mean_population", b.Hops)
	f := r.answers("lookup", finds)
	r.set("lookup_p50_s", f.Delay50)
	r.set("lookup_p95_s", f.Delay95)
	r.graph()
	r.Report.set("heap_bytes_per_node", liveHeap()/float64(r.Nodes))
}

// graph files what the union of the views looks like.
func (r *Run) graph() {
	g := r.W.Graph()
	r.set("components", float64(g.Components))
	r.set("largest_component", g.Largest)
	if g.InMean > 0 {
		r.set("random_in_degree_skew", g.InMax/g.InMean)
	}
	r.set("random_clustering", g.Clustering)
	r.set("near_size", g.Near)
	r.set("long_size", g.Long)
	r.set("random_size", g.Random)
	r.set("dead_near", g.DeadEntries)
}

// measuring tells a protocol that checks itself to leave that out while its
// cost is measured.
func (r *Run) measuring(on bool) {
	if p, ok := r.protocol.(interface{ Measuring(on bool) }); ok {
		p.Measuring(on)
	}
}

// hotspots: most people in few places.
func hotspots(r *Run) {
	w := r.W
	m := w.startMeter()
	r.cycles(10)
	c := m.stop(w)
	r.set("bytes_up_per_s", c.Bytes)
	r.set("bytes_up_max_per_s", c.BytesMax)
	uniform := w.AskRoutes(r.routes(2000), 5*Second, Anywhere)
	crowd := w.AskRoutes(r.routes(2000), 5*Second, WherePeopleAre)
	r.cycles(5 + settle)
	r.shape("", w.Sample(r.Sample))
	a := r.answers("routing", uniform)
	r.set("hops_mean", a.Hops)
	r.plot.Hops = a.AllHops
	r.answers("routing_population", crowd)
	r.graph()
}

// slab: everybody on one plane.
func slab(r *Run) {
	w := r.W
	near := w.AskRoutes(r.routes(2000), 5*Second, NearGround)
	off := w.AskRoutes(r.routes(2000), 5*Second, Anywhere)
	crowd := w.AskRoutes(r.routes(1000), 5*Second, WherePeopleAre)
	finds := w.AskLookups(r.routes(1000), 5*Second, Anywhere)
	r.cycles(5 + settle)
	r.shape("", w.Sample(r.Sample))
	a := r.answers("ground_routing", near)
	r.set("hops_mean", a.Hops)
	r.plot.Hops = a.AllHops
	o := r.answers("offplane_routing", off)
	r.set("offplane_close", o.Close)
	r.answers("routing_population", crowd)
	r.answers("offplane_lookup", finds)
	r.graph()
}

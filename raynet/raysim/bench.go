package raysim

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options of Bench. Zero fields take the defaults.
type Options struct {
	Nodes  int
	Seed   uint64
	Shards int
	Sample int // nodes whose cells are computed exactly
	// Cycles replaces the length of the scenarios that only take time
	// (steady, walking, fast, teleports, churn).
	Cycles    int
	Scenarios []string // empty is all but those that are long
	Link      *Link
	// Progress is told what goes on; nil is silence.
	Progress func(text string)
	// Figure is told each figure as it is measured: a run of hours may not
	// come to its end. nil for nobody.
	Figure func(name string, v float64)
	// Stop ends the benchmark between two steps when it gives true.
	Stop func() bool

	// brief leaves out what a scenario does for those after it.
	brief bool
}

func (o *Options) fill() {
	if o.Nodes == 0 {
		o.Nodes = 1000
	}
	if o.Shards == 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	if o.Sample == 0 {
		o.Sample = 300
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Link == nil {
		l := DefaultLink()
		o.Link = &l
	}
}

// worldKind is one world that scenarios share, in the order of the table.
type worldKind struct {
	name   string
	layout Layout
	seeds  int
	memory int // nodes of each sort that everybody remembers
}

var worldKinds = []worldKind{
	{"uniform", Uniform, 0, 0},
	{"seeds", Uniform, 8, 0},
	{"hotspots", Hotspots, 0, 0},
	{"slab", Slab, 0, 0},
	{"restart", Uniform, 0, 12},
}

// Scenario is one experiment.
type Scenario struct {
	Name  string
	About string
	world string
	long  bool // runs only when named
	run   func(r *Run)
}

// Scenarios in the order in which they run in their shared worlds: what
// destroys comes last.
var Scenarios = []Scenario{
	{"cold", "everybody starts within a second, knowing 3 random nodes", "uniform", false, cold},
	{"steady", "nothing happens: coverage, routing, cost", "uniform", false, steady},
	{"walking", "everybody walks at 1.4 m/s", "uniform", false, walking},
	{"fast", "the same at 14 m/s", "uniform", false, fast},
	{"teleports", "one in a hundred jumps each minute", "uniform", false, teleports},
	{"flash", "a tenth of all meet in a ball of 20 m", "uniform", false, flash},
	{"partition", "two random halves are cut apart for 40 cycles", "uniform", false, partition},
	{"malicious10", "a tenth drops routes and names only its own", "uniform", false, malicious10},
	{"malicious20", "a fifth does", "uniform", false, malicious20},
	{"liars10", "a tenth says something else to everybody of where it is", "uniform", false, liars10},
	{"sybil", "64 colluders in a tight shell round a victim", "uniform", false, sybil},
	{"loss30", "30 % vanish at once", "uniform", false, loss30},
	{"loss50", "half vanish at once", "uniform", false, loss50},
	{"churn", "people come and go: sessions of 10 minutes", "uniform", false, churn},
	{"cold8", "everybody starts knowing the same 8 nodes", "seeds", false, cold8},
	{"hotspots", "70 % stand in spots whose sizes follow a Zipf law", "hotspots", false, hotspots},
	{"strolls", "they stroll between waypoints, mostly standing", "hotspots", false, strolls},
	{"slab", "everybody is on the ground of a high world", "slab", false, slab},
	{"restart", "everybody starts again, knowing 12 nodes close by and 12 others", "restart", false, restart},
}

// Run is one benchmark of one protocol.
type Run struct {
	Options
	W        *World
	Report   *Report
	protocol Protocol
	scenario string
	plot     *Plot
	begun    int64 // of the scenario, simulated
	stopped  bool
	spare    int // next number not used yet
}

// ErrScenario names a scenario that there is none of.
type ErrScenario struct{ Name string }

func (e ErrScenario) Error() string {
	var names []string
	for _, s := range Scenarios {
		names = append(names, s.Name)
	}
	return fmt.Sprintf("no scenario %q; there are %s", e.Name, strings.Join(names, ", "))
}

// Bench runs scenarios of a protocol and reports their figures.
func Bench(p Protocol, o Options) (*Report, error) {
	o.fill()
	for _, name := range o.Scenarios {
		if !slices.ContainsFunc(Scenarios, func(s Scenario) bool { return s.Name == name }) {
			return nil, ErrScenario{name}
		}
	}
	r := &Run{Options: o, Report: NewReport(o.Seed), protocol: p}
	r.Report.tell = o.Figure
	for _, kind := range worldKinds {
		var todo []Scenario
		for _, s := range Scenarios {
			if s.world == kind.name && (slices.Contains(o.Scenarios, s.Name) || (len(o.Scenarios) == 0 && !s.long)) {
				todo = append(todo, s)
			}
		}
		if err := r.inWorld(kind, todo); err != nil {
			return nil, err
		}
	}
	r.Report.set("peak_rss_mb", float64(peakMemory())/1e6)
	return r.Report, nil
}

// spareNumbers of a world are for Sybils and newcomers.
func spareNumbers(n int) int { return victims(n)*ringSize + n/4 }

func (r *Run) inWorld(kind worldKind, todo []Scenario) error {
	if len(todo) == 0 || r.stopped {
		return nil
	}
	r.W = nil
	runtime.GC() // the last world goes before the next one comes
	w, err := NewWorld(WorldConfig{Protocol: r.protocol, Nodes: r.Nodes, Spare: spareNumbers(r.Nodes), Seed: r.Seed,
		Shards: r.Shards, Layout: kind.layout, Link: *r.Link, Seeds: kind.seeds, Remembered: kind.memory})
	if err != nil {
		return err
	}
	r.W, r.spare = w, r.Nodes
	if n := todo[0].Name; n != "cold" && n != "cold8" && n != "restart" {
		r.scenario = kind.name + " world grows"
		r.cycles(growth)
		r.scenario = ""
	}
	for _, s := range todo {
		if r.halt() {
			return nil
		}
		begin := time.Now()
		r.scenario, r.begun = s.Name, w.Now()
		r.plot = &Plot{Scenario: s.Name, Protocol: r.protocol.Name()}
		w.forget()
		before := len(r.Report.Order)
		s.run(r)
		if r.halt() {
			// Routes still under way would count as lost.
			r.Report.unset(before)
			return nil
		}
		if len(r.plot.Curves) > 0 || len(r.plot.Hops) > 0 {
			r.Report.Plots = append(r.Report.Plots, r.plot)
		}
		r.Progress(fmt.Sprintf("%s: done, %d cycles in %.1f s", s.Name, (w.Now()-r.begun)/Cycle, time.Since(begin).Seconds()))
	}
	return nil
}

// growth is how many cycles a world gets before it is used.
const growth = 40

func (r *Run) halt() bool {
	r.stopped = r.stopped || (r.Stop != nil && r.Stop())
	return r.stopped
}

// cycles lets time pass and says so.
func (r *Run) cycles(n int) {
	for range n {
		// A second of a million nodes takes minutes.
		for range 10 {
			if r.halt() {
				return
			}
			r.W.Pass(Cycle / 10)
			r.Progress(fmt.Sprintf("%s: second %.1f of the world", r.scenario, float64(r.W.Now())/float64(Cycle)))
		}
	}
}

// length is that of a scenario of n cycles that only takes time.
func (r *Run) length(n int) int {
	if r.Cycles > 0 {
		return r.Cycles
	}
	return n
}

// set files a figure of the scenario.
func (r *Run) set(name string, v float64) { r.Report.set(r.scenario+"."+name, v) }

// since is the cycles since the scenario began.
func (r *Run) since() float64 { return float64(r.W.Now()-r.begun) / float64(Cycle) }

// routes is how many routes a figure is made of: enough for its digits, few
// enough not to crowd a small world.
func (r *Run) routes(want int) int { return min(want, 20*r.Nodes) }

// shape measures coverage now and files it.
func (r *Run) shape(suffix string, nodes []int32) Shape {
	s := r.W.Shape(nodes)
	r.set("coverage"+suffix, s.Coverage)
	r.set("solid_angle"+suffix, s.SolidAngle)
	r.set("volume_ratio"+suffix, s.Volume)
	return s
}

// trace is one point of the curves: coverage now, and a batch of routes that
// start now and are read later.
func (r *Run) trace(t float64, sample int) func() {
	s := r.W.Shape(r.W.Sample(sample))
	r.plot.curve("solid angle").add(t, s.SolidAngle)
	r.plot.curve("coverage").add(t, s.Coverage)
	b := r.W.AskRoutes(r.routes(200), Second/2, Anywhere)
	c := r.plot.curve("routing")
	k := len(c.T)
	c.add(t, 0)
	return func() { c.V[k] = b.Answers().Success }
}

// answers files what came of routes.
func (r *Run) answers(name string, b *Batch) Answers {
	a := b.Answers()
	r.set(name, a.Success)
	return a
}

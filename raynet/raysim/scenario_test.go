package raysim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/metatopia/metatopia/raynet"
)

func testBench(t *testing.T, n int, scenarios ...string) *Report {
	t.Helper()
	o := Options{Nodes: n, Seed: 1, Shards: 2, Sample: 40, Cycles: 10, Scenarios: scenarios}
	p := NewRaynet(raynet.Config{}, o.Shards, 1)
	r, err := Bench(p, o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Checked() < uint64(n)*100 {
		t.Errorf("only %d messages were encoded and parsed", p.Checked())
	}
	return r
}

// TestScenarios runs everything in a small world: every figure with an aim
// must be there, and be of a world that works. The bounds are loose: nobody is
// far away among a hundred nodes.
func TestScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes under the race detector, which TestShardsDoNotMatter runs under")
	}
	r := testBench(t, 60)
	least := map[string]float64{
		"cold.solid_angle": 0.95, "cold.routing": 0.95, "cold.joined": 1, "cold8.solid_angle": 0.95,
		"steady.solid_angle": 0.99, "steady.routing": 0.99, "steady.lookup": 0.99, "steady.routing_population": 0.99,
		"walking.solid_angle": 0.9, "walking.recall": 0.9, "fast.recall": 0.8, "walking.precision": 0.95, "walking.routing_close": 0.9, "fast.routing_close": 0.5,
		"teleports.solid_angle": 0.95, "flash.crowd_solid_angle": 0.9, "flash.routing_crowd": 0.9,
		"partition.routing_after_15": 0.95, "loss30.routing_after_5": 0.95, "loss50.routing_after_8": 0.95,
		"malicious10.multipath": 0.9, "malicious20.multipath": 0.8, "malicious10.solid_angle": 0.95,
		"churn.routing": 0.9, "churn.solid_angle": 0.9, "slab.ground_routing": 0.95, "slab.offplane_routing": 0.9,
		"hotspots.routing": 0.95, "strolls.routing_close": 0.9, "sybil.solid_angle_freed": 0.9,
	}
	for name, v := range least {
		if got, ok := r.Figures[name]; !ok || got < v {
			t.Errorf("%s is %v (there: %v), want at least %v", name, got, ok, v)
		}
	}
	for _, a := range Aims {
		if _, ok := r.Figures[a.Figure]; !ok {
			t.Errorf("%s has an aim and no figure", a.Figure)
		}
	}
	if r.Figures["steady.components"] != 1 || r.Figures["partition.components_cut"] != 2 {
		t.Errorf("components: steady %v, cut %v", r.Figures["steady.components"], r.Figures["partition.components_cut"])
	}
	if v := r.Figures["malicious20.route"]; v > 0.99 {
		t.Errorf("a fifth of all drop routes and %v arrive: they drop nothing", v)
	}
	checkReport(t, r)
}

func checkReport(t *testing.T, r *Report) {
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil || back.Kind != "overlay" || len(back.Figures) != len(r.Order) {
		t.Errorf("JSON %v of %d figures, %d ordered", err, len(back.Figures), len(r.Order))
	}
	if len(r.Plots) < 10 {
		t.Errorf("%d plots", len(r.Plots))
	}
	for _, p := range r.Plots {
		var svg bytes.Buffer
		if err := p.WriteSVG(&svg, "a < b"); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(&svg); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", p.Scenario, err)
			}
		}
	}
}

// TestInterrupted: a scenario that was not finished gives no figures.
func TestInterrupted(t *testing.T) {
	left := 45
	r, err := Bench(NewRaynet(raynet.Config{}, 1, 0), Options{Nodes: 50, Scenarios: []string{"cold", "steady"},
		Stop: func() bool { left--; return left < 0 }})
	if err != nil {
		t.Fatal(err)
	}
	for name := range r.Figures {
		if name != "peak_rss_mb" {
			t.Errorf("%s is filed", name)
		}
	}
}

func TestUnknownScenario(t *testing.T) {
	var unknown ErrScenario
	if _, err := Bench(NewRaynet(raynet.Config{}, 1, 0), Options{Scenarios: []string{"nap"}}); !errors.As(err, &unknown) || unknown.Name != "nap" {
		t.Error(err)
	}
}

// TestNodesAndShards: the whole overlay, with loss and movement, is the same
// run for any number of shards.
func TestNodesAndShards(t *testing.T) {
	run := func(shards int, check float64) uint64 {
		p := NewRaynet(raynet.Config{}, shards, check)
		w, err := NewWorld(WorldConfig{Protocol: p, Nodes: 60, Seed: 3, Shards: shards, Link: DefaultLink()})
		if err != nil {
			t.Fatal(err)
		}
		w.Cycles(5)
		w.StartWalking(Walking)
		w.Cycles(3)
		w.AskRoutes(20, Second, Anywhere)
		w.Kill(7)
		w.Cycles(4)
		return w.Trace()
	}
	one := run(1, 0)
	for _, shards := range []int{2, 3} {
		if run(shards, 1) != one {
			t.Errorf("%d shards give another run", shards)
		}
	}
}

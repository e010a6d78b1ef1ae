package demo

import (
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

func TestTallyKeepsTheHighest(t *testing.T) {
	ta := newTally()
	for _, v := range []uint64{3, 9, 4} { // 4: a node that lost its memory
		ta.status("a", &control.StatusResponse{Counters: map[string]uint64{"crossings": v}})
	}
	ta.status("b", &control.StatusResponse{Counters: map[string]uint64{"crossings": 1}})
	if r := ta.report(2, nil); r.Crossings != 10 {
		t.Errorf("crossings %d, want 9 + 1", r.Crossings)
	}
}

func TestPairsAreDistinctAndOurs(t *testing.T) {
	ta := newTally()
	ta.member("a", "ka")
	ta.member("b", "kb")
	ta.neighbours("a", []control.Neighbour{{Key: "kb"}, {Key: "ka"}, {Key: "stranger"}})
	ta.neighbours("b", []control.Neighbour{{Key: "ka"}, {Key: "ka"}})
	if r := ta.report(2, nil); r.Neighbours != 1 {
		t.Errorf("%d pairs, want 1", r.Neighbours)
	}
}

func TestEveryPromiseIsChecked(t *testing.T) {
	full := map[string]uint64{"crossings": 1, "messages": 1, "lumps_fetched": 1, "scripts_run": 1, "handoffs": 1}
	run := func(change func(m map[string]uint64), pairs bool, wanted int, ended []string) string {
		ta := newTally()
		m := make(map[string]uint64)
		for k, v := range full {
			m[k] = v
		}
		change(m)
		ta.member("a", "ka")
		ta.member("b", "kb")
		ta.status("a", &control.StatusResponse{Counters: m})
		if pairs {
			ta.neighbours("a", []control.Neighbour{{Key: "kb"}})
		}
		return ta.report(wanted, ended).Failed()
	}
	same := func(map[string]uint64) {}
	if why := run(same, true, 1, nil); why != "" {
		t.Errorf("a good run failed: %s", why)
	}
	for name := range full {
		if why := run(func(m map[string]uint64) { m[name] = 0 }, true, 1, nil); !strings.Contains(why, name) {
			t.Errorf("no %s: %q", name, why)
		}
	}
	if why := run(same, false, 1, nil); !strings.Contains(why, "neighbours") {
		t.Errorf("no neighbours: %q", why)
	}
	if why := run(same, true, 8, nil); !strings.Contains(why, "1 of 8") {
		t.Errorf("seven silent nodes: %q", why)
	}
	if why := run(func(m map[string]uint64) { m["errors"] = 2 }, true, 1, nil); !strings.Contains(why, "2 errors") {
		t.Errorf("errors: %q", why)
	}
	if why := run(same, true, 1, []string{"Ada"}); why != "Ada ended by itself" {
		t.Errorf("a dead node: %q", why)
	}
}

func TestWalksCrossTheBorder(t *testing.T) {
	for n := range MaxResidents {
		var left, right bool
		for _, p := range walk(n) {
			left = left || p.X < borderX-1
			right = right || p.X > borderX+1
		}
		if !left || !right {
			t.Errorf("resident %d stays on one side: %v", n, walk(n))
		}
	}
}

func TestCastHasDistinctHomes(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range cast(MaxResidents) {
		if seen[p.dir] || seen[p.name] {
			t.Errorf("%s (%s) is there twice", p.name, p.dir)
		}
		seen[p.dir], seen[p.name] = true, true
	}
	if len(cast(MinResidents)) != 8 {
		t.Errorf("%d nodes, the promise is 8", len(cast(MinResidents)))
	}
}

func TestConfigBounds(t *testing.T) {
	ok := Config{Exe: "x", Home: "y", Guest: []byte{0}}
	if err := ok.validate(); err != nil || ok.Residents != MinResidents {
		t.Errorf("%v, %d residents", err, ok.Residents)
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Exe = "" },
		func(c *Config) { c.Home = "" },
		func(c *Config) { c.Guest = nil },
		func(c *Config) { c.Residents = MinResidents - 1 },
		func(c *Config) { c.Residents = MaxResidents + 1 },
		func(c *Config) { c.For = -1 },
	} {
		c := ok
		change(&c)
		if c.validate() == nil {
			t.Errorf("accepted %+v", c)
		}
	}
}

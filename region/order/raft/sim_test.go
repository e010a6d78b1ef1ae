package raft

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
)

var (
	seeds = flag.Int("seeds", 0, "how many clusters TestCluster simulates; 0 = 200, or 10000 with METATOPIA_SOAK")
	first = flag.Uint64("seed", 1, "the first of them")
	loud  = flag.Bool("loud", false, "tell what happened")
)

// TestCluster simulates clusters with every fault, one seed each.
func TestCluster(t *testing.T) {
	n := *seeds
	if n == 0 {
		n = 200
		if os.Getenv("METATOPIA_SOAK") != "" {
			n = 10000
		}
	}
	sum := map[string]int{}
	for i := range uint64(n) {
		seed := *first + i
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, seed)
			w := newWorld(seed)
			w.live(6000000)
			if *loud || len(w.fails) > 0 {
				t.Log("\n" + strings.Join(w.trace, "\n"))
			}
			for _, f := range w.fails {
				t.Error(f)
			}
			for k, v := range w.counts { //lint:sorted a sum
				sum[k] += v
			}
			sum["ticks"] += int(w.top)
			sum["entries"] += len(w.acked)
			sum["terms"] += len(w.leader)
		})
		if !ok {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(sum)) {
		t.Log(k, sum[k])
	}
}

// live runs the faults for a time, then heals all and checks what must hold.
func (w *world) live(faults int) {
	w.run(faults)
	w.note("all is well again")
	w.calm = true
	clear(w.blocked)
	w.loss, w.twice = 0, 0
	for _, s := range w.servers {
		s.froze, s.slow = 0, false
		if !s.alive && !s.lost && !s.left {
			s.boot()
		}
	}
	at := w.top
	healed := func() bool {
		for _, s := range w.servers {
			if s.alive && (s.tick < at+20 || s.tick+30 < w.top) {
				return false
			}
		}
		return w.top >= at+20
	}
	for end := w.now + 60000000; !healed() && w.now < end && len(w.fails) == 0; {
		w.run(w.now + 200000)
	}
	if len(w.fails) > 0 {
		return
	}
	if !healed() {
		w.failf("no life a minute after all was healed, at tick %d of %d", at, w.top)
		for _, s := range w.servers {
			if st := s.core.Status(); s.alive {
				w.note("server %d: tick %d, leader %d, term %d, first %d, committed %d, last %d", s.id, s.tick, st.Leader, st.Term, st.First, st.Committed, st.Last)
				w.note("  %s", s.core.Describe())
			}
		}
		return
	}
	// Whatever somebody was told of is in every server's past: all have the
	// ticks up to now, and a tick has one record.
	for body := range w.acked { //lint:sorted a check
		if w.tickOf[body] > w.top {
			w.failf("entry %s was agreed on and is gone", body)
		}
	}
	// What was submitted before is in a record by now, in order.
	waits := func() (n int) {
		for _, s := range w.servers {
			if s.alive {
				n += len(s.open)
			}
		}
		return n
	}
	stop := w.now + 20000000
	w.silent = true
	for waits() > 0 && w.now < stop && len(w.fails) == 0 {
		w.run(w.now + 200000)
	}
	if n := waits(); n > 0 {
		w.failf("%d entries never came into a record", n)
		for _, s := range w.servers {
			for body := range s.open { //lint:sorted a report
				if s.alive {
					t, ok := w.tickOf[body]
					w.note("server %d at tick %d: %s, in tick %d: %v; it waits for %d", s.id, s.tick, body, t, ok, len(s.core.mine.list))
				}
			}
		}
	}
}

// TestSameSeedSameRun: a seed that found something finds it again.
func TestSameSeedSameRun(t *testing.T) {
	var runs [2]string
	for i := range runs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 5)
			w := newWorld(5)
			w.live(3000000)
			runs[i] = fmt.Sprint(strings.Join(w.trace, "\n"), w.now, w.top, w.agreed[w.top])
		})
	}
	if runs[0] != runs[1] {
		t.Fatalf("two runs differ:\n%s\n\n%s", runs[0], runs[1])
	}
}

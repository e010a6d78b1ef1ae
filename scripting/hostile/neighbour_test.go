package hostile_test

import (
	"flag"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/hostile"
)

var neighbour = flag.Bool("neighbour", false, "measure what an innocent process notices of hostile ones (TestNeighbour)")

// pings is how many letters are timed beside each guest.
const pings = 40

// TestNeighbour lets every hostile process loose without a budget, kills it
// after some letters to the innocent one, and tells how long these took. It is
// for `make soak`, on a machine that does nothing else.
func TestNeighbour(t *testing.T) {
	if !*neighbour {
		t.Skip("takes a minute and a quiet machine: -neighbour")
	}
	n := newNode(t)
	var calm, compiling, beset, kills []time.Duration
	for range 20 * pings {
		calm = append(calm, n.ping())
	}
	for _, g := range hostile.Guests() {
		if g.Kind != hostile.Process {
			continue
		}
		admitted := make(chan *scripting.Module)
		go func() {
			mod, err := n.engine.Admit(g.Wasm)
			if err != nil {
				mod = nil
			}
			admitted <- mod
		}()
		var mod *scripting.Module
		for waiting := true; waiting; { // while it is admitted, and refused
			select {
			case mod = <-admitted:
				waiting = false
			default:
				compiling = append(compiling, n.ping())
			}
		}
		if mod == nil {
			continue
		}
		p, err := n.procs.Spawn(scripting.SpawnSpec{Module: mod, Name: g.Name})
		if err != nil {
			continue
		}
		for range pings {
			beset = append(beset, n.ping())
		}
		began := time.Now()
		n.killTree(p.PID)
		kills = append(kills, time.Since(began))
	}
	until(t, "nothing but the innocent process to be left", func() bool { return n.procs.Len() == 1 })
	runtime.GC()
	t.Logf("a letter alone: %s", spread(calm))
	t.Logf("while guests are admitted: %s", spread(compiling))
	t.Logf("beside hostile guests: %s", spread(beset))
	t.Logf("killing a guest and its children: %s", spread(kills))
	for _, s := range [][]time.Duration{compiling, beset} {
		slices.Sort(s)
		if p99 := s[len(s)*99/100]; p99 > 20*time.Millisecond {
			t.Errorf("one letter of a hundred takes %v and more", p99)
		}
	}
}

// ping is ask, timed.
func (n *node) ping() time.Duration {
	n.t.Helper()
	began := time.Now()
	n.ask()
	return time.Since(began)
}

type spread []time.Duration

func (s spread) String() string {
	slices.Sort(s)
	at := func(k int) string { return s[min(len(s)-1, len(s)*k/1000)].Round(time.Microsecond).String() }
	return "median " + at(500) + ", p99 " + at(990) + ", most " + at(1000)
}

package physics

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/crew"
)

// way is how a world may be stepped without anything coming of it.
type way struct {
	lanes   bool
	workers int
}

func (y way) String() string { return fmt.Sprintf("lanes %v, %d workers", y.lanes, y.workers) }

// TestGoldenWays: lanes and workers give the bits that one gives without lanes.
// Those are in the golden file: see TestGolden.
func TestGoldenWays(t *testing.T) {
	ways := []way{{false, 2}, {false, 8}, {true, 1}, {true, 2}, {true, 3}, {true, 8}}
	if !hasLanes {
		t.Log("this build has no lanes: workers alone are compared")
		ways = []way{{false, 2}, {false, 3}, {false, 5}, {false, 8}}
	}
	all := scenes()
	if testing.Short() { // with the race detector
		ways = []way{{false, 3}, {true, 2}}
	} else {
		all = append(all, heapScene("heap", 7, crate))
	}
	for _, s := range all {
		var want []uint64
		hashes := func(w *World, f func(k int, h uint64)) {
			var ev []Event
			for i := range s.steps {
				ev, _ = w.Step(s.at[i], ev[:0])
				if (i+1)%50 == 0 {
					f(i/50, w.Hash())
				}
			}
		}
		plain, err := New(s.cfg)
		if err != nil {
			t.Fatal(err)
		}
		plain.SetLanes(false)
		hashes(plain, func(_ int, h uint64) { want = append(want, h) })
		for _, y := range ways {
			w, _ := New(s.cfg)
			w.SetLanes(y.lanes)
			c := crew.New(y.workers)
			if y.workers > 1 {
				w.SetParallel(c.Run)
			}
			same := true
			hashes(w, func(k int, h uint64) {
				if same && h != want[k] {
					same = false
					t.Errorf("%s, %v: hash %016x after %d steps, want %016x", s.name, y, h, 50*(k+1), want[k])
				}
			})
			c.Close()
		}
	}
}

package physics

import (
	"sync"
	"testing"
)

// sharedBy is a parallel function that shares n pieces out among count
// goroutines, in an order of its own.
func sharedBy(count int) func(int, func(int)) {
	return func(n int, f func(int)) {
		var all sync.WaitGroup
		for k := range count {
			all.Go(func() {
				for i := n - 1 - k; i >= 0; i -= count {
					f(i)
				}
			})
		}
		all.Wait()
	}
}

// TestWorkersAreBitIdentical: one worker, two, five and eight give the same hash at every
// step, with lanes and without.
func TestWorkersAreBitIdentical(t *testing.T) {
	all := append(scenes()[2:4], mixScene(7, 60, 150), heapScene("heap", 6, crate))
	for _, s := range all {
		var want []uint64
		s.steps = min(s.steps, 100)
		s.play(t, func(_ int, w *World, _ []Event) { want = append(want, w.Hash()) })
		for count := 2; count <= 8; count += 3 {
			w, err := New(s.cfg)
			if err != nil {
				t.Fatal(err)
			}
			w.SetParallel(sharedBy(count))
			w.SetLanes(count%2 == 0)
			var ev []Event
			for i := range s.steps {
				ev, _ = w.Step(s.at[i], ev[:0])
				if h := w.Hash(); h != want[i] {
					t.Fatalf("%s: %d workers: step %d: hash %016x, want %016x", s.name, count, i, h, want[i])
				}
			}
		}
	}
}

package crew

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// TestRun: each index once, whatever the number of workers and of indices.
func TestRun(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 3, 8} {
		c := New(workers)
		for n := range 40 {
			seen := make([]atomic.Int32, n)
			c.Run(n, func(i int) { seen[i].Add(1) })
			for i := range seen {
				if k := seen[i].Load(); k != 1 {
					t.Fatalf("%d workers, %d of %d: called %d times", workers, i, n, k)
				}
			}
		}
		c.Close()
		c.Close()
		sum := 0
		c.Run(10, func(i int) { sum += i })
		if sum != 45 {
			t.Errorf("after Close: %d", sum)
		}
	}
}

// TestManyRuns: what a run wrote the next one reads, whether workers look for
// work or lie down.
func TestManyRuns(t *testing.T) {
	c := New(4)
	defer c.Close()
	values := make([]int, 64)
	for round := range 3000 {
		c.Run(len(values), func(i int) {
			if values[i] != round {
				t.Errorf("round %d: %d is %d", round, i, values[i])
			}
			values[i]++
		})
		if round%100 == 0 {
			for range 100 { // they lie down
				runtime.Gosched()
			}
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	c := New(2)
	defer c.Close()
	var sum atomic.Int64
	f := func(i int) { sum.Add(int64(i)) }
	if n := testing.AllocsPerRun(100, func() { c.Run(16, f) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkRun(b *testing.B) {
	c := New(2)
	defer c.Close()
	for b.Loop() {
		c.Run(2, func(int) {})
	}
}

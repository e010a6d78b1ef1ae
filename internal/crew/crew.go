// Package crew shares loops of some microseconds among goroutines that stay:
// starting them for each would take longer than the loop. It is the parallel
// function that a driver gives to physics.World.SetParallel.
package crew

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// spins is how often a worker looks for work before it lies down: some 150 µs,
// as long as what a step of physics does between two loops. To wake it costs
// about as much.
const spins = 60_000

// Crew is a number of workers. Its Run is for one goroutine at a time.
type Crew struct {
	f    func(int)
	n    int
	cuts int           // pieces that n is cut into
	left atomic.Uint64 // a bit for each piece that nobody has taken

	// state is of the loop: its number in the upper half, whether one may still
	// join, and how many have joined and are not done. Who comes late stays out,
	// so nobody waits for who sleeps.
	state atomic.Uint64
	shut  atomic.Bool

	workers []*worker
	ended   sync.WaitGroup
}

const (
	loop   = 1 << 32 // what a loop adds to the number
	open   = 1 << 31
	joined = open - 1 // mask of how many
)

type worker struct {
	number int
	lies   atomic.Bool   // it waits for wake
	wake   chan struct{} // of capacity 1
	_      [64]byte      // its neighbour looks elsewhere
}

// New makes a crew of n, of whom the caller of Run is one; below 1 is 1.
func New(n int) *Crew {
	c := &Crew{}
	for k := range n - 1 {
		w := &worker{number: k + 1, wake: make(chan struct{}, 1)}
		c.workers = append(c.workers, w)
		c.ended.Go(func() { c.serve(w) })
	}
	return c
}

// Run calls f once for each i in [0, n), in no order and several at a time, and
// returns when all have returned. It allocates nothing. f must not call Run.
func (c *Crew) Run(n int, f func(i int)) {
	if n <= 1 || len(c.workers) == 0 || c.shut.Load() {
		for i := range n {
			f(i)
		}
		return
	}
	c.f, c.n, c.cuts = f, n, min(n, 63)
	c.left.Store(1<<c.cuts - 1)
	c.state.Store(c.state.Load()&^(loop-1) + loop | open)
	c.rouse()
	c.take(0)
	for i := 0; ; i++ {
		s := c.state.Load()
		if s&open != 0 {
			c.state.CompareAndSwap(s, s&^open)
		} else if s&joined == 0 {
			break
		}
		if i >= spins {
			runtime.Gosched()
		}
	}
	c.f = nil
}

// rouse wakes who lies down.
func (c *Crew) rouse() {
	for _, w := range c.workers {
		if w.lies.Load() && w.lies.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

// take works until all of the loop is taken. Worker k begins with its own share:
// what it wrote in the loop before is still in its cache. It takes half of what
// is left of it at a time, because each taking is a quarrel over one word; then
// it helps others with the pieces that they would come to last.
func (c *Crew) take(k int) {
	hands := len(c.workers) + 1
	own := uint64(1)<<((k+1)*c.cuts/hands) - uint64(1)<<(k*c.cuts/hands)
	for {
		left := c.left.Load()
		if left == 0 {
			return
		}
		rest := left & own
		for range (bits.OnesCount64(rest) + 1) / 2 {
			rest &= rest - 1
		}
		mine := left & own &^ rest
		if mine == 0 {
			mine = 1 << (bits.Len64(left) - 1)
		}
		if !c.left.CompareAndSwap(left, left&^mine) {
			continue
		}
		for ; mine != 0; mine &= mine - 1 {
			i := bits.TrailingZeros64(mine)
			for j := i * c.n / c.cuts; j < (i+1)*c.n/c.cuts; j++ {
				c.f(j)
			}
		}
	}
}

// serve is a worker's life.
func (c *Crew) serve(w *worker) {
	for idle := 0; !c.shut.Load(); {
		if s := c.state.Load(); s&open != 0 {
			if c.state.CompareAndSwap(s, s+1) {
				c.take(w.number)
				c.state.Add(^uint64(0))
				idle = 0
			}
			continue
		}
		if idle++; idle < spins {
			continue
		}
		// Whoever opens a loop looks at lies after it: one of both sees the other.
		w.lies.Store(true)
		if c.state.Load()&open == 0 && !c.shut.Load() || !w.lies.CompareAndSwap(true, false) {
			<-w.wake
		}
		idle = 0
	}
}

// Close ends the workers. A Run after it works alone.
func (c *Crew) Close() {
	if c.shut.Swap(true) {
		return
	}
	c.rouse()
	c.ended.Wait()
}

package assets

import (
	"context"
	"sync"
	"sync/atomic"
)

// Priority orders what waits: higher goes first, of equals the one that came
// first. It may be raised while something waits.
type Priority int8

const (
	Background Priority = -10 // not needed yet
	Ordinary   Priority = 0
	InSight    Priority = 10
	LookedAt   Priority = 20 // what somebody looks at, or asked for
)

// gate lets through what fits: weights that together are at most its size.
// Whoever is first in the order is not overtaken by something smaller, so
// that nothing heavy waits for ever.
type gate struct {
	size int64

	mu      sync.Mutex
	used    int64
	seq     uint64
	waiting []*waiter
}

type waiter struct {
	n    int64
	prio *atomic.Int32
	seq  uint64
	in   chan struct{} // closed when it is through
}

// enter waits until n fit. What is larger than the gate passes alone. It fails
// only with the cause of ctx; else leave gives back what enter returned.
func (g *gate) enter(ctx context.Context, prio *atomic.Int32, n int64) (int64, error) {
	n = min(max(n, 1), g.size)
	g.mu.Lock()
	g.seq++
	w := &waiter{n: n, prio: prio, seq: g.seq, in: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.admit()
	g.mu.Unlock()
	select {
	case <-w.in:
		return n, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, o := range g.waiting {
		if o == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			g.admit() // it may have been what others waited behind
			return 0, context.Cause(ctx)
		}
	}
	g.used -= n // it was let through meanwhile
	g.admit()
	return 0, context.Cause(ctx)
}

func (g *gate) leave(n int64) {
	g.mu.Lock()
	g.used -= n
	g.admit()
	g.mu.Unlock()
}

// admit lets through whoever is first while they fit. There are at most some
// thousand waiters: looking at all is quick, and priorities may change.
func (g *gate) admit() {
	for len(g.waiting) > 0 {
		best := 0
		for i, w := range g.waiting {
			b := g.waiting[best]
			if p, q := w.prio.Load(), b.prio.Load(); p > q || p == q && w.seq < b.seq {
				best = i
			}
		}
		w := g.waiting[best]
		if g.used+w.n > g.size {
			return
		}
		g.used += w.n
		g.waiting = append(g.waiting[:best], g.waiting[best+1:]...)
		close(w.in)
	}
}

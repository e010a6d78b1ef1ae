package process

import "sync"

// workers run the handlers that have letters: as many goroutines as there are
// slots at most, and none while there is nothing to do.
type workers struct {
	slots *slots
	most  int

	mu    sync.Mutex
	ready line[*Process]
	alive int
	hogs  int // of alive, with a process that used up its last slice
}

// enqueue lets a handler run. The caller has made sure that it is not in the
// queue and not running.
func (w *workers) enqueue(p *Process) {
	w.mu.Lock()
	w.ready.push(p.spec.Priority, p)
	// A worker that is about to be free takes p sooner than a new one would
	// start; one with a hog does not.
	start := w.alive < w.most && w.alive-w.hogs < w.ready.n
	if start {
		w.alive++
	}
	w.mu.Unlock()
	if start {
		go w.work()
	}
}

// next gives what to run after a hog or another; nil ends the worker.
func (w *workers) next(hog bool) (p *Process, isHog bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if hog {
		w.hogs--
	}
	p, ok := w.ready.pop()
	if !ok {
		w.alive--
		return nil, false
	}
	if p.hog {
		w.hogs++
	}
	return p, p.hog
}

func (w *workers) work() {
	w.slots.take(Ordinary)
	defer w.slots.give()
	for p, hog := w.next(false); p != nil; p, hog = w.next(hog) {
		p.turn()
		w.slots.yield(Ordinary)
	}
}

package process

import "sync"

// workers run the handlers that have letters: as many goroutines as there are
// slots at most, and none while there is nothing to do. A worker whose handler
// takes longer than a slice for one letter, or waits in it, does not count until
// it is done: another one goes on with the others.
type workers struct {
	slots *slots
	most  int

	mu    sync.Mutex
	ready line[*Process]
	alive int
	hogs  int // of alive, with a process that used up its last slice
}

// worker is one goroutine of workers.
type worker struct {
	of     *workers
	hog    bool
	away   bool   // it does not count
	letter Letter // that is handled
}

// enqueue lets a handler run. The caller has made sure that it is not in the
// queue and not running.
func (w *workers) enqueue(p *Process) {
	w.mu.Lock()
	w.ready.push(p.prio, p)
	w.unlock()
}

// unlock gives the lock back and starts a worker if one is wanted: a worker that
// is about to be free takes the next sooner than a new one would start; one with
// a hog does not.
func (w *workers) unlock() {
	start := w.alive < w.most && w.alive-w.hogs < w.ready.n
	if start {
		w.alive++
	}
	w.mu.Unlock()
	if start {
		go (&worker{of: w}).work()
	}
}

// next gives what to run; nil ends the worker.
func (k *worker) next() *Process {
	w := k.of
	w.mu.Lock()
	defer w.mu.Unlock()
	if k.away {
		if w.alive >= w.most {
			return nil
		}
		w.alive++
		k.away = false
	}
	if k.hog {
		w.hogs--
		k.hog = false
	}
	p, ok := w.ready.pop()
	if !ok {
		w.alive--
		return nil
	}
	if p.hog {
		w.hogs++
		k.hog = true
	}
	return p
}

// leave stops counting.
func (k *worker) leave() {
	if k.away {
		return
	}
	k.away = true
	w := k.of
	w.mu.Lock()
	w.alive--
	if k.hog {
		w.hogs--
		k.hog = false
	}
	w.unlock()
}

func (k *worker) work() {
	slots := k.of.slots
	slots.take(Ordinary)
	defer slots.give()
	for p := k.next(); p != nil; p = k.next() {
		p.turn(k)
		slots.yield(Ordinary)
	}
}

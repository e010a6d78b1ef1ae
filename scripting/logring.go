package scripting

import (
	"context"
	"sync"
)

// logRing keeps the last lines of a process and wakes who follows it.
type logRing struct {
	mu    sync.Mutex
	lines []LogLine // at most maxLines, the oldest first
	first uint64    // number of lines dropped
	ended bool
	more  chan struct{} // closed and replaced when something changes
}

func newLogRing() *logRing { return &logRing{more: make(chan struct{})} }

func (r *logRing) add(l LogLine) {
	r.mu.Lock()
	if len(r.lines) >= 2*maxLines { // move seldom, so that a line costs little
		r.lines = append(r.lines[:0], r.lines[maxLines:]...)
		r.first += maxLines
	}
	r.lines = append(r.lines, l)
	r.wake()
	r.mu.Unlock()
}

// end marks that no more lines come.
func (r *logRing) end() {
	r.mu.Lock()
	r.ended = true
	r.wake()
	r.mu.Unlock()
}

func (r *logRing) wake() {
	close(r.more)
	r.more = make(chan struct{})
}

// since gives the kept lines from number n on, the number after them, and
// what to wait for when there are none: nil when no more come.
func (r *logRing) since(n uint64) (lines []LogLine, next uint64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.first + uint64(len(r.lines))
	n = max(n, r.first)
	if end > maxLines {
		n = max(n, end-maxLines)
	}
	if n < end {
		lines = append(lines, r.lines[n-r.first:]...)
	}
	if !r.ended {
		more = r.more
	}
	return lines, end, more
}

// tail calls fn for the lines kept and, with follow, for those to come.
func (r *logRing) tail(ctx context.Context, follow bool, fn func(LogLine) error) error {
	next := uint64(0)
	for {
		var lines []LogLine
		var more <-chan struct{}
		lines, next, more = r.since(next)
		for _, l := range lines {
			if err := fn(l); err != nil {
				return err
			}
		}
		if !follow || more == nil {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

package scripting

import (
	"context"
	"sync"
	"time"
)

// LogLine is a line of a process's log. Level is debug, info, warn or error.
type LogLine struct {
	PID   uint64
	Name  string // of the process
	Time  time.Time
	Level string
	Text  string // no control characters but tabs
}

// logRing keeps the last lines and wakes who follows them.
type logRing struct {
	most, mostBytes int

	mu    sync.Mutex
	lines []LogLine // the oldest first
	from  int       // of lines: those before are dropped
	bytes int       // of the others
	first uint64    // number of lines[from]
	ended bool
	more  chan struct{} // made when somebody waits; closed when something changes
}

func newLogRing(lines, bytes int) *logRing { return &logRing{most: lines, mostBytes: bytes} }

func (r *logRing) add(l LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
	r.bytes += len(l.Text)
	for len(r.lines)-r.from > r.most || r.bytes > r.mostBytes {
		r.bytes -= len(r.lines[r.from].Text)
		r.lines[r.from] = LogLine{}
		r.from++
		r.first++
	}
	if r.from > r.most { // move seldom, so that a line costs little
		n := copy(r.lines, r.lines[r.from:])
		clear(r.lines[n:])
		r.lines, r.from = r.lines[:n], 0
	}
	r.wake()
}

// end marks that no more lines come.
func (r *logRing) end() {
	r.mu.Lock()
	r.ended = true
	r.wake()
	r.mu.Unlock()
}

func (r *logRing) wake() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// since gives the kept lines from number n on, the number after them, and
// what to wait for when there are none: nil when no more come.
func (r *logRing) since(n uint64) (lines []LogLine, next uint64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.lines[r.from:]
	end := r.first + uint64(len(kept))
	if n = max(n, r.first); n < end {
		lines = append(lines, kept[n-r.first:]...)
	}
	if !r.ended {
		if r.more == nil {
			r.more = make(chan struct{})
		}
		more = r.more
	}
	return lines, end, more
}

// tail calls fn for the lines kept of a level or a higher one and, with follow,
// for those to come.
func (r *logRing) tail(ctx context.Context, level int, follow bool, fn func(LogLine) error) error {
	next := uint64(0)
	for {
		var lines []LogLine
		var more <-chan struct{}
		lines, next, more = r.since(next)
		for _, l := range lines {
			if n, _ := LevelOf(l.Level); n < level {
				continue
			}
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

package process

import (
	"sync"
	"sync/atomic"
)

// slots are places to run in. Who waits for one gets it in the order of a line.
type slots struct {
	waiting atomic.Int32

	mu     sync.Mutex
	free   int
	line   line[chan struct{}]
	tokens sync.Pool // of channels for those who wait
}

// take waits for a place.
func (s *slots) take(p Priority) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return
	}
	s.wait(p)
}

// wait waits in the line. The lock is held, and let go.
func (s *slots) wait(p Priority) {
	c, ok := s.tokens.Get().(chan struct{})
	if !ok {
		c = make(chan struct{}, 1)
	}
	s.line.push(p, c)
	s.waiting.Add(1)
	s.mu.Unlock()
	<-c
	s.tokens.Put(c)
}

// give hands the place on.
func (s *slots) give() {
	s.mu.Lock()
	if c, ok := s.line.pop(); ok {
		s.waiting.Add(-1)
		s.mu.Unlock()
		c <- struct{}{}
		return
	}
	s.free++
	s.mu.Unlock()
}

// yield lets another go first if one waits.
func (s *slots) yield(p Priority) {
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	c, ok := s.line.pop()
	if !ok {
		s.mu.Unlock()
		return
	}
	s.waiting.Add(-1)
	c <- struct{}{} // it holds one token, so this does not wait
	s.wait(p)
}

package process

import (
	"sync"
	"sync/atomic"
)

// slots are places to run in. Who waits for one gets it in the order of a line.
type slots struct {
	waiting atomic.Int32

	mu   sync.Mutex
	free int
	line line[chan struct{}]
}

// take waits for a place.
func (s *slots) take(p Priority) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return
	}
	c := make(chan struct{}, 1)
	s.line.push(p, c)
	s.waiting.Add(1)
	s.mu.Unlock()
	<-c
}

// give hands the place on.
func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.line.pop(); ok {
		s.waiting.Add(-1)
		c <- struct{}{}
		return
	}
	s.free++
}

// yield lets others go first if there are any.
func (s *slots) yield(p Priority) {
	if s.waiting.Load() == 0 {
		return
	}
	s.give()
	s.take(p)
}

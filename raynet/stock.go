package raynet

import "slices"

// stock hands out small objects that lie side by side: a node goes through all
// of its peers often, and its memory is seldom in a cache. What was given back
// is handed out again from the next Step on, because a Step may still look at
// what it has just let go; but of what one Step gives back only the last
// stockRest rest so long.
type stock[T any] struct {
	slab []T // of the newest run, what was never handed out
	free []*T
	gone []*T // given back during this Step
}

const (
	// stockRun is how many objects are allocated at a time.
	stockRun  = 8
	stockRest = 4
)

// take gives an object; it holds what it held when it was given back.
func (s *stock[T]) take() *T {
	if n := len(s.free); n > 0 {
		p := s.free[n-1]
		s.free[n-1] = nil
		s.free = s.free[:n-1]
		return p
	}
	if len(s.gone) >= stockRest {
		p := s.gone[0]
		s.gone = slices.Delete(s.gone, 0, 1)
		return p
	}
	if len(s.slab) == 0 {
		s.slab = make([]T, stockRun)
	}
	p := &s.slab[0]
	s.slab = s.slab[1:]
	return p
}

func (s *stock[T]) give(p *T) { s.gone = append(s.gone, p) }

// settle begins a Step.
func (s *stock[T]) settle() {
	if len(s.gone) > 0 {
		s.free = append(s.free, s.gone...)
		clear(s.gone)
		s.gone = s.gone[:0]
	}
}

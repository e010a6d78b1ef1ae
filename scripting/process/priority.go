package process

// Priority is how soon a process that could run is let run.
type Priority uint8

const (
	Ordinary Priority = iota
	High
	Low
)

const priorities = 3

// order is the priorities, the first first.
var order = [priorities]Priority{High, Ordinary, Low}

// line is a queue by priority in which nobody waits for ever: after turns
// others, the oldest of the next lower priority has its turn.
type line[T any] struct {
	rings  [priorities]ring[T]
	passed [priorities]int // others that went first since it had a turn
	n      int
}

func (l *line[T]) push(p Priority, v T) {
	l.rings[p].push(v)
	l.n++
}

func (l *line[T]) pop() (v T, ok bool) {
	if l.n == 0 {
		return v, false
	}
	first := -1
	for i, p := range order {
		if l.rings[p].n == 0 {
			continue
		}
		if first < 0 {
			first = i
		} else if l.passed[p] >= turns {
			first = i
		}
	}
	chosen := order[first]
	for _, p := range order {
		if p != chosen && l.rings[p].n > 0 {
			l.passed[p]++
		}
	}
	l.passed[chosen] = 0
	l.n--
	return l.rings[chosen].pop(), true
}

// ring is a queue without bound: of processes, of which there is one.
type ring[T any] struct {
	at  int
	n   int
	row []T
}

func (r *ring[T]) push(v T) {
	if r.n == len(r.row) {
		row := make([]T, max(16, 2*r.n))
		for i := range r.n {
			row[i] = r.row[(r.at+i)&(len(r.row)-1)]
		}
		r.row, r.at = row, 0
	}
	r.row[(r.at+r.n)&(len(r.row)-1)] = v
	r.n++
}

func (r *ring[T]) pop() (v T) {
	var none T
	v, r.row[r.at] = r.row[r.at], none
	r.at = (r.at + 1) & (len(r.row) - 1)
	r.n--
	return v
}

package sim

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/metatopia/metatopia/internal/base"
)

// Queue holds what will happen, ordered by time and then by the order of
// scheduling. Times are nanoseconds since the start of the run.
type Queue struct {
	now   int64
	seq   uint64
	items events
	rng   *base.Rand
	trace hash.Hash
}

type event struct {
	at  int64
	seq uint64
	run func()
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || (h[i].at == h[j].at && h[i].seq < h[j].seq)
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*h = old[:len(old)-1]
	return e
}

// New starts a run. Print the seed when a test fails: it is the whole input.
func New(seed uint64) *Queue {
	return &Queue{rng: base.NewRand(seed, 0x51), trace: sha256.New()}
}

// Now is the time of the event that runs, or that of the last RunUntil.
func (q *Queue) Now() int64 { return q.now }

// Rand is the run's own source; cores get theirs from seeds drawn from it.
func (q *Queue) Rand() *base.Rand { return q.rng }

// At schedules f; a time that has passed means now.
func (q *Queue) At(t int64, f func()) {
	q.seq++
	heap.Push(&q.items, event{max(t, q.now), q.seq, f})
}

// After schedules f in d nanoseconds.
func (q *Queue) After(d int64, f func()) { q.At(q.now+d, f) }

// Step runs the next event; false when there is none.
func (q *Queue) Step() bool {
	if len(q.items) == 0 {
		return false
	}
	e := heap.Pop(&q.items).(event)
	q.now = e.at
	e.run()
	return true
}

// RunUntil runs all events up to and at t, sets the clock to t and returns how
// many ran.
func (q *Queue) RunUntil(t int64) int {
	k := 0
	for len(q.items) > 0 && q.items[0].at <= t {
		q.Step()
		k++
	}
	q.now = max(q.now, t)
	return k
}

// Note adds to the trace: the time and the parts, each with its length.
func (q *Queue) Note(parts ...[]byte) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(q.now))
	q.trace.Write(n[:])
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		q.trace.Write(n[:])
		q.trace.Write(p)
	}
}

// Trace is the hash of all notes so far.
func (q *Queue) Trace() (h [32]byte) {
	q.trace.Sum(h[:0])
	return h
}

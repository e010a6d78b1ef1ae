package exchange

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
)

// swarm fetches the lumps of one content from several peers at a time, each on
// one stream (a lane). What the reader needs first is asked for first. A lane
// with nothing to do asks again for what another owes; a lane that fails leaves
// what it owes to the others, and without any lane bitswap has to help.
type swarm struct {
	x    *Exchange
	f    *fetcher
	ctx  context.Context
	root lumps.Ref
	bulk bool         // nobody waits for the single lump
	size atomic.Int64 // of the content; 0: not known yet

	mu      sync.Mutex
	begun   bool
	queue   []*job // wanted and on no lane, by seq
	helped  []*job // bitswap was asked
	lanes   []*lane
	known   peer.ID          // sent the root, so it has it
	asked   map[peer.ID]bool // in this search
	opening int              // lanes being opened
	alone   bool             // no lane, and none soon
	looked  time.Time        // when the last search began
	seeking bool
}

// job is one lump that is wanted.
type job struct {
	s    *swarm
	ref  lumps.Ref
	size int64 // bytes, as far as known
	seq  int64 // order of reading

	done chan struct{} // closed when b, from and err stand
	help chan struct{} // closed when bitswap is to be asked
	b    []byte
	sole bool // nobody else was given b
	from peer.ID
	err  error

	// Under the swarm's lock.
	finished, swapped bool
	on                []*lane
	no                []peer.ID // who has it not
	asked             time.Time // when a lane was first asked
}

func (j *job) over() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

func newSwarm(f *fetcher, root lumps.Ref, bulk bool) *swarm {
	return &swarm{x: f.x, f: f, ctx: f.ctx, root: root, bulk: bulk, asked: map[peer.ID]bool{}}
}

// want adds a job. The caller drops it when it has the lump, from wherever.
func (s *swarm) want(r lumps.Ref, size, seq int64) *job {
	j := &job{s: s, ref: r, size: min(max(size, 1), lumps.MaxLump), seq: seq,
		done: make(chan struct{}), help: make(chan struct{})}
	s.x.jobs.add(j)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alone {
		s.swap(j)
	} else {
		s.enqueue(j)
		s.wakeAll()
	}
	if !s.begun {
		s.begun = true
		s.search()
	}
	return j
}

// drop ends a job, however it went.
func (s *swarm) drop(j *job) {
	s.x.jobs.remove(j)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(j, nil, "", context.Canceled)
}

// finish closes a job once. The caller holds the lock.
func (s *swarm) finish(j *job, b []byte, from peer.ID, err error) bool {
	if j.finished {
		return false
	}
	j.finished, j.b, j.from, j.err = true, b, from, err
	s.queue = without(s.queue, j)
	s.helped = without(s.helped, j)
	close(j.done)
	return true
}

func without[T comparable](list []T, v T) []T {
	if i := slices.Index(list, v); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func (s *swarm) enqueue(j *job) {
	i, _ := slices.BinarySearchFunc(s.queue, j.seq, func(q *job, seq int64) int { return int(q.seq - seq) })
	s.queue = slices.Insert(s.queue, i, j)
}

// swap has bitswap look for a job's lump.
func (s *swarm) swap(j *job) {
	s.queue = without(s.queue, j)
	if !j.swapped && !j.finished {
		j.swapped, j.asked = true, time.Now()
		s.helped = append(s.helped, j)
		close(j.help)
	}
}

// swapAll has bitswap look for all that no lane was asked for.
func (s *swarm) swapAll() {
	for len(s.queue) > 0 {
		s.swap(s.queue[0])
	}
}

func (s *swarm) wakeAll() {
	for _, l := range s.lanes {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// take gives a lane its next jobs. With none, again tells whether to look
// again in a while though nothing has happened.
func (s *swarm) take(l *lane) (jobs []*job, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if l.gone {
		return nil, false
	}
	if now.Before(l.hold) {
		return nil, true
	}
	for i := 0; i < len(s.queue); {
		j := s.queue[i]
		if l.weight > 0 && (l.weight+j.size > l.window || s.bulk && s.x.urgent.Load() > 0) {
			break // in order: a smaller one behind does not overtake
		}
		if slices.Contains(j.no, l.id) {
			i++
			continue
		}
		if s.x.jobs.elsewhere(j, now) {
			i, again = i+1, true
			continue
		}
		s.queue = slices.Delete(s.queue, i, i+1)
		s.give(l, j, now)
		jobs = append(jobs, j)
	}
	if len(jobs) > 0 || len(l.out) > 0 {
		return jobs, again
	}
	j, soon := s.stolen(l, now)
	if j != nil {
		s.give(l, j, now)
		jobs = append(jobs, j)
	}
	return jobs, again || soon
}

func (s *swarm) give(l *lane, j *job, now time.Time) {
	if len(j.on) == 0 && !j.swapped {
		j.asked = now
		s.x.jobs.asked(j, now)
	}
	j.on = append(j.on, l)
	l.out = append(l.out, j)
	l.weight += j.size
	if len(l.out) == 1 {
		l.last = now
		l.period()
	}
}

// stolen is the first job that others owe for too long; soon: there is one
// that may become it.
func (s *swarm) stolen(l *lane, now time.Time) (best *job, soon bool) {
	wait := max(stealAfter, 3*l.mean)
	look := func(j *job) {
		if j.finished || len(j.on) > 1 || slices.Contains(j.on, l) || slices.Contains(j.no, l.id) {
			return
		}
		if now.Sub(j.asked) < wait {
			soon = true
		} else if best == nil || j.seq < best.seq {
			best = j
		}
	}
	for _, o := range s.lanes {
		for _, j := range o.out {
			look(j)
		}
	}
	for _, j := range s.helped {
		look(j)
	}
	return best, soon
}

// arrived takes note that the bytes of a lane's first job are here.
func (s *swarm) arrived(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered(l, time.Now())
	l.absent = 0
}

// came ends a job with what a lane brought, or with nothing when another lane
// was quicker. It tells whether the job took b.
func (s *swarm) came(l *lane, j *job, b []byte, sole bool, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored(l, j)
	defer s.wakeAll()
	if b == nil && err == nil || j.finished {
		return false
	}
	j.sole = sole
	s.finish(j, b, l.id, err)
	l.window = min(l.window+lumps.ChunkSize, laneMost)
	now := time.Now()
	for _, o := range j.on {
		// They owe it still: one at a time from now on, and not at once.
		o.window, o.hold = 1, now.Add(now.Sub(j.asked))
	}
	return true
}

// stored ends what a lane had to do for a job.
func (s *swarm) stored(l *lane, j *job) {
	j.on = without(j.on, l)
	l.weight -= j.size
}

// failed finds another way for a job that a lane brought other bytes for.
func (s *swarm) failed(l *lane, j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored(l, j)
	j.no = append(j.no, l.id)
	s.again(j)
	s.wakeAll()
}

// answered takes the first job off what its lane owes.
func (s *swarm) answered(l *lane, now time.Time) {
	l.out = l.out[1:]
	took := now.Sub(l.last)
	if l.last = now; l.mean == 0 {
		l.mean = took
	}
	l.mean += (took - l.mean) / 8
	l.period()
}

// absent takes note that a peer has not what its lane asked for. It tells
// whether that happens too often.
func (s *swarm) absent(l *lane, j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered(l, time.Now())
	s.stored(l, j)
	j.no = append(j.no, l.id)
	s.again(j)
	s.wakeAll()
	l.absent++
	return l.absent >= laneAbsent
}

// again finds another way for a job that a lane has failed.
func (s *swarm) again(j *job) {
	if j.finished || len(j.on) > 0 || j.swapped {
		return
	}
	for _, o := range s.lanes {
		if !slices.Contains(j.no, o.id) {
			s.enqueue(j)
			return
		}
	}
	if s.opening > 0 {
		s.enqueue(j)
		return
	}
	s.swap(j)
}

// lost takes a lane away, and leaves what it owes to the others.
func (s *swarm) lost(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes, l.gone = without(s.lanes, l), true
	for _, o := range s.lanes {
		o.hold = time.Time{} // all are needed now
	}
	out := l.out
	l.out = nil
	for _, j := range out {
		j.on = without(j.on, l)
		s.again(j)
	}
	s.settle()
	s.wakeAll()
}

// settle turns to bitswap when there is no lane and none is being opened, and
// has somebody look for more.
func (s *swarm) settle() {
	if len(s.lanes) > 0 || s.opening > 0 {
		return
	}
	s.alone = true
	s.swapAll()
	if !s.seeking && s.ctx.Err() == nil {
		s.search()
	}
}

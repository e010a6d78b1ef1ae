package byzantine

import (
	"math"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// pace asks the library for the next tick: on the leader when it is due, on the
// others always, so that they complain of a leader who makes none.
func (l *Log) pace() {
	for {
		select {
		case <-l.quit:
			return
		case <-l.kick:
		}
		if !l.started.Load() {
			continue
		}
		leading := l.Leading()
		l.mu.Lock()
		next := l.tick + 1
		wanted := (l.asked || !leading) && !slices.Contains(l.wished, next)
		var old []base.Tick
		l.wished = slices.DeleteFunc(l.wished, func(t base.Tick) bool {
			if t < next {
				old = append(old, t)
			}
			return t < next
		})
		if wanted {
			l.wished = append(l.wished, next)
		}
		l.mu.Unlock()
		// The library forgets those that it saw fulfilled, but not those of ticks
		// that were fetched: it would complain of every leader to come.
		for _, t := range old {
			_ = l.cons.Pool.RemoveRequest(agreement{l}.RequestID(wish(t)))
		}
		if wanted && l.cons.SubmitRequest(wish(next)) != nil {
			l.mu.Lock() // the leader is changing
			l.wished = slices.DeleteFunc(l.wished, func(t base.Tick) bool { return t == next })
			l.mu.Unlock()
		}
	}
}

// clock is the library's time. When this machine was too busy the time that
// passed is not made up for: that would look like a silent leader.
func (l *Log) clock() {
	t := time.NewTicker(beat)
	defer t.Stop()
	now := time.Now()
	last := now
	ahead := now // of changes of the leader, see outvoted and impatient
	for {
		step := time.Duration(0)
		select {
		case <-l.quit:
			return
		case at := <-t.C:
			step = min(at.Sub(last), 2*beat)
			last = at
		}
		now = now.Add(step)
		l.mu.Lock()
		stands := l.outvoted()
		l.mu.Unlock()
		if !stands {
			ahead = ahead.Add(step)
		}
		l.strike(now, ahead)
		l.look(now)
		ahead = ahead.Add(l.impatient(now))
	}
}

// strike tells the library the time, and the other that its changes of the
// leader go by.
func (l *Log) strike(now, ahead time.Time) {
	select {
	case l.beats <- now:
	default:
	}
	select {
	case l.turns <- ahead:
	default:
	}
}

// look sees whether the leader is another one.
func (l *Log) look(now time.Time) {
	leader := l.Leader()
	if leader != 0 {
		l.watch(leader, now)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.asked || leader != l.self {
		if !slices.Contains(l.wished, l.tick+1) {
			l.pull()
		}
	}
	for _, m := range l.again() {
		for id := range l.peers {
			agreement{l}.tell(uint64(id), m)
		}
	}
	if m := l.standing(); m != nil {
		agreement{l}.tell(l.stand.to, m)
	}
	if leader == l.leader {
		return
	}
	l.leader, l.mine.sent = leader, 0
	l.cfg.OnEvent(EventLeaders, 1)
	l.forward()
	l.poke()
	l.pull()
}

// complain asks for another leader, at once.
func (l *Log) complain() {
	if l.started.Load() {
		l.cons.Complain(math.MaxUint64, true)
	}
}

// group brings to the disk what was written without a barrier.
func (l *Log) group() {
	t := time.NewTicker(groupEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-l.quit:
			return
		}
		if err := l.disk.file.Sync(); err != nil {
			l.mu.Lock()
			l.fail(err)
			l.mu.Unlock()
			return
		}
	}
}

// bucket measures how fast ticks come.
type bucket struct {
	left float64
	at   time.Time
}

// take tells whether one more may come now: as many as there is time for, a
// tenth more for clocks that differ, and a burst.
func (b *bucket) take(pace time.Duration) bool {
	if pace == 0 {
		return true
	}
	now := time.Now()
	if b.at.IsZero() {
		b.left = burst
	} else {
		b.left = min(b.left+float64(now.Sub(b.at))/float64(pace)*1.1, burst)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

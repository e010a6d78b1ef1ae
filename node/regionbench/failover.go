package regionbench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/region/order"
)

var failoverAims = map[string]figures.Aim{
	"failover_p99_ms":      figures.AtMost(350),
	"failover_10ms_p99_ms": figures.AtMost(900),
	"inputs_lost":          figures.AtMost(0),
	"inputs_doubled":       figures.AtMost(0),
	"failovers_stuck":      figures.AtMost(0),
}

// stuckAfter is a failover that is counted as one that never ends.
const stuckAfter = 30 * time.Second

// failover kills leaders, each as soon as the one before is back, and measures
// the time from the kill until every other server has taken a tick that was
// cut after it. Each server submits an input every 5 ms; those that a killed
// server had submitted and not seen in a record are not counted as lost, for
// its players send them again.
func (b *bench) failover(ctx context.Context) error {
	var lost, doubled, stuck int
	for _, delay := range []time.Duration{0, 10 * time.Millisecond} {
		name := "failover"
		if delay > 0 {
			name = fmt.Sprintf("failover_%dms", delay.Milliseconds())
		}
		f := &failovers{bench: b, name: name, delay: delay}
		err := f.run(ctx)
		if len(f.took) > 0 {
			b.setTimes(name, f.took)
			b.report.Set(name+"_max_ms", ms(f.took[len(f.took)-1]))
		}
		if len(f.back) > 0 {
			b.setTimes(name+"_back", f.back)
			b.report.Set(name+"_back_max_ms", ms(f.back[len(f.back)-1]))
		}
		lost, doubled, stuck = lost+f.lost, doubled+f.doubled, stuck+f.stuck
		if err != nil {
			return err
		}
	}
	b.report.Set("inputs_lost", float64(lost))
	b.report.Set("inputs_doubled", float64(doubled))
	b.report.Set("failovers_stuck", float64(stuck))
	return nil
}

type failovers struct {
	*bench
	name                 string
	delay                time.Duration
	took                 []time.Duration
	back                 []time.Duration // from a server's start until all are level again
	lost, doubled, stuck int

	mu     sync.Mutex
	killed time.Time
	first  map[uint64]time.Time // when each server took a tick cut after the kill
	life   map[uint64]int
	sent   map[string]uint64 // inputs by the server that submitted them
}

func (f *failovers) run(ctx context.Context) error {
	c, err := open(ctx, f.Dir, f.Servers, f.delay, f.QUIC)
	if err != nil {
		return err
	}
	defer c.close()
	c.moved = f.Moved
	f.first, f.life, f.sent = map[uint64]time.Time{}, map[uint64]int{}, map[string]uint64{}
	for _, m := range c.members {
		m.setSeen(func(r *order.Encoded, at time.Time) { f.see(m, r, at) })
		f.submit(m)
	}
	for i := range f.Kills {
		if err := f.one(ctx, c); err != nil {
			return fmt.Errorf("kill %d: %w%s", i+1, err, c.describe())
		}
		if i%50 == 49 {
			f.Tell(fmt.Sprintf("%s, %d of %d", f.name, i+1, f.Kills))
		}
	}
	// What is under way comes into a record, then nothing may be missing.
	f.stop(c)
	err = c.until(ctx, 30*time.Second, func() bool { f.count(c); return f.lost == 0 })
	if err != nil && !errors.Is(err, errStuck) {
		return err
	}
	f.count(c)
	return c.trouble()
}

// one kills the leader, waits for the next, and brings the old one back.
func (f *failovers) one(ctx context.Context, c *cluster) error {
	l, err := c.leader(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	clear(f.first)
	f.killed = time.Now()
	f.life[l.id]++
	f.mu.Unlock()
	ended := l.kill()
	err = c.until(ctx, stuckAfter, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.first) >= len(c.members)-1
	})
	if errors.Is(err, errStuck) {
		f.stuck++
		f.Tell(f.name + ": a failover that does not end" + c.describe())
	} else if err != nil {
		return err
	} else {
		f.mu.Lock()
		worst := f.killed
		for _, at := range f.first { //lint:sorted the largest
			if at.After(worst) {
				worst = at
			}
		}
		f.took = append(f.took, worst.Sub(f.killed))
		f.mu.Unlock()
	}
	<-ended
	f.mu.Lock()
	for in, id := range f.sent { //lint:sorted each on its own
		if id == l.id {
			delete(f.sent, in)
		}
	}
	f.mu.Unlock()
	began := time.Now()
	if err := l.start(ctx, nil); err != nil {
		return err
	}
	f.submit(l)
	// It must be up to date before the next is killed: else two are down.
	err = c.until(ctx, time.Minute, func() bool {
		top := c.top()
		for _, m := range c.members {
			if m.reached()+8 < top || m.log.Status().Leader == 0 {
				return false
			}
		}
		return true
	})
	if err == nil {
		f.back = append(f.back, time.Since(began))
	}
	return err
}

// see notes the first tick that was cut after the kill.
func (f *failovers) see(m *member, r *order.Encoded, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.first[m.id]; !ok && !f.killed.IsZero() && stampOf(r).After(f.killed) {
		f.first[m.id] = at
	}
	for _, e := range r.Entries {
		if f.sent[string(e)] == m.id {
			delete(f.sent, string(e))
		}
	}
}

// submit makes a server's inputs, while it lives.
func (f *failovers) submit(m *member) {
	f.mu.Lock()
	f.life[m.id]++
	life := f.life[m.id]
	f.mu.Unlock()
	log, quit := m.log, m.quit
	more := func(n int) bool {
		in := fmt.Sprintf("%d.%d.%d", m.id, life, n)
		f.mu.Lock()
		if f.life[m.id] != life {
			f.mu.Unlock()
			return false
		}
		f.sent[in] = m.id
		f.mu.Unlock()
		err := log.Submit([]byte(in), false)
		if err != nil {
			f.mu.Lock()
			delete(f.sent, in) // refused, and said so
			f.mu.Unlock()
		}
		return !errors.Is(err, replica.ErrClosed)
	}
	m.wg.Go(func() { inputs(quit, more) })
}

// stop ends all inputs.
func (f *failovers) stop(c *cluster) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range c.members {
		f.life[m.id]++
	}
}

// count tells what is in no record, and what is there twice.
func (f *failovers) count(c *cluster) {
	f.mu.Lock()
	f.lost = len(f.sent)
	f.mu.Unlock()
	f.doubled = c.doubled()
}

package regionbench

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/region/order"
)

// The aims are raft's: the figures say how far from them it is.
var byzantineAims = map[string]figures.Aim{
	"byzantine_60hz_p50_ms":      figures.AtMost(0.6),
	"byzantine_60hz_p99_ms":      figures.AtMost(5),
	"byzantine_60hz_rate":        figures.AtLeast(60),
	"byzantine_20hz_rate":        figures.AtLeast(20),
	"byzantine_failover_p99_ms":  figures.AtMost(350),
	"byzantine_failovers_stuck":  figures.AtMost(0),
	"byzantine_inputs_lost":      figures.AtMost(0),
	"byzantine_inputs_doubled":   figures.AtMost(0),
	"byzantine_20hz_10ms_p99_ms": figures.AtMost(50),
}

// byzantineServers may hold one that lies.
const byzantineServers = 4

// byzantineKills is how many leaders are killed at most.
const byzantineKills = 200

// byzantine measures four servers of which one may lie, all of them honest:
// the time from an input to its having been taken by all, at 60 and at 20 ticks
// a second, and failovers.
func (b *bench) byzantine(ctx context.Context) error {
	for _, c := range []struct {
		name  string
		hz    int
		delay time.Duration
	}{{"byzantine_60hz", 60, 0}, {"byzantine_20hz", 20, 0}, {"byzantine_20hz_10ms", 20, 10 * time.Millisecond}} {
		b.Tell(c.name)
		if err := b.byzantineApply(ctx, c.name, c.hz, c.delay); err != nil {
			return err
		}
	}
	b.Tell("byzantine_failover")
	return b.byzantineFailover(ctx)
}

// stamped is an input of so many bytes that says when it was submitted.
func stamped(label string, size int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))
	b = append(b, label...)
	return append(b, make([]byte, max(size-len(b), 0))...)
}

func stampedAt(b []byte) time.Time {
	return time.Unix(0, int64(binary.LittleEndian.Uint64(b)))
}

// byzantineApply measures steady ticks.
func (b *bench) byzantineApply(ctx context.Context, name string, hz int, delay time.Duration) error {
	c, err := openByzantine(ctx, b.Dir, byzantineServers, delay)
	if err != nil {
		return err
	}
	defer c.close()
	l, err := c.leader(ctx)
	if err != nil {
		return err
	}
	c.setManual()
	var mu sync.Mutex
	took := map[int64][]time.Duration{}
	ticks := 0
	for _, m := range c.members {
		m.setSeen(func(r *order.Encoded, at time.Time) {
			mu.Lock()
			defer mu.Unlock()
			if m == c.members[0] {
				ticks++
			}
			for _, e := range r.Entries {
				sent := stampedAt(e)
				took[sent.UnixNano()] = append(took[sent.UnixNano()], at.Sub(sent))
			}
		})
	}
	t := time.NewTicker(time.Second / time.Duration(hz))
	defer t.Stop()
	begun := time.Now()
	sent := 0
	for end := begun.Add(b.For); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		if !l.log.Leading() {
			if l, err = c.leader(ctx); err != nil {
				return err
			}
		}
		if err := l.log.Submit(stamped(fmt.Sprint(sent), inputBytes), false); err != nil {
			return err
		}
		l.log.Cut(0, [32]byte{})
		sent++
	}
	mu.Lock()
	b.report.Set(name+"_rate", float64(ticks)/time.Since(begun).Seconds())
	mu.Unlock()
	_ = c.until(ctx, 5*time.Second, func() bool {
		l.log.Cut(0, [32]byte{})
		mu.Lock()
		defer mu.Unlock()
		all := 0
		for _, x := range took { //lint:sorted a sum
			if len(x) == len(c.members) {
				all++
			}
		}
		return all >= sent
	})
	mu.Lock()
	defer mu.Unlock()
	var list []time.Duration
	for _, x := range took { //lint:sorted it is sorted later
		if len(x) == len(c.members) {
			list = append(list, slices.Max(x))
		}
	}
	b.setTimes(name, list)
	if missing := sent - len(list); missing > 0 {
		b.report.Set(name+"_missing", float64(missing))
	}
	return c.trouble()
}

// byzantineFailover kills leaders, each as soon as the one before is back, and
// measures until every other server has taken an input that was submitted
// after the kill.
func (b *bench) byzantineFailover(ctx context.Context) error {
	c, err := openByzantine(ctx, b.Dir, byzantineServers, 0)
	if err != nil {
		return err
	}
	defer c.close()
	f := &byzantineKill{c: c, tell: b.Tell, first: map[*byzantineMember]time.Time{}, sent: map[string]*byzantineMember{}}
	for _, m := range c.members {
		m.setSeen(func(r *order.Encoded, at time.Time) { f.see(m, r, at) })
		f.submit(m)
	}
	var took []time.Duration
	stuck := 0
	for i := range min(b.Kills, byzantineKills) {
		d, err := f.one(ctx)
		if err != nil {
			return fmt.Errorf("kill %d: %w", i+1, err)
		}
		if d == 0 {
			stuck++
			continue
		}
		took = append(took, d)
	}
	_ = c.until(ctx, 30*time.Second, func() bool { lost, _ := f.count(true); return lost == 0 })
	lost, doubled := f.count(true)
	b.setTimes("byzantine_failover", took)
	if len(took) > 0 {
		b.report.Set("byzantine_failover_max_ms", ms(took[len(took)-1]))
	}
	b.report.Set("byzantine_failovers_stuck", float64(stuck))
	b.report.Set("byzantine_inputs_lost", float64(lost))
	b.report.Set("byzantine_inputs_doubled", float64(doubled))
	return c.trouble()
}

// byzantineKill counts inputs while leaders are killed.
type byzantineKill struct {
	c    *byzantineCluster
	tell func(string)

	mu     sync.Mutex
	ended  bool
	killed time.Time
	first  map[*byzantineMember]time.Time // when each took an input of after the kill
	sent   map[string]*byzantineMember    // inputs that are in no record yet
}

func (f *byzantineKill) see(m *byzantineMember, r *order.Encoded, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range r.Entries {
		if _, ok := f.first[m]; !ok && !f.killed.IsZero() && stampedAt(e).After(f.killed) {
			f.first[m] = at
		}
		if f.sent[string(e)] == m {
			delete(f.sent, string(e))
		}
	}
}

// submit makes a server's inputs, while it lives.
func (f *byzantineKill) submit(m *byzantineMember) {
	log, quit := m.log, m.quit
	more := func(n int) bool {
		in := stamped(fmt.Sprintf("%d.%d", m.id, n), 0)
		f.mu.Lock()
		if f.ended {
			f.mu.Unlock()
			return false
		}
		f.sent[string(in)] = m
		f.mu.Unlock()
		if err := log.Submit(in, false); err != nil {
			f.mu.Lock()
			delete(f.sent, string(in))
			f.mu.Unlock()
		}
		return true
	}
	m.wg.Go(func() { inputs(quit, more) })
}

// count tells what is in no record, and what is there twice. With end no more
// is submitted.
func (f *byzantineKill) count(end bool) (lost, doubled int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = f.ended || end
	return len(f.sent), f.c.doubled()
}

// one kills the leader, waits for the next, and brings the old one back. It
// gives 0 for a failover that did not end.
func (f *byzantineKill) one(ctx context.Context) (took time.Duration, err error) {
	c := f.c
	l, err := c.leader(ctx)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	clear(f.first)
	f.killed = time.Now()
	at := f.killed
	f.mu.Unlock()
	ended := l.kill()
	err = c.until(ctx, stuckAfter, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.first, l)
		return len(f.first) >= len(c.members)-1
	})
	if err != nil {
		f.tell(fmt.Sprintf("a failover that does not end: %v%s", err, c.describe(l)))
	} else {
		f.mu.Lock()
		for _, x := range f.first { //lint:sorted the largest
			took = max(took, x.Sub(at))
		}
		f.mu.Unlock()
	}
	<-ended
	f.mu.Lock()
	for in, m := range f.sent { //lint:sorted each on its own
		if m == l {
			delete(f.sent, in) // its players send them again
		}
	}
	f.mu.Unlock()
	if err := l.start(ctx, nil); err != nil {
		return 0, err
	}
	f.submit(l)
	return took, c.until(ctx, time.Minute, func() bool {
		top := c.top()
		for _, m := range c.members {
			if m.reached()+8 < top || m.log.Leader() == 0 {
				return false
			}
		}
		return true
	})
}

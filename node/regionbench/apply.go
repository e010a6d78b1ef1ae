package regionbench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/region/order"
)

var applyAims = map[string]figures.Aim{
	"apply_p50_ms": figures.AtMost(0.6),
	"apply_p99_ms": figures.AtMost(5),
}

// inputBytes is the size of what is submitted for each tick: some forty
// inputs of players.
const inputBytes = 2048

// apply measures the time from an input to its having been taken by every
// server, at 60 ticks a second. The input is submitted where the leader is,
// at the moment in which the tick is closed: what it waits for the tick is the
// rate's, not the log's. The figure is of five servers; three are beside it.
func (b *bench) apply(ctx context.Context) error {
	for _, n := range []int{3, 5} {
		b.Tell(fmt.Sprintf("apply, %d servers", n))
		list, missing, err := b.applyTimes(ctx, n)
		if err != nil {
			return err
		}
		name := "apply"
		if n == 3 {
			name = "apply_3"
		}
		b.setTimes(name, list)
		if missing > 0 {
			b.report.Set(name+"_missing", float64(missing))
		}
	}
	return nil
}

func (b *bench) applyTimes(ctx context.Context, n int) (list []time.Duration, missing int, err error) {
	c, err := open(ctx, b.Dir, n, 0, b.QUIC)
	if err != nil {
		return nil, 0, err
	}
	defer c.close()
	l, err := c.leader(ctx)
	if err != nil {
		return nil, 0, err
	}
	// The measurement cuts the ticks, not the servers.
	c.setManual()
	var mu sync.Mutex
	took := map[int64][]time.Duration{} // by the moment in which it was submitted
	for _, m := range c.members {
		m.setSeen(func(r *order.Encoded, at time.Time) {
			if len(r.Entries) == 0 {
				return
			}
			sent := stampOf(r)
			mu.Lock()
			took[sent.UnixNano()] = append(took[sent.UnixNano()], at.Sub(sent))
			mu.Unlock()
		})
	}
	t := time.NewTicker(time.Second / rate)
	defer t.Stop()
	sent := 0
	for end := time.Now().Add(b.For); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-t.C:
		}
		if !l.log.Leading() { // an election, on a machine that has much else to do
			if l, err = c.leader(ctx); err != nil {
				return nil, 0, err
			}
		}
		in := make([]byte, inputBytes)
		copy(in, fmt.Sprint(sent))
		now := time.Now()
		if err := l.log.Submit(in, false); err != nil {
			return nil, 0, err
		}
		l.log.Cut(l.log.Durable(), stamp(now))
		sent++
	}
	_ = c.until(ctx, 5*time.Second, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(took) >= sent
	})
	mu.Lock()
	defer mu.Unlock()
	for _, x := range took { //lint:sorted it is sorted later
		if len(x) != n {
			continue
		}
		worst := x[0]
		for _, d := range x[1:] {
			worst = max(worst, d)
		}
		list = append(list, worst)
	}
	return list, sent - len(list), c.trouble()
}

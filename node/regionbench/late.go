package regionbench

import (
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// lateness collects how late the ticks of a region are.
type lateness struct {
	mu   sync.Mutex
	list []time.Duration
	last base.Tick
	at   time.Time
	gap  time.Duration // the longest time in which no tick was made
}

func (l *lateness) took(_ base.ID, tick base.Tick, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tick <= l.last {
		return
	}
	now := time.Now()
	if !l.at.IsZero() {
		l.gap = max(l.gap, now.Sub(l.at))
	}
	l.last, l.at = tick, now
	l.list = append(l.list, d)
}

func (l *lateness) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list, l.gap = nil, 0
}

// result gives the 99th percentile and the longest gap, in milliseconds, and how
// many ticks there were.
func (l *lateness) result() (p99, gap float64, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.list)
	return ms(quantile(l.list, 99)), ms(l.gap), len(l.list)
}

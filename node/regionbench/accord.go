package regionbench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// accord is what the servers of a cluster have agreed on.
type accord struct {
	mu      sync.Mutex
	last    base.Tick               // that anybody has taken
	sums    map[base.Tick]order.Sum // of the records anybody has seen
	entries map[string]int          // how often each is in those
	fault   error
	manual  bool // somebody else cuts the ticks
}

func newAccord() *accord {
	return &accord{sums: map[base.Tick]order.Sum{}, entries: map[string]int{}}
}

// own tells whether the servers cut by themselves.
func (a *accord) own() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.manual
}

func (a *accord) setManual() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.manual = true
}

// top is the last tick that anybody has taken.
func (a *accord) top() base.Tick {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// check compares a record with what others have, and counts its entries.
func (a *accord) check(r *order.Encoded) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = max(a.last, r.Tick)
	if have, ok := a.sums[r.Tick]; ok {
		if have != r.Sum && a.fault == nil {
			a.fault = fmt.Errorf("tick %d has two records", r.Tick)
		}
		return
	}
	a.sums[r.Tick] = r.Sum
	for _, e := range r.Entries {
		a.entries[string(e)]++
	}
}

// doubled is how many entries are in the records twice.
func (a *accord) doubled() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.entries { //lint:sorted a sum
		if k > 1 {
			n++
		}
	}
	return n
}

func (a *accord) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fault == nil {
		a.fault = err
	}
}

func (a *accord) trouble() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fault
}

var errStuck = errors.New("it does not go on")

// until polls.
func (a *accord) until(ctx context.Context, limit time.Duration, f func() bool) error {
	end := time.After(limit)
	for !f() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
			return errStuck
		case <-time.After(time.Millisecond):
		}
		if err := a.trouble(); err != nil {
			return err
		}
	}
	return nil
}

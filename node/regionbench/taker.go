package regionbench

import (
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// taker takes the records of one server, in all its lives.
type taker struct {
	mu   sync.Mutex
	tick base.Tick // last record taken
	// seen is told of each record when it is taken; nil: nobody.
	seen func(r *order.Encoded, at time.Time)
}

// records is what a taker needs of a log, of one kind or the other.
type records interface {
	Wake() <-chan struct{}
	Ready() []order.Encoded
	Err() error
}

func (t *taker) setSeen(f func(*order.Encoded, time.Time)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = f
}

func (t *taker) reached() base.Tick {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tick
}

// take takes records as they are agreed on, until quit; taken is told of all, and
// ended of the log's error.
func (t *taker) take(a *accord, log records, quit <-chan struct{}, taken func(base.Tick), ended func(error)) {
	for {
		select {
		case <-log.Wake():
		case <-quit:
			return
		}
		list := log.Ready()
		now := time.Now()
		for i := range list {
			a.check(&list[i])
			t.mu.Lock()
			seen, fresh := t.seen, list[i].Tick > t.tick
			t.tick = max(t.tick, list[i].Tick)
			t.mu.Unlock()
			if fresh && seen != nil {
				seen(&list[i], now)
			}
			taken(list[i].Tick)
		}
		if err := log.Err(); err != nil {
			ended(err)
		}
	}
}

// inputs has one input after the other made, as many as a crowd makes, while a
// server lives and more is true.
func inputs(quit <-chan struct{}, more func(n int) bool) {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-quit:
			return
		case <-t.C:
		}
		if !more(n) {
			return
		}
	}
}

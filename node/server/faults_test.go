package server

import (
	"context"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
)

// TestFaultsReachTheOwner: the owner of a thing is told why its script failed,
// once a minute of a thing; nobody else is, nor of what a script only writes
// down.
func TestFaultsReachTheOwner(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann, bob := newPlayer(t, "ann"), newPlayer(t, "bob")
	a, b := ann.dial(h), bob.dial(h)
	a.join(h, 0, 0)
	b.join(h, 2, 0)
	lamp, bell := base.ID{1}, base.ID{2}
	tell := func(tick base.Tick, id base.ID, owner base.Key, fault bool, text string) {
		t.Helper()
		h.between(func() {
			h.tellFaults(tick, []region.LogLine{{Thing: id, Owner: owner, Fault: fault, Text: text}})
		})
	}
	told := func(c *conn, text string) func() bool {
		return func() bool {
			return c.has(func(m wire.Message) bool { f, ok := m.(*wire.Failed); return ok && f.Text == text })
		}
	}
	tell(100, lamp, ann.key, true, "first")
	tell(101, lamp, ann.key, true, "again")
	tell(101, bell, ann.key, false, "only a line")
	tell(102, bell, ann.key, true, "of another")
	tell(100+faultEvery, lamp, ann.key, true, "later")
	tell(200, base.ID{3}, base.Key{}, true, "nobody's")
	tell(200, base.ID{4}, bob.key, true, "bob's")
	h.until("word of the last one", told(a, "later"))
	h.until("word to bob", told(b, "bob's"))
	for _, text := range []string{"first", "of another"} {
		if !told(a, text)() {
			t.Errorf("ann is not told %q", text)
		}
	}
	for _, text := range []string{"again", "only a line", "nobody's", "bob's"} {
		if told(a, text)() {
			t.Errorf("ann is told %q", text)
		}
	}
	if told(b, "first")() {
		t.Error("bob is told of ann's lamp")
	}
	// What is remembered is bounded, and makes room again.
	h.between(func() {
		clear(h.faulty)
		for i := 0; len(h.faulty) < maxFaulty; i++ {
			h.faulty[base.ID{9, byte(i), byte(i >> 8)}] = 10_000
		}
	})
	tell(10_001, base.ID{5}, ann.key, true, "no room")
	tell(10_000+faultEvery, base.ID{5}, ann.key, true, "room again")
	h.until("room", told(a, "room again"))
	if told(a, "no room")() {
		t.Errorf("more is remembered than %d", maxFaulty)
	}
}

// between runs f in the goroutine of the sim, between two ticks.
func (h *harness) between(f func()) {
	h.t.Helper()
	ran := make(chan error, 1)
	go func() { ran <- h.ask(context.Background(), f) }()
	h.until("a moment between two ticks", func() bool {
		select {
		case err := <-ran:
			if err != nil {
				h.t.Fatal(err)
			}
			return true
		default:
			h.clock.advance(tickLength)
			return false
		}
	})
}

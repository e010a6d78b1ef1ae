package server

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// rings are three servers of a region in which the bell runs, and what a fourth is
// made of, which looks for modules by itself.
func rings(t *testing.T, load func(module string) error) (all []*harness, joiner Config) {
	t.Helper()
	s := &shelf{has: map[string][]int{}}
	s.put("bell", 0, 1, 2)
	g, all := shareShelf(t, 3, s)
	tickAll(t, all, 0, 2)
	g.wants(t, "bell")
	until(t, "the bell to be loaded", func() bool {
		loaded, _ := all[0].modules(t, all)
		return len(loaded) > 0
	})
	joiner = all[0].cfg
	joiner.Dir, joiner.Load = t.TempDir(), load
	joiner.Self, _ = privKey("server 3")
	joiner.Replica = func(tick base.Tick, _ order.Sum) (Replica, error) { return g.add(tick), nil }
	return all, joiner
}

// point is the state of a server, as it is installed at another.
func (h *harness) point(t *testing.T, all []*harness) (cp Checkpoint, snapshot []byte) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		done <- h.ask(t.Context(), func() {
			cp, snapshot = Checkpoint{Tick: h.last.tick, State: h.hash, Sum: h.last.sum}, h.sim.Snapshot(nil)
		})
	}()
	until(t, "an answer", func() bool {
		tickAll(t, all, 0, 1)
		select {
		case err := <-done:
			return err == nil
		default:
			return false
		}
	})
	return cp, snapshot
}

// TestAJoinersStateRunsWhatItLacks: a server that begins with the state of another
// does not begin without a module that this state runs; once it can be had it does,
// and comes to the same states.
func TestAJoinersStateRunsWhatItLacks(t *testing.T) {
	var has atomic.Bool
	var asked sync.Map
	all, cfg := rings(t, func(module string) error {
		asked.Store(module, true)
		if !has.Load() {
			return errors.New("nobody gives it")
		}
		return nil
	})
	cp, snapshot := all[0].point(t, all)
	if err := Install(cfg.Region, cfg.Dir, cp, snapshot); err != nil {
		t.Fatal(err)
	}
	join, joined := cfg.Replica, false
	cfg.Replica = func(tick base.Tick, sum order.Sum) (Replica, error) {
		joined = true
		return join(tick, sum)
	}
	if _, err := Open(cfg); !errors.Is(err, ErrLacking) {
		t.Fatalf("a server begins without what its state runs: %v", err)
	}
	if _, ok := asked.Load("bell"); !ok || joined {
		t.Fatalf("looked for the module: %v, joined the others: %v", ok, joined)
	}
	has.Store(true)
	j := start(t, cfg)
	until(t, "it to follow", func() bool { tickAll(t, all, 0, 1); return j.made() > cp.Tick+5 })
	sameHashes(t, append(all, j), j.made())
}

// TestTheLogLoadsWhatAJoinerLacks: the log after the state that a server begins with
// says that a module is loaded. Without it the server makes no tick more, and ends;
// when it comes meanwhile it goes on, in the same states.
func TestTheLogLoadsWhatAJoinerLacks(t *testing.T) {
	for _, comes := range []bool{false, true} {
		give := make(chan struct{})
		all, cfg := rings(t, func(string) error {
			if !comes {
				return errors.New("nobody gives it")
			}
			<-give
			return nil
		})
		without := loads(t, all, cfg) - 1 // the last tick that needs no module
		j := start(t, cfg)                // from tick 0
		let := sync.OnceFunc(func() { close(give) })
		t.Cleanup(let) // or it would not end
		step := func() {
			for _, h := range all {
				h.clock.advance(tickLength)
			}
			if !comes { // a server waits 20 s for a module
				j.clock.advance(tickLength)
			}
		}
		if !comes {
			until(t, "the server to end", func() bool {
				step()
				select {
				case err := <-j.ran:
					if !errors.Is(err, ErrLacking) {
						t.Fatalf("it ends with %v", err)
					}
					return true
				default:
					return false
				}
			})
		} else {
			until(t, "the ticks before", func() bool { step(); return j.made() >= without })
			tickAll(t, all, 0, 3)
		}
		if at := j.made(); at != without {
			t.Errorf("tick %d was made without the module, which tick %d needs", at, without+1)
		}
		if comes {
			let()
			until(t, "the server to follow", func() bool { step(); return j.made() > without+3 })
		}
		sameHashes(t, append(all, j), j.made())
	}
}

// made is the last tick that was made: clients are not shown those that come in one go.
func (h *harness) made() (at base.Tick) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for tick := range h.hashes {
		at = max(at, tick)
	}
	return at
}

// loads is the first tick after which the bell is there to run.
func loads(t *testing.T, all []*harness, like Config) base.Tick {
	t.Helper()
	var at atomic.Uint64
	like.Dir, like.Load = t.TempDir(), nil
	like.Applied = func(rec *order.Encoded, _ region.Hash, sim *region.Sim) error {
		if len(sim.Loaded()) > 0 {
			at.CompareAndSwap(0, uint64(rec.Tick))
		}
		return nil
	}
	start(t, like)
	until(t, "the bell elsewhere", func() bool { tickAll(t, all, 0, 1); return at.Load() > 0 })
	return base.Tick(at.Load())
}

package server

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// TestNobodyLooksForAModuleThatNoneVouchesFor: where servers are accountable, a leader
// that puts a module into the log which does not exist, and does not sign for it,
// stops nobody.
func TestNobodyLooksForAModuleThatNoneVouchesFor(t *testing.T) {
	cfg := Config{Region: regionConfig("commons", 64), Load: func(string) error { return errors.New("nobody has it") }}
	self, _ := privKey("server 0")
	cfg.Region.Terms = func([]byte) (region.Terms, error) {
		return region.Terms{Seq: 1, Trust: agree.Accountable, Servers: []base.Key{self}}, nil
	}
	g, all := share(t, 3, cfg)
	tickAll(t, all, 0, 2)
	put := func(c region.ControlEntry) {
		x := controlEntry(c)
		var e base.Encoder
		x.AppendTo(&e)
		g.mu.Lock()
		defer g.mu.Unlock()
		if err := g.queue.Add(e.B, false); err != nil {
			t.Fatal(err)
		}
	}
	put(region.ControlEntry{Kind: region.ControlTerms, Terms: []byte("the owner's word")})
	until(t, "the owner's word", func() bool { tickAll(t, all, 0, 1); return all[0].Status().Trust == agree.Accountable })
	put(region.ControlEntry{Kind: region.ControlModule, Module: "no such module"})
	tickAll(t, all, 0, 5)
	for _, h := range all {
		select {
		case err := <-h.ran:
			t.Fatalf("a server ended: %v", err)
		default:
		}
	}
}

// TestAStateThatIsDoubtedIsNotKept: where whoever compares states says that this one is
// wrong, a crash right after that goes on from the one before, not from it.
func TestAStateThatIsDoubtedIsNotKept(t *testing.T) {
	kept := func(wrong bool) (at, end base.Tick) {
		dir := t.TempDir()
		cfg := Config{Region: regionConfig("commons", 64)}
		cfg.Applied = func(rec *order.Encoded, _ region.Hash, _ *region.Sim) error {
			if wrong && rec.Tick == 5 {
				return errors.New("the others have another state")
			}
			return nil
		}
		cfg.Dir = dir
		g := &fakeGroup{}
		cfg.Replica = func(tick base.Tick, _ order.Sum) (Replica, error) { return g.add(tick), nil }
		h := start(t, cfg)
		until(t, "five ticks", func() bool {
			h.clock.advance(tickLength)
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.tick >= 5 && g.logs[0].at >= 5
		})
		h.close()
		end = h.last.tick
		st, err := openStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer st.db.Close()
		l, err := st.load(&cfg.Region)
		if err != nil {
			t.Fatal(err)
		}
		return l.at.tick, end
	}
	if at, end := kept(false); at != end {
		t.Errorf("a state that nobody doubts: tick %d is kept of %d", at, end)
	}
	if at, end := kept(true); at != 0 || end != 5 {
		t.Errorf("a doubted state: tick %d is kept of %d", at, end)
	}
}

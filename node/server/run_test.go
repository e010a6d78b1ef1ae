package server

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

func TestCloseAndReopen(t *testing.T) {
	cfg := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Furnish: set("commons")}
	h := start(t, cfg)
	ann := newPlayer(t, "ann")
	c := ann.dial(h)
	c.join(h, 0, 12)
	h.ticks(40)
	h.close()
	before := h.Status()
	if before.Durable != before.Tick {
		t.Fatalf("closed at tick %d, durable %d", before.Tick, before.Durable)
	}
	again := start(t, cfg)
	h.mu.Lock()
	want := h.hashes[before.Tick]
	h.mu.Unlock()
	again.ask(t.Context(), func() {}) // a moment at which no tick runs
	s, err := again.Status(), error(nil)
	if err != nil || s.Tick < before.Tick || (s.Tick == before.Tick && s.Hash != want) {
		t.Fatalf("reopened at tick %d with hash %s, closed at %d with %s", s.Tick, s.Hash.Short(), before.Tick, want.Short())
	}
	// The player is still there and goes on with the next number.
	c2 := ann.dial(again)
	if a := c2.do(again, region.Input{Kind: region.InSay, Text: "back"}); a.Code != region.OK {
		t.Fatalf("say after a restart: %v", a.Code)
	}
	if again.Status().Things != before.Things {
		t.Fatal("furnished twice")
	}
}

func TestSilentPlayersGo(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	c := newPlayer(t, "ann").dial(h)
	c.join(h, 0, 0)
	c.Close()
	h.ticks(awayTicks / 2)
	if h.Status().Players != 1 {
		t.Fatal("gone too soon")
	}
	h.ticks(awayTicks/2 + 60)
	if h.Status().Players != 0 {
		t.Fatal("an avatar without a player stays for ever")
	}
}

// TestModulesAreLoadedOnce: the first tries fail, as when no provider is
// connected yet; a restart loads what the log needs before it replays.
func TestModulesAreLoadedOnce(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	fails := 2
	cfg := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Furnish: set("commons"), Load: func(m string) error {
		mu.Lock()
		defer mu.Unlock()
		if m != "bell" {
			return nil // the balls of the run
		}
		calls = append(calls, m)
		if fails--; fails >= 0 {
			return errors.New("no provider")
		}
		return nil
	}}
	h := start(t, cfg)
	ann := newPlayer(t, "ann").dial(h)
	ann.join(h, -5, 10.5)
	ring := func(h *harness, c *conn) bool {
		e, ok := c.entity("bell")
		return ok && c.do(h, region.Input{Kind: region.InTouch, Thing: e.Pose.ID}).Code == region.OK && c.heard("Ding!")
	}
	h.until("the bell to ring", func() bool { h.ticks(20); return ring(h, ann) })
	dir := copyOf(t, cfg.Dir) // as a crash would leave it
	cfg.Dir = dir
	mu.Lock()
	if got := strings.Join(calls, " "); got != "bell bell bell" {
		t.Fatalf("loaded %q", got)
	}
	calls = nil
	fails = 1
	mu.Unlock()
	if _, err := Open(cfg); err == nil || !strings.Contains(err.Error(), "needed to replay") {
		t.Fatalf("a replay without its module: %v", err)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestControl(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	do := func(c region.ControlEntry) (err error) {
		done := make(chan error, 1)
		go func() { done <- h.Control(t.Context(), c) }()
		h.until("control", func() bool {
			h.clock.advance(tickLength)
			select {
			case err = <-done:
				return true
			default:
				return false
			}
		})
		return err
	}
	if err := do(region.ControlEntry{Kind: region.ControlCreate, Thing: ball("ball", 0xff0000, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	things := h.Things()
	if len(things) != 1 || h.Status().Durable == 0 {
		t.Fatalf("%d things, durable tick %d", len(things), h.Status().Durable)
	}
	if err := do(region.ControlEntry{Kind: region.ControlSet, ID: things[0].Thing.ID, Slot: region.SlotWrite{Name: "a", Value: region.IntSlot(3)}}); err != nil {
		t.Fatal(err)
	}
	if err := do(region.ControlEntry{Kind: region.ControlSet, ID: base.ID{1}, Slot: region.SlotWrite{Name: "a", Value: region.IntSlot(3)}}); err == nil {
		t.Fatal("a slot of nothing was set")
	}
	if err := h.Control(t.Context(), region.ControlEntry{Kind: 99}); err == nil {
		t.Fatal("an entry of no kind was logged")
	}
	h.close()
	// The copy of the slots for people and tools holds it too.
	db, err := bolt.Open(filepath.Join(h.cfg.Dir, "region.db"), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.View(func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketSlots).Get(append(append([]byte{}, things[0].Thing.ID[:]...), 'a'))
		if w := region.ReadSlotWrite(base.NewDecoder(v)); w.Name != "a" || w.Value.Int != 3 {
			t.Errorf("slot on disk: %+v", w)
		}
		return nil
	})
	if err := h.Control(t.Context(), region.ControlEntry{Kind: region.ControlRemove}); !errors.Is(err, ErrClosed) {
		t.Fatalf("after Close: %v", err)
	}
}

// TestTimeSlips: when the machine stood still for ten seconds the region does
// not run fast to catch up.
func TestTimeSlips(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	h.ticks(5)
	at := h.Status().Tick
	h.until("Run to wait", func() bool { h.clock.mu.Lock(); defer h.clock.mu.Unlock(); return len(h.clock.waiters) > 0 })
	h.clock.advance(10 * time.Second)
	h.until("the late tick", func() bool { return h.Status().Tick > at })
	h.until("Run to wait again", func() bool { h.clock.mu.Lock(); defer h.clock.mu.Unlock(); return len(h.clock.waiters) > 0 })
	if got := h.Status().Tick - at; got > 2 {
		t.Fatalf("%d ticks at once after a pause", got)
	}
	if h.count(EventOverload) < 190 {
		t.Fatalf("%d slipped ticks counted, want about 199", h.count(EventOverload))
	}
}

// TestFurniture: the founding sets stand still, overlap nothing, and leave the
// way over the border free.
func TestFurniture(t *testing.T) {
	for name, x := range map[string]float64{"hearth": 0, "commons": 64} { //lint:sorted each on its own
		s, err := region.New(regionConfig(name, x))
		if err != nil {
			t.Fatal(err)
		}
		b := region.Batch{Tick: 1}
		for i, c := range Furnish(name) {
			e := controlEntry(c)
			if _, err := region.ParseControl(e.Body); err != nil {
				t.Fatalf("%s: %s: %v", name, c.Thing.Name, err)
			}
			e.Seq = uint64(i + 1)
			b.Entries = append(b.Entries, e)
		}
		out, err := s.Step(b)
		if err != nil || len(out.Failed) != 0 || out.Counts.PhysicsRefused != 0 {
			t.Fatalf("%s: %v %+v", name, err, out)
		}
		first := map[base.ID]spatial.Vec{}
		s.Each(func(x region.Seen) bool { first[x.Thing.ID] = x.Motion.Pos; return true })
		for range 100 {
			if _, err := s.Step(region.Batch{Tick: s.Tick() + 1}); err != nil {
				t.Fatal(err)
			}
		}
		kinds := map[string]int{}
		s.Each(func(x region.Seen) bool {
			switch x.Thing.Name {
			case "runner":
				return true // it runs
			case "tower":
				if d := x.Motion.Pos.Sub(first[x.Thing.ID]).Len(); d > 0.05 {
					t.Errorf("a box of the tower moved %.2f m by itself", d)
				}
				return true
			}
			kinds[x.Thing.Kind]++
			p := x.Motion.Pos
			if d := p.Sub(first[x.Thing.ID]).Len(); d > 0.05 {
				t.Errorf("%s: %s moved %.2f m by itself", name, x.Thing.Name, d)
			}
			if p.X < -31 || p.X > 31 || p.Z < -30 || p.Z > 30 {
				t.Errorf("%s: %s stands at %v", name, x.Thing.Name, p)
			}
			toBorder := p.X
			if name == "commons" {
				toBorder = -p.X
			}
			if x.Thing.Fixed && !x.Thing.Hollow && toBorder > 13 && p.Z > -16 && p.Z < 16 {
				t.Errorf("%s: %s at %v is in the way to the border", name, x.Thing.Name, p)
			}
			return true
		})
		if kinds["tree"] < 5 || kinds["ball"] != 1 || kinds["box"] < 3 {
			t.Errorf("%s: %v", name, kinds)
		}
	}
}

// TestBrokenModulesAreTriedAgain: at the next start.
func TestBrokenModulesAreTriedAgain(t *testing.T) {
	var works atomic.Bool
	cfg := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Furnish: set("commons"), Load: func(string) error {
		if works.Load() {
			return nil
		}
		return errors.New("no provider")
	}}
	h := start(t, cfg)
	count := func(h *harness, list func() []string) (n int) {
		done := make(chan error, 1)
		go func() { done <- h.ask(t.Context(), func() { n = len(list()) }) }()
		h.until("an answer", func() bool {
			h.clock.advance(tickLength)
			select {
			case err := <-done:
				return err == nil
			default:
				return false
			}
		})
		return n
	}
	h.until("loading to be given up", func() bool { return count(h, h.sim.Broken) == 2 }) // the bell and the runners
	h.close()
	works.Store(true)
	again := start(t, cfg)
	again.until("the modules", func() bool { return count(again, again.sim.Loaded) == 2 })
}

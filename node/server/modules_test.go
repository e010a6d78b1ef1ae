package server

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// shelf is which modules can be had at which server.
type shelf struct {
	mu  sync.Mutex
	has map[string][]int
}

func (s *shelf) put(module string, at ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.has[module] = at
}

// shareShelf starts servers whose words about modules count.
func shareShelf(t *testing.T, n int, s *shelf) (*fakeGroup, []*harness) {
	cfg := Config{Region: regionConfig("commons", 64)}
	g := succession.Genesis{Region: cfg.Region.ID, Epoch: 1, Founder: cfg.Region.Owner, Settings: succession.DefaultSettings}
	for i := range n {
		k, _ := privKey(fmt.Sprint("server ", i))
		g.Servers = append(g.Servers, k)
	}
	slices.SortFunc(g.Servers, base.Key.Compare)
	cfg.Region.Law = &g
	return shareEach(t, n, cfg, func(i int, c *Config) {
		_, priv := privKey(fmt.Sprint("server ", i))
		c.Sign = func(b []byte) []byte { return ed25519.Sign(priv, b) }
		c.Load = func(m string) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Contains(s.has[m], i) {
				return errors.New("nobody has it")
			}
			return nil
		}
	})
}

// wants has things of a region that run a module.
func (g *fakeGroup) wants(t *testing.T, modules ...string) {
	t.Helper()
	for i, m := range modules {
		spec := ball(m, 0xff0000, float32(3*i), 0)
		spec.Slots = region.Slots{{Name: region.SlotScript, Value: region.LumpSlot(m)}}
		g.put(t, region.ControlEntry{Kind: region.ControlCreate, Thing: spec})
	}
}

// put brings an entry into the log that no server answers for.
func (g *fakeGroup) put(t *testing.T, c region.ControlEntry) {
	t.Helper()
	x := controlEntry(c)
	var e base.Encoder
	x.AppendTo(&e)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.queue.Add(e.B, false); err != nil {
		t.Fatal(err)
	}
}

// modules are those that run at a server, after a tick of its own.
func (h *harness) modules(t *testing.T, all []*harness) (loaded, broken []string) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		done <- h.ask(t.Context(), func() { loaded, broken = h.sim.Loaded(), h.sim.Broken() })
	}()
	until(t, "an answer", func() bool {
		for _, h := range all {
			h.clock.advance(tickLength)
		}
		select {
		case err := <-done:
			return err == nil
		default:
			return false
		}
	})
	return loaded, broken
}

func stillRun(t *testing.T, all []*harness) {
	t.Helper()
	for i, h := range all {
		select {
		case err := <-h.ran:
			t.Fatalf("server %d ended: %v", i, err)
		default:
		}
	}
}

// TestAModuleOfOneServer: the leader has a module that no other can get, and says so
// in every way. Nobody stops, it does not run, and what all have does.
func TestAModuleOfOneServer(t *testing.T) {
	s := &shelf{has: map[string][]int{}}
	s.put("own", 0)
	s.put("bell", 0, 1, 2)
	g, all := shareShelf(t, 3, s)
	tickAll(t, all, 0, 2)
	g.put(t, region.ControlEntry{Kind: region.ControlModule, Module: "own"})
	g.wants(t, "own", "bell")
	tickAll(t, all, 0, 2)
	g.put(t, region.ControlEntry{Kind: region.ControlModule, Module: "own"})
	for i, h := range all {
		until(t, "the bell", func() bool {
			loaded, broken := h.modules(t, all)
			stillRun(t, all)
			if slices.Contains(loaded, "own") {
				t.Fatalf("one server's module runs at server %d", i)
			}
			return slices.Contains(loaded, "bell") && slices.Contains(broken, "own")
		})
	}
}

// TestAServerThatLacksAModule: what most servers have runs, and the one that cannot
// get it is the one that stops.
func TestAServerThatLacksAModule(t *testing.T) {
	s := &shelf{has: map[string][]int{}}
	s.put("bell", 0, 1)
	g, all := shareShelf(t, 3, s)
	tickAll(t, all, 0, 2)
	g.wants(t, "bell")
	until(t, "the last server to stop", func() bool {
		for _, h := range all {
			h.clock.advance(tickLength)
		}
		select {
		case err := <-all[2].ran:
			if !errors.Is(err, ErrLacking) {
				t.Fatal(err)
			}
			return true
		default:
			return false
		}
	})
	left := all[:2]
	for _, h := range left {
		until(t, "the bell", func() bool {
			loaded, _ := h.modules(t, left)
			return slices.Contains(loaded, "bell")
		})
	}
	tickAll(t, left, 1, 5)
	stillRun(t, left)
}

// TestAModuleThatComesLate: the servers give a module up that none has, and run it
// when most have found it.
func TestAModuleThatComesLate(t *testing.T) {
	s := &shelf{has: map[string][]int{}}
	s.put("late", 2)
	g, all := shareShelf(t, 3, s)
	tickAll(t, all, 0, 2)
	g.wants(t, "late")
	until(t, "it to be given up", func() bool {
		_, broken := all[0].modules(t, all)
		return slices.Contains(broken, "late")
	})
	s.put("late", 0, 1, 2)
	spec := region.SlotWrite{Name: region.SlotScript, Value: region.LumpSlot("late")}
	id := base.ID{}
	until(t, "the thing", func() bool {
		done := make(chan error, 1)
		go func() {
			done <- all[0].ask(t.Context(), func() {
				all[0].sim.Each(func(x region.Seen) bool {
					if x.Thing.Name == "late" {
						id = x.Thing.ID
					}
					return true
				})
			})
		}()
		tickAll(t, all, 0, 2)
		return <-done == nil && !id.IsZero()
	})
	g.put(t, region.ControlEntry{Kind: region.ControlSet, ID: id, Slot: spec}) // named anew
	until(t, "it to run", func() bool {
		loaded, _ := all[0].modules(t, all)
		stillRun(t, all)
		return slices.Contains(loaded, "late")
	})
}

// TestAModuleThatOneHas: the servers give up what only one of them has, look for it
// again as long as that one says that it has it, and run it when most have found it. How
// much else they have looked for since makes no difference.
func TestAModuleThatOneHas(t *testing.T) {
	s := &shelf{has: map[string][]int{}}
	s.put("rare", 2)
	g, all := shareShelf(t, 3, s)
	tickAll(t, all, 0, 2)
	g.wants(t, "rare")
	for _, h := range all {
		until(t, "it to be given up", func() bool {
			_, broken := h.modules(t, all)
			return slices.Contains(broken, "rare")
		})
	}
	for _, h := range all {
		h.Server.mu.Lock()
		for i := range 2*region.MaxModules + 1 {
			h.group.results[fmt.Sprint("of long ago ", i)] = ""
		}
		h.Server.mu.Unlock()
	}
	s.put("bell", 0, 1, 2)
	g.wants(t, "bell")
	for i, h := range all {
		until(t, "the bell", func() bool {
			loaded, _ := h.modules(t, all)
			return slices.Contains(loaded, "bell")
		})
		until(t, "what is of no use to be forgotten", func() bool {
			tickAll(t, all, i, 1)
			h.Server.mu.Lock()
			defer h.Server.mu.Unlock()
			return len(h.group.results) <= 2*region.MaxModules
		})
	}
	s.put("rare", 0, 1, 2)
	for _, h := range all {
		until(t, "it to run", func() bool {
			loaded, _ := h.modules(t, all)
			stillRun(t, all)
			return slices.Contains(loaded, "rare")
		})
	}
}

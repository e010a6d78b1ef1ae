package region

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
)

// crew are the servers of a region, and the batches of the log that they share.
type crew struct {
	*held
	servers []*person
	cfg     Config
	log     []Batch
	hashes  []Hash
	loaded  map[string]base.Tick // when Loads named it
	begin   []byte               // the state before log
}

func newCrew(t *testing.T, n int) *crew {
	c := &crew{held: newHeld(t), loaded: map[string]base.Tick{}}
	for i := range n {
		c.servers = append(c.servers, newPerson(fmt.Sprint("server ", i)))
	}
	slices.SortFunc(c.servers, func(a, b *person) int { return a.key.Compare(b.key) })
	c.cfg = c.s.cfg
	c.cfg.Law = &succession.Genesis{Region: c.cfg.ID, Epoch: 1, Founder: c.owner.key, Settings: succession.DefaultSettings}
	for _, p := range c.servers {
		c.cfg.Law.Servers = append(c.cfg.Law.Servers, p.key)
	}
	c.cfg.Owner = c.owner.key
	c.s = mustNew(t, c.cfg)
	c.begin = c.s.Snapshot(nil)
	return c
}

// run makes a tick of the log that the servers share. It tells which entries were
// refused, by their place.
func (c *crew) run(list ...Entry) []uint64 {
	c.t.Helper()
	b := Batch{Tick: c.s.Tick() + 1, Entries: number(list), Cut: &RecordCut{Epoch: 1, At: c.s.Tick()}}
	if by := c.servers[0]; c.s.Trust() != agree.Crash {
		b.Cut = signedBy(c.cfg.ID, by, 1, b.Tick, c.s.Tick(), list...)
	}
	loads := c.s.Loads(&b)
	before := c.s.Loaded()
	kept := b
	kept.Entries = slices.Clone(b.Entries)
	out, err := c.s.Step(b)
	if err != nil {
		c.t.Fatal(err)
	}
	c.log, c.hashes = append(c.log, kept), append(c.hashes, out.Hash)
	for _, m := range c.s.Loaded() {
		if !slices.Contains(before, m) && !slices.Contains(loads, m) {
			c.t.Fatalf("tick %d: %q runs, and nobody was to load it", b.Tick, m)
		}
	}
	for _, m := range loads {
		if c.loaded[m] = b.Tick; !slices.Contains(c.s.Loaded(), m) {
			c.t.Fatalf("tick %d: %q was to be loaded, and does not run", b.Tick, m)
		}
	}
	return out.Failed
}

// again makes the whole log again, through a snapshot after some of its ticks.
func (c *crew) again(cut int) {
	c.t.Helper()
	s, err := Restore(c.cfg, c.begin)
	if err != nil {
		c.t.Fatal(err)
	}
	for i, b := range c.log {
		if i == cut {
			snap := s.Snapshot(nil)
			if s, err = Restore(c.cfg, snap); err != nil || !bytes.Equal(s.Snapshot(nil), snap) {
				c.t.Fatalf("restored after tick %d: %v", b.Tick-1, err)
			}
		}
		b.Entries = slices.Clone(b.Entries)
		if out, err := s.Step(b); err != nil || out.Hash != c.hashes[i] {
			c.t.Fatalf("tick %d made again is another: %v", b.Tick, err)
		}
	}
}

// since is when the region began to want a module.
func (c *crew) since(module string) base.Tick {
	i, ok := c.s.moduleIndex(module)
	if !ok {
		c.t.Fatalf("nobody wants %q", module)
	}
	return c.s.modules[i].wanted
}

func (c *crew) word(p *person, n uint64, module, why string) Entry {
	return c.vouch(p, n, ControlEntry{Kind: ControlHave, Module: module, Since: c.since(module), Text: why})
}

func (c *crew) runs(module string) bool { return c.s.usable(module) == nil }

// TestMostServersHaveAModule: what one server says, however and how often, makes
// nobody look for a module.
func TestMostServersHaveAModule(t *testing.T) {
	c := newCrew(t, 3)
	ann, bob, cem, eve := c.servers[0], c.servers[1], c.servers[2], newPerson("eve")
	c.run(control(scripted("bell", "count", 4)))
	refused := func(what string, x Entry) {
		t.Helper()
		if len(c.run(x)) != 1 {
			t.Errorf("%s is taken", what)
		}
	}
	have := ControlEntry{Kind: ControlHave, Module: "count", Since: c.since("count")}
	refused("that it is loaded, in nobody's name", control(ControlEntry{Kind: ControlModule, Module: "count"}))
	refused("that it is loaded, signed", c.vouch(ann, 1, ControlEntry{Kind: ControlModule, Module: "count"}))
	refused("that another is loaded", c.vouch(ann, 1, ControlEntry{Kind: ControlModule, Module: "other"}))
	refused("an unsigned word", control(have))
	bare := control(have)
	bare.From = ServerID(bob.key)
	refused("an unsigned word in another's name", bare)
	refused("a stranger's", c.vouch(eve, 1, have))
	refused("one in another's name", Vouch(c.cfg.ID, bob.key, 1, control(have), eve.sign))
	refused("one of another region", Vouch(regionID("commons"), bob.key, 1, control(have), bob.sign))
	forged := c.vouch(bob, 1, have)
	forged.Body[len(forged.Body)-1]++
	refused("a forged one", forged)
	early := have
	early.Since--
	refused("one of an earlier want", c.vouch(bob, 1, early))
	unknown := have
	unknown.Module = "nobody wants it"
	refused("one about something else", c.vouch(bob, 1, unknown))
	for n := range uint64(5) {
		if c.run(c.word(ann, n, "count", ""), c.word(ann, n+9, "count", "")); c.runs("count") || len(c.loaded) != 0 {
			t.Fatal("one server's word is enough")
		}
	}
	if w := c.s.Words(ann.key); len(w) != 1 || w[0] != (Word{Module: "count", Since: have.Since, Said: true}) {
		t.Fatalf("%+v", w)
	}
	if w := c.s.Words(cem.key); len(w) != 1 || w[0] != (Word{Module: "count", Since: have.Since, Had: true}) || c.s.Words(eve.key) != nil {
		t.Fatalf("%+v", w)
	}
	if c.run(c.word(cem, 1, "count", "")); c.runs("count") {
		t.Fatal("ready in the tick in which it was said: nobody had time to load it")
	}
	if c.run(); !c.runs("count") || c.loaded["count"] != c.s.Tick() {
		t.Fatal("not ready though most servers have it")
	}
	refused("a word about what is settled", c.vouch(bob, 1, have))
	c.again(0)
	c.again(len(c.log) - 1)
}

// TestAModuleThatMostServersLack: it is given up, also when the servers do not come
// to an end, and comes back when most of them have it.
func TestAModuleThatMostServersLack(t *testing.T) {
	c := newCrew(t, 3)
	ann, bob, cem := c.servers[0], c.servers[1], c.servers[2]
	gone := func() string {
		i, _ := c.s.moduleIndex("count")
		return c.s.modules[i].Err
	}
	c.run(control(scripted("bell", "count", 4)))
	if c.run(c.word(ann, 1, "count", "no provider")); gone() != "" {
		t.Fatal("one server's word gives a module up")
	}
	c.run(c.word(ann, 2, "count", "")) // it has changed its mind
	c.run(c.word(bob, 2, "count", "lost it"))
	if c.run(); gone() != "" || c.runs("count") {
		t.Fatalf("one has it, one has not: %q", gone())
	}
	c.run(c.word(cem, 2, "count", "not here"))
	if c.run(); gone() == "" || c.runs("count") {
		t.Fatal("not given up")
	}
	c.run(c.word(cem, 3, "count", ""))
	if c.run(); !c.runs("count") {
		t.Fatal("it does not come back")
	}
	c.run(control(scripted("gong", "seed", 6)))
	c.run(c.word(ann, 4, "seed", ""), c.word(bob, 4, "seed", "not here"))
	for range settleTicks {
		if c.run(); c.s.usable("seed") != errLoading {
			break
		}
	}
	if at := c.since("seed") + settleTicks + 1; c.s.Tick() != at {
		t.Fatalf("given up in tick %d, not %d", c.s.Tick(), at)
	}
	c.again(3)
	c.again(len(c.log) / 2)
}

// TestWhoseWordAboutModulesCounts: the voters that an admin has signed, of those whom
// the owner names and who have not lied.
func TestWhoseWordAboutModulesCounts(t *testing.T) {
	c := newCrew(t, 5)
	key := func(list ...int) (keys []base.Key) {
		for _, i := range list {
			keys = append(keys, c.servers[i].key)
		}
		return keys
	}
	want := func(what string, keys []base.Key) {
		t.Helper()
		slices.SortFunc(keys, base.Key.Compare)
		if got := c.s.voices(); !slices.Equal(got, keys) {
			t.Fatalf("%s: %d", what, len(got))
		}
	}
	want("by the roles", key(0, 1, 2, 3, 4))
	c.run(control(c.held.word(c.owner, agree.Crash, c.servers[0], c.servers[1], c.servers[2], newPerson("new"))))
	want("those of them whom the owner names", key(0, 1, 2))
	c.run(control(scripted("bell", "count", 4)))
	c.run(c.word(c.servers[0], 1, "count", ""), c.word(c.servers[4], 1, "count", ""))
	if c.run(); c.runs("count") {
		t.Fatal("the word of one who is not named counts")
	}
	c.run(control(c.held.word(c.owner, agree.Crash, c.servers[0], newPerson("new"), newPerson("newer"))))
	if got := c.s.voices(); len(got) != 3 {
		t.Fatalf("one that is left of the roles' servers, beside two new ones: %d", len(got))
	}
	new1 := newPerson("new")
	c.run(control(c.held.word(c.owner, agree.Crash, new1)))
	want("whom the owner names, when the roles name others", []base.Key{new1.key})

	c = newCrew(t, 3)
	c.run(control(c.held.word(c.owner, agree.Accountable, c.servers...)))
	c.run(c.vouch(c.servers[0], 1, scripted("bell", "count", 4)))
	c.run(c.word(c.servers[1], 1, "count", ""))
	c.run(c.vouch(c.servers[0], 2, chargeEntry(lie(t, c.cfg.ID, c.servers[1], 800))))
	want("without one who has lied", key(0, 2))
	if len(c.run(c.word(c.servers[1], 2, "count", ""))) != 1 {
		t.Fatal("the word of one who has lied is taken")
	}
	c.run(c.word(c.servers[0], 3, "count", ""))
	if c.run(); c.runs("count") {
		t.Fatal("what one has said counts who has lied since")
	}
	c.run(c.word(c.servers[2], 1, "count", ""))
	if c.run(); !c.runs("count") {
		t.Fatal("two honest ones of three are not enough")
	}
	c.again(4)
}

// TestMostOfTheListAreGone: two of the three that an admin has signed are gone. The word
// of those who came in their place counts once the owner names the two no more.
func TestMostOfTheListAreGone(t *testing.T) {
	c := newCrew(t, 3)
	left, first, second := c.servers[0], newPerson("first"), newPerson("second")
	c.run(control(c.held.word(c.owner, agree.Crash, append(slices.Clone(c.servers), first, second)...)))
	c.run(control(scripted("bell", "count", 4)))
	if n := len(c.run(c.word(left, 1, "count", ""), c.word(first, 1, "count", ""), c.word(second, 1, "count", ""))); n != 2 {
		t.Fatalf("%d words refused", n)
	}
	if c.run(); c.runs("count") {
		t.Fatal("the word of one of three is enough")
	}
	c.run(control(c.held.word(c.owner, agree.Crash, left, first, second)))
	if c.run(c.word(first, 2, "count", "")); c.runs("count") {
		t.Fatal("ready in the tick in which it was said")
	}
	if c.run(); !c.runs("count") {
		t.Fatal("two of the three whom the owner names have it")
	}
	c.again(len(c.log) / 2)
}

// TestServersLieAboutModules: whatever less than half of the servers say, in any
// order and number, what runs is what an honest server has, what all honest servers
// have runs, and it does so in every replay.
func TestServersLieAboutModules(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 1 + r.IntN(7)
		c := newCrew(t, n)
		trust := agree.Trust(r.IntN(2))
		c.run(control(c.held.word(c.owner, trust, c.servers...)))
		liars := r.IntN((n + 1) / 2) // that many are no majority
		honest := slices.Clone(c.servers)
		var lying []*person
		for range liars {
			i := 1 + r.IntN(len(honest)-1) // the first makes the records
			lying = append(lying, honest[i])
			honest = slices.Delete(honest, i, i+1)
		}
		numbers := map[base.Key]uint64{}
		number := func(p *person) uint64 { numbers[p.key]++; return numbers[p.key] }
		modules := []string{"count", "seed", "tally", "eyes"}
		got := map[string]int{} // how many honest servers have it
		has := map[base.Key][]string{}
		for i, m := range modules {
			c.run(c.vouch(c.servers[0], number(c.servers[0]), scripted(fmt.Sprint("thing ", i), m, float32(2*i))))
			for _, p := range honest {
				if r.IntN(2) == 0 || m == "count" {
					got[m]++
					has[p.key] = append(has[p.key], m)
				}
			}
		}
		for range 60 {
			var list []Entry
			for _, p := range honest {
				for _, w := range c.s.Words(p.key) {
					why := "not here"
					if slices.Contains(has[p.key], w.Module) {
						why = ""
					}
					if r.IntN(4) == 0 && (!w.Said || w.Why != why) && (!w.Broken || why == "") {
						list = append(list, c.word(p, number(p), w.Module, why))
					}
				}
			}
			for _, p := range lying {
				m := modules[r.IntN(len(modules))]
				list = append(list, c.word(p, number(p), m, []string{"", "no"}[r.IntN(2)]), c.vouch(p, number(p), ControlEntry{Kind: ControlModule, Module: m}))
				if other := honest[r.IntN(len(honest))]; r.IntN(3) == 0 {
					list = append(list, Vouch(c.cfg.ID, other.key, numbers[other.key]+1, control(ControlEntry{Kind: ControlHave, Module: m, Since: c.since(m)}), p.sign))
				}
			}
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			c.run(list...)
		}
		for _, m := range modules {
			if c.runs(m) && got[m] == 0 {
				t.Fatalf("seed %d: %d of %d lie: %q runs, and no honest server has it", seed, liars, n, m)
			}
			if !c.runs(m) && got[m] == len(honest) {
				t.Fatalf("seed %d: %d of %d lie: %q does not run, and every honest server has it", seed, liars, n, m)
			}
		}
		c.again(r.IntN(len(c.log)))
	}
}

// TestModulesOfOneServer: where one server keeps the log its word is enough, as ever.
func TestModulesOfOneServer(t *testing.T) {
	c := newCrew(t, 1)
	step(t, c.s, control(scripted("bell", "count", 4)))
	if len(step(t, c.s, c.word(c.servers[0], 1, "count", "")).Failed) != 1 {
		t.Fatal("a word of one of several")
	}
	if out := step(t, c.s, control(ControlEntry{Kind: ControlModule, Module: "count"})); len(out.Failed) != 0 || !c.runs("count") {
		t.Fatal("not loaded")
	}
	c.run(control(scripted("gong", "seed", 6)))
	c.run(c.word(c.servers[0], 1, "seed", ""))
	if c.run(); !c.runs("seed") {
		t.Fatal("the only one of those who share a log")
	}
}

func TestWordsInASnapshot(t *testing.T) {
	c := newCrew(t, 3)
	c.run(control(scripted("bell", "count", 4)))
	c.run(c.word(c.servers[0], 1, "count", "no"), c.word(c.servers[1], 1, "count", ""))
	i, _ := c.s.moduleIndex("count")
	two := c.s.modules[i].said
	if len(two) != 2 || !slices.IsSortedFunc(two, func(a, b said) int { return a.server.Compare(b.server) }) {
		t.Fatalf("%+v", two)
	}
	two[0], two[1] = two[1], two[0]
	if _, err := Restore(c.cfg, c.s.Snapshot(nil)); err == nil {
		t.Fatal("words out of order are restored")
	}
	two[0], two[1] = two[1], two[0]
	if _, err := Restore(c.cfg, c.s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
}

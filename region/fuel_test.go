package region

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestFuelIsRationed: in a tick run as many as its fuel is for, the others are
// carried, and over the ticks all come equally often.
func TestFuelIsRationed(t *testing.T) {
	names := make([]string, 40)
	for i := range names {
		names[i] = fmt.Sprint("hog", i)
	}
	s := society(t, brains{"hog": func(ev ScriptEvent, slots func(string) (SlotValue, bool)) (ScriptResult, error) {
		v, _ := slots("n")
		return ScriptResult{Gas: ActorGas, Set: []SlotWrite{{"n", IntSlot(v.Int + 1)}}, Timers: []SetTimer{{After: 1}}}, nil
	}}, testConfig("hearth", 0), names...)
	wake(t, s, names...)
	const each = TickGas / ActorGas // and what they ask of others is paid for too
	for range 400 {
		if out := step(t, s); out.Counts.ScriptRuns != each || out.Counts.EventsCarried != uint64(len(names))-each || out.Counts.EventsDropped != 0 {
			t.Fatalf("tick %d: %+v", out.Tick, out.Counts)
		}
	}
	least, most := int64(1<<60), int64(0)
	for _, n := range names {
		v := valueOf(t, s, n, "n").Int
		least, most = min(least, v), max(most, v)
	}
	if least < 20 || most > 60 { // 40 are its share
		t.Errorf("one ran %d times, one %d times", least, most)
	}
}

// TestMuchFuelForOne: an actor whose events are dear has some of them in the
// next tick; one dear event is no fault.
func TestMuchFuelForOne(t *testing.T) {
	s := society(t, brains{"one": func(ev ScriptEvent, slots func(string) (SlotValue, bool)) (ScriptResult, error) {
		return ScriptResult{Gas: ActorShare - 2*effectGas, Set: []SlotWrite{notes(ev, slots)}}, nil
	}}, testConfig("hearth", 0), "one")
	wake(t, s, "one", "one", "one", "one", "one")
	for i, want := range []uint64{2, 2, 1, 0} {
		if out := step(t, s); out.Counts.ScriptRuns != want || out.Counts.ScriptFaults != 0 {
			t.Fatalf("tick %d: %+v, want %d runs", i, out.Counts, want)
		}
	}
}

// chaos is a society in which everybody sends, proposes, claims, contends in
// transactions, sets timers, fails and takes much fuel, by what it has heard so
// far and in which order.
func chaos(t *testing.T, cfg Config) (*Sim, []Batch) {
	t.Helper()
	const n = 60
	var ids []base.ID
	mind := func(ev ScriptEvent, slots func(string) (SlotValue, bool)) (ScriptResult, error) {
		old, _ := slots("v")
		v := uint64(old.Int)*31 + uint64(ev.Tag)*7 + uint64(len(ev.Text)) + uint64(ev.From[0])
		pick := func(k uint64) base.ID { return ids[mix(v+k)%n] }
		a, version, _ := ev.Peek(pick(1), "x")
		r := ScriptResult{Gas: 5000 + mix(v)%900_000, Set: []SlotWrite{{"v", IntSlot(int64(v))}}}
		switch mix(v) % 8 {
		case 0:
			return r, fmt.Errorf("fault %d", v%1000)
		case 1:
			r.Txns = []Txn{{Tag: 1, Reads: []SlotRead{{pick(1), "x", version}}, Writes: []SlotSet{{pick(1), SlotWrite{"x", IntSlot(a.Int + 1)}}, {pick(2), SlotWrite{"x", IntSlot(a.Int)}}}}}
		case 2:
			r.Propose = []Proposal{{Thing: pick(3), Slot: "x", Op: OpClaim, Value: IntSlot(int64(v))}, {Thing: pick(4), Slot: "x", Op: OpDelete}}
		case 3:
			r.Propose = []Proposal{{Thing: pick(5), Slot: "x", Op: OpCas, Value: IntSlot(int64(v)), Expect: a}, {Thing: pick(6), Slot: "list", Op: OpInsert, Value: TextSlot(fmt.Sprint(v % 50))}}
		default:
			r.Propose = []Proposal{{Thing: pick(7), Slot: "x", Op: OpAdd, Value: IntSlot(int64(v % 9))}, {Thing: pick(7), Slot: "top", Op: OpMax, Value: IntSlot(int64(v))}}
		}
		for k := range mix(v+9) % 4 {
			r.Send = append(r.Send, Send{To: pick(k + 10), Tag: int64(v % 1000), Text: "hello"})
		}
		return r, nil
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("mind", i)
	}
	s := society(t, brains{"mind": mind}, cfg, names...)
	s.Each(func(x Seen) bool { ids = append(ids, x.Thing.ID); return true })
	var people []*person
	for i := range 5 {
		people = append(people, newPerson(fmt.Sprint("p", i)))
	}
	list := make([]Batch, 60)
	r := base.NewRand(3, 3)
	for i := range list {
		b := Batch{Tick: s.Tick() + base.Tick(i) + 1}
		for k, p := range people {
			if i == 0 {
				b.Entries = append(b.Entries, p.entry(Input{Kind: InJoin, Region: cfg.ID, Name: p.name, Pos: cfg.Site}))
				continue
			}
			b.Entries = append(b.Entries, p.entry(Input{Kind: InSay, Text: fmt.Sprint(k, i)}))
			if r.IntN(2) == 0 {
				b.Entries = append(b.Entries, p.entry(Input{Kind: InTouch, Thing: ids[r.IntN(n)]}))
			}
		}
		list[i] = b
	}
	return s, list
}

// shuffled calls f in another order each time, on so many goroutines.
func shuffled(workers int, seed uint64) func(n int, f func(int)) {
	r := base.NewRand(seed, 77)
	return func(n int, f func(int)) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		for i := n - 1; i > 0; i-- {
			k := r.IntN(i + 1)
			order[i], order[k] = order[k], order[i]
		}
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := w; i < n; i += workers {
					f(order[i])
				}
			})
		}
		wg.Wait()
	}
}

// TestRuleIsTheSameOnAnyNumberOfWorkers: with one to sixteen workers, entries
// that arrive in any order and a restart in the middle every tick has the same
// hash.
func TestRuleIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	s, list := chaos(t, testConfig("hearth", 0))
	start := s.Snapshot(nil)
	var want []Hash
	var sum Counts
	for _, b := range list {
		out, err := s.Step(b)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, out.Hash)
		c := &out.Counts
		sum.ScriptRuns += c.ScriptRuns
		sum.ScriptFaults += c.ScriptFaults
		sum.EventsCarried += c.EventsCarried
		sum.Conflicts += c.Conflicts
		sum.ProposalsLost += c.ProposalsLost
	}
	if sum.ScriptRuns < 1000 || sum.ScriptFaults < 50 || sum.EventsCarried < 50 || sum.Conflicts < 10 || sum.ProposalsLost < 50 {
		t.Fatalf("no chaos: %+v", sum)
	}
	for workers := 1; workers <= 16; workers++ {
		cfg := s.cfg
		cfg.Parallel = shuffled(workers, uint64(workers))
		x, err := Restore(cfg, start)
		if err != nil {
			t.Fatal(err)
		}
		r := base.NewRand(uint64(workers), 5)
		for i, b := range list {
			e := slices.Clone(b.Entries)
			for j := len(e) - 1; j > 0; j-- {
				k := r.IntN(j + 1)
				e[j], e[k] = e[k], e[j]
			}
			out, err := x.Step(Batch{Tick: b.Tick, Entries: e})
			if err != nil {
				t.Fatal(err)
			}
			if out.Hash != want[i] {
				t.Fatalf("%d workers: tick %d has %s, not %s", workers, b.Tick, out.Hash.Short(), want[i].Short())
			}
			if i == 20+workers {
				if x, err = Restore(cfg, x.Snapshot(nil)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

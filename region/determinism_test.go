package region

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/golden"
	"github.com/metatopia/metatopia/spatial"
)

// crowd is a busy history: batches for n ticks in which six people walk, talk,
// throw, touch scripts and set slots.
func crowd(n int) []Batch {
	var people []*person
	for i := range 6 {
		people = append(people, newPerson(fmt.Sprintf("p%d", i)))
	}
	r := base.NewRand(11, 1)
	id := regionID("hearth")
	list := make([]Batch, n)
	// Ids of created things follow from the log.
	made := map[string]base.ID{}
	for t := range list {
		b := Batch{Tick: base.Tick(t + 1)}
		switch t {
		case 0:
			b.Entries = append(b.Entries, control(scripted("bell", "count", 3)), control(scripted("ear", "seed", -3)), control(scripted("bad", "trap", 6)),
				control(ControlEntry{Kind: ControlModule, Module: "count"}), control(ControlEntry{Kind: ControlModule, Module: "seed"}),
				control(ControlEntry{Kind: ControlModule, Module: "trap"}), control(ballSpec("ball", 1, 2)), control(ballSpec("ball2", -1, 2)))
		case 1:
			for i, p := range people {
				b.Entries = append(b.Entries, p.entry(Input{Kind: InJoin, Region: id, Name: p.name, Pos: spatial.At(float64(i)*1.5-4, 0, 1)}))
			}
		default:
			for _, p := range people {
				switch r.IntN(12) {
				case 0:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InWalk, Pos: spatial.At(r.Float64()*16-8, 0, r.Float64()*16-8)}))
				case 1:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InThrow, Vel: spatial.Vec{X: float32(r.IntN(9)) - 4, Y: 3, Z: float32(r.IntN(9)) - 4}}))
				case 2:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InSay, Text: fmt.Sprintf("%s%d", p.name, t)}))
				case 3:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InTouch, Thing: made["bell"]}), p.entry(Input{Kind: InJump}))
				case 4:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InSteer, Vel: spatial.Vec{X: float32(r.IntN(5)) - 2, Z: 1}}))
				case 5:
					b.Entries = append(b.Entries, p.entry(Input{Kind: InSet, Thing: base.AvatarID(p.key), Slot: SlotWrite{"mood", IntSlot(int64(t))}}))
				}
			}
		}
		number(b.Entries)
		list[t] = b
		if t == 0 {
			s, _ := New(testConfig("hearth", 0))
			s.Step(b)
			for _, x := range s.things {
				made[x.Name] = x.ID
			}
		}
	}
	return list
}

func run(t testing.TB, cfg Config, list []Batch) (*Sim, []Hash) {
	s := mustNew(t, cfg)
	var h []Hash
	for _, b := range list {
		out, err := s.Step(b)
		if err != nil {
			t.Fatal(err)
		}
		h = append(h, out.Hash)
	}
	return s, h
}

func same(t *testing.T, what string, a, b []Hash) {
	t.Helper()
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("%s: tick %d has %s, not %s", what, i+1, b[i].Short(), a[i].Short())
		}
	}
}

// TestGolden: testdata/crowd.golden has the hash after crowd(300). It changes when
// the rules, the physics or the encoding of the state change.
func TestGolden(t *testing.T) {
	list := crowd(300)
	s, h := run(t, testConfig("hearth", 0), list)
	var got strings.Builder
	for i := 49; i < len(h); i += 50 {
		fmt.Fprintf(&got, "%d %s\n", i+1, h[i].String()[:16])
	}
	golden.Check(t, "testdata/crowd.golden", got.String())
	// The history must be one that exercises the rules.
	bell := named(t, s, "bell").Thing
	if v, _ := bell.Slots.Get("count"); v.Int < 20 || named(t, s, "bad").Thing.LastError == "" {
		t.Errorf("bell rang %d times, bad says %q", v.Int, named(t, s, "bad").Thing.LastError)
	}
}

func TestArrivalOrderDoesNotMatter(t *testing.T) {
	list := crowd(120)
	_, want := run(t, testConfig("hearth", 0), list)
	for seed := range uint64(4) {
		r := base.NewRand(seed, 9)
		shuffled := make([]Batch, len(list))
		for i, b := range list {
			e := slices.Clone(b.Entries)
			for j := len(e) - 1; j > 0; j-- {
				k := r.IntN(j + 1)
				e[j], e[k] = e[k], e[j]
			}
			shuffled[i] = Batch{Tick: b.Tick, Entries: e}
		}
		_, got := run(t, testConfig("hearth", 0), shuffled)
		same(t, "shuffled", want, got)
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	list := crowd(120)
	_, want := run(t, testConfig("hearth", 0), list)
	for _, workers := range []int{1, 2, 8} {
		cfg := testConfig("hearth", 0)
		cfg.Parallel = func(n int, f func(int)) {
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := n - 1 - w; i >= 0; i -= workers { // backwards, too
						f(i)
					}
				})
			}
			wg.Wait()
		}
		_, got := run(t, cfg, list)
		same(t, fmt.Sprintf("%d workers", workers), want, got)
	}
}

func TestRestoreAtEveryTick(t *testing.T) {
	list := crowd(100)
	_, want := run(t, testConfig("hearth", 0), list)
	s := mustNew(t, testConfig("hearth", 0))
	for i, b := range list {
		snap := s.Snapshot(nil)
		r, err := Restore(testConfig("hearth", 0), snap)
		if err != nil {
			t.Fatalf("tick %d: %v", s.tick, err)
		}
		if !bytes.Equal(r.Snapshot(nil), snap) {
			t.Fatalf("tick %d: restored state has other bytes", s.tick)
		}
		s = r // goes on from the restored one
		out, err := s.Step(b)
		if err != nil {
			t.Fatal(err)
		}
		if out.Hash != want[i] {
			t.Fatalf("tick %d: %s after a restore, %s without", out.Tick, out.Hash.Short(), want[i].Short())
		}
	}
}

// TestRestoreInTheMiddleOfAHandoff does the same for a border with loss.
func TestRestoreInTheMiddleOfAHandoff(t *testing.T) {
	history := func(restore bool) string {
		p := newPair(t, 10)
		ann := newPerson("ann")
		p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(29, 0, 0)}), control(ballSpec("ball", 30, 1))}, nil)
		p.step([]Entry{ann.entry(Input{Kind: InThrow, Vel: spatial.Vec{X: 7, Y: 3}})}, nil)
		p.step([]Entry{ann.entry(Input{Kind: InWalk, Pos: spatial.At(40, 0, 0)})}, nil)
		var out strings.Builder
		for range 160 {
			oa, ob := p.step(nil, nil)
			out.WriteString(oa.Hash.Short() + ob.Hash.Short())
			if restore {
				for _, s := range []**Sim{&p.a, &p.b} {
					r, err := Restore((*s).cfg, (*s).Snapshot(nil))
					if err != nil {
						t.Fatal(err)
					}
					*s = r
				}
			}
		}
		if p.both[1].HandoffsIn != 2 {
			t.Fatalf("%d hand-offs, want the ball and ann", p.both[1].HandoffsIn)
		}
		return out.String()
	}
	if history(false) != history(true) {
		t.Fatal("restoring at every tick gives another history")
	}
}

// TestOrderDiffersByReceiver: of three who speak in one tick, different
// listeners hear different orders, and each of the six orders happens.
func TestOrderDiffersByReceiver(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	people := []*person{newPerson("x"), newPerson("y"), newPerson("z")}
	step(t, s, control(scripted("one", "seed", -3)), control(scripted("two", "seed", 3)), control(ControlEntry{Kind: ControlModule, Module: "seed"}))
	for i, p := range people {
		joined(t, s, p, float64(i)*2, 4)
	}
	orders := map[string]int{}
	differ := 0
	for range 60 {
		var in []Entry
		for _, p := range people {
			in = append(in, p.entry(Input{Kind: InSay, Text: p.name}))
		}
		step(t, s, in...)
		for range lineTicks {
			step(t, s)
		}
		a, _ := named(t, s, "one").Thing.Slots.Get("heard")
		b, _ := named(t, s, "two").Thing.Slots.Get("heard")
		x, y := last(a.Text, 3), last(b.Text, 3)
		orders[x]++
		if x != y {
			differ++
		}
	}
	if len(orders) != 6 || differ < 35 {
		t.Fatalf("orders %v, %d of 60 differ between the two listeners", orders, differ)
	}
}

func BenchmarkStepCrowd(b *testing.B) {
	list := crowd(300)
	for b.Loop() {
		s := mustNew(b, testConfig("hearth", 0))
		for _, x := range list {
			if _, err := s.Step(x); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/300, "us/tick")
}

func BenchmarkHash(b *testing.B) {
	s, _ := run(b, testConfig("hearth", 0), crowd(100))
	for b.Loop() {
		s.Hash()
	}
}

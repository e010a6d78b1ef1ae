package region

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// mayhem is a script that does a little of everything to the things of a list, as
// its randomness says.
type mayhem struct{ ids *[]base.ID }

func (c mayhem) Handle(module string, ev ScriptEvent, slots func(string) (SlotValue, bool), seed, _ uint64) (r ScriptResult, err error) {
	x := base.NewRand(seed, 3)
	r.Gas = uint64(x.IntN(400_000))
	if x.IntN(20) == 0 {
		r.Gas = 3_000_000
	}
	if len(*c.ids) == 0 {
		return r, nil
	}
	n, _ := slots("n")
	r.Set = []SlotWrite{{"n", IntSlot(n.Int + 1)}}
	to := (*c.ids)[x.IntN(len(*c.ids))]
	v, version, _ := ev.Peek(to, "bank")
	switch x.IntN(12) {
	case 0, 1:
		for range x.IntN(4) {
			r.Send = append(r.Send, Send{To: to, Tag: int64(x.IntN(9)), Text: "x"})
		}
	case 2:
		r.Propose = []Proposal{{Thing: to, Slot: "sum", Op: OpAdd, Value: IntSlot(1)}, {Thing: to, Slot: "n", Op: OpMax, Value: IntSlot(int64(x.IntN(99)))}}
	case 3:
		r.Propose = []Proposal{{Thing: to, Slot: "seat", Op: OpClaim, Value: TextSlot(fmt.Sprint(x.IntN(99)))}, {Thing: to, Slot: "lines", Op: OpInsert, Value: TextSlot(fmt.Sprint(x.IntN(9)))}}
	case 4:
		r.Propose = []Proposal{{Thing: to, Slot: "seat", Op: OpCas, Value: IntSlot(4)}, {Thing: to, Slot: "sum", Op: OpDelete}, {Thing: to, Slot: "private", Op: OpClaim, Value: IntSlot(1)}}
	case 5, 6:
		r.Txns = []Txn{{Tag: 5, Reads: []SlotRead{{to, "bank", version}}, Writes: []SlotSet{{to, SlotWrite{"bank", IntSlot(v.Int + 1)}}, {ev.Self, SlotWrite{"bank", IntSlot(v.Int - 1)}}}}}
	case 7:
		r.Timers = []SetTimer{{uint32(1 + x.IntN(30)), int64(x.IntN(5))}}
	case 8:
		r.Push = spatial.Vec{X: float32(x.IntN(5)) - 2, Y: 2, Z: float32(x.IntN(5)) - 2}
	case 9:
		if hit, err := ev.Look(ev.At, spatial.Vec{X: 9}); err == nil && hit.Found {
			r.Set = append(r.Set, SlotWrite{"saw", TextSlot(hit.Thing.String())})
		}
	case 10:
		r.Say = []string{fmt.Sprint("I am at ", n.Int)}
	case 11:
		return r, fmt.Errorf("fault %d", x.IntN(3))
	}
	return r, nil
}

// workers8 is a Parallel of eight goroutines that work from the end.
func workers8(n int, f func(int)) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := n - 1 - w; i >= 0; i -= 8 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// twins are two neighbours, each of them twice: one sim that goes on by itself
// on one goroutine, and one with eight that is restored again and again and is
// given every batch in another order.
type twins struct {
	t    *testing.T
	r    *base.Rand
	a, b [2]*Sim
	net  [2][]flight
	ids  []base.ID
}

func (w *twins) step(in [2][]Entry) (outs [2]Output) {
	w.t.Helper()
	for i := range 2 {
		list := in[i]
		w.net[i] = slices.DeleteFunc(w.net[i], func(f flight) bool {
			if f.due <= w.a[i].tick {
				list = append(list, Entry{Kind: EntryBorder, From: w.a[1-i].cfg.ID, Body: f.body})
			}
			return f.due <= w.a[i].tick
		})
		outs[i] = step(w.t, w.a[i], list...)
		other := slices.Clone(list)
		for j := len(other) - 1; j > 0; j-- {
			k := w.r.IntN(j + 1)
			other[j], other[k] = other[k], other[j]
		}
		b, err := w.b[i].Step(Batch{Tick: w.a[i].tick, Entries: other})
		if err != nil {
			w.t.Fatal(err)
		}
		if b.Hash != outs[i].Hash {
			w.differ(i)
		}
	}
	for i := range outs {
		for _, m := range outs[i].Border {
			late := base.Tick(0)
			switch w.r.IntN(20) {
			case 0:
				continue
			case 1:
				late = base.Tick(w.r.IntN(6))
			}
			w.net[1-i] = append(w.net[1-i], flight{m.Body, outs[i].Tick + late})
		}
	}
	return outs
}

// differ says where two states differ.
func (w *twins) differ(i int) {
	w.t.Helper()
	a, b := w.a[i].Parts(), w.b[i].Parts()
	for k := range a {
		if k >= len(b) || a[k] != b[k] {
			w.t.Fatalf("%s, tick %d: part %v is another", w.a[i].cfg.Name, w.a[i].tick, a[k])
		}
	}
	w.t.Fatalf("%s, tick %d: other hashes of the same parts", w.a[i].cfg.Name, w.a[i].tick)
}

func (w *twins) restore(i int) {
	w.t.Helper()
	snapshot := w.a[i].Snapshot(nil)
	r, err := Restore(w.b[i].cfg, snapshot)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Hash() != w.a[i].Hash() {
		w.t.Fatalf("tick %d: the hash made anew is another", r.tick)
	}
	w.b[i] = r
	w.differs(i)
}

func (w *twins) differs(i int) {
	w.t.Helper()
	if !slices.Equal(w.a[i].Parts(), w.b[i].Parts()) {
		w.differ(i)
	}
}

// input is something that a player might want.
func (w *twins) input(s *Sim) Input {
	any := func() base.ID { return s.things[w.r.IntN(len(s.things))].ID }
	who := s.sessions[w.r.IntN(len(s.sessions))].Player
	pos := spatial.At(32+w.r.Float64()*10-5, 0.25+w.r.Float64(), w.r.Float64()*8-4)
	switch w.r.IntN(22) {
	case 0, 1:
		return Input{Kind: InWalk, Pos: pos}
	case 2, 3, 4:
		return Input{Kind: InThrow, Vel: spatial.Vec{X: float32(w.r.IntN(17)) - 8, Y: 3, Z: float32(w.r.IntN(5)) - 2}}
	case 5:
		return Input{Kind: InThrow, Thing: any(), Vel: spatial.Vec{X: float32(w.r.IntN(17)) - 8, Y: 4}}
	case 6:
		return Input{Kind: InTouch, Thing: any()}
	case 7:
		return Input{Kind: InSay, Text: fmt.Sprint("tick ", s.tick)}
	case 8, 9:
		in := made(fmt.Sprint("made ", s.tick), 0)
		in.Pos = pos
		return in
	case 10, 11:
		return Input{Kind: InMove, Thing: any(), Pos: pos}
	case 12:
		return Input{Kind: InGive, Thing: any(), To: []base.Key{{}, who}[w.r.IntN(2)]}
	case 13:
		return Input{Kind: InTake, Thing: any()}
	case 14, 15:
		return Input{Kind: InLend, Thing: any(), To: who, Ticks: uint32(1 + w.r.IntN(20))}
	case 16:
		return Input{Kind: InReturn, Thing: any()}
	case 17:
		return Input{Kind: InDelete, Thing: any()}
	case 18, 19:
		if n := len(s.bin); n > 0 {
			return Input{Kind: InUndelete, Thing: s.bin[w.r.IntN(n)].Thing.ID}
		}
		return Input{Kind: InJump}
	case 20:
		return Input{Kind: InTell, Thing: any(), Name: "hello", Text: "you"}
	}
	return Input{Kind: InSet, Thing: any(), Slot: SlotWrite{[]string{"note", SlotEvery, SlotOpen, "bank"}[w.r.IntN(4)], IntSlot(int64(w.r.IntN(40)))}}
}

// TestTwins: whatever people and scripts do at a border that loses messages, a
// replica that is restored, has other workers and hears all in another order is
// in the same state, and everything is in one place.
func TestTwins(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1 // once more under the race detector, and on arm64
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { twinsRun(t, seed, 240) })
	}
}

func twinsRun(t *testing.T, seed uint64, ticks int) {
	w := &twins{t: t, r: base.NewRand(seed, 77)}
	for i, name := range []string{"hearth", "commons"} {
		cfg := testConfig(name, float64(64*i))
		cfg.Scripts = mayhem{&w.ids}
		w.a[i] = mustNew(t, cfg)
		cfg.Parallel = workers8
		w.b[i] = mustNew(t, cfg)
	}
	var people []*person
	first := [2][]Entry{{neighboursOf(w.a[1])}, {neighboursOf(w.a[0])}}
	for i := range 6 {
		people = append(people, newPerson(fmt.Sprint("p", i)))
	}
	for k := range first {
		first[k] = append(first[k], control(ControlEntry{Kind: ControlModule, Module: "chaos"}))
	}
	for i := range 8 {
		c := ballSpec(fmt.Sprint("ball", i), 28+float32(i%4), float32(i/4))
		c.Thing.Owner = people[i%3].key
		c.Thing.Slots = Slots{{SlotEvery, IntSlot(MinEvery)}, {SlotOpen, TextSlot("sum:* n:max,shared seat:claim,cas lines:insert bank:txn")}, {SlotScript, LumpSlot("chaos")}}
		first[0] = append(first[0], control(c))
	}
	w.step(first)
	for _, x := range w.a[0].things {
		w.ids = append(w.ids, x.ID)
	}
	for i, p := range people {
		w.step([2][]Entry{{p.entry(Input{Kind: InJoin, Region: w.a[0].cfg.ID, Name: p.name, Pos: spatial.At(27+float64(i%3), 0, float64(i)-3)})}})
	}
	for range ticks {
		var in [2][]Entry
		for _, p := range people {
			for i, s := range w.a {
				if _, ok := s.findSession(p.key); ok && w.r.IntN(2) == 0 {
					in[i] = append(in[i], p.entry(w.input(s)))
				}
			}
		}
		w.step(in)
		switch i := w.r.IntN(2); w.r.IntN(6) {
		case 0:
			w.restore(i)
		case 1:
			w.differs(i)
		}
		for _, x := range w.a[0].things {
			if w.a[1].thing(x.ID) != nil {
				t.Fatalf("tick %d: %s is in both regions", w.a[0].tick, x.Name)
			}
		}
	}
	// Quiet: what is on its way arrives.
	for range 200 {
		w.step([2][]Entry{})
	}
	if a, b := w.a[0].Limbo(), w.a[1].Limbo(); a+b > 0 {
		t.Fatalf("%d and %d things are nowhere", a, b)
	}
}

package far

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
)

var (
	runs  = flag.Int("runs", 60, "random runs of two nodes")
	first = flag.Uint64("first", 1, "seed of the first run")
)

const ms = int64(1e6)

// side is a node of the model with processes that only have numbers.
type side struct {
	t     *testing.T
	w     *pairs
	at    int
	peer  *Peer
	other *side
	boots uint64
	gen   int // of the stream to the other side
	up    bool

	last  Ref
	alive map[Ref]bool
	full  map[Ref]bool // takes no message for now
	holds map[Number]*held
	dead  map[Number]bool // numbers of earlier epochs
	lost  int
	over  map[Number]Reason
	// What arrived of each stream of messages, by the sender's name of it.
	arrived map[string]uint64
	spawns  map[uint64]bool
}

// held is a capability of the other side's that is in use.
type held struct {
	rights Rights
	name   string
	sent   uint64
	watch  Watch
}

// pairs is two sides and what is between them.
type pairs struct {
	t     *testing.T
	q     *sim.Queue
	rng   *base.Rand
	sides [2]*side
	delay int64 // what a stream may lag behind
	cut   bool
	last  map[[2]int]int64 // by sender and stream: when the last packet arrives
}

func newPairs(t *testing.T, seed uint64) *pairs {
	w := &pairs{t: t, q: sim.New(seed), rng: base.NewRand(seed, 7), delay: 50 * ms, last: map[[2]int]int64{}}
	for i := range w.sides {
		w.sides[i] = &side{t: t, w: w, at: i}
	}
	w.sides[0].other, w.sides[1].other = w.sides[1], w.sides[0]
	for _, s := range w.sides {
		s.boot()
	}
	return w
}

// boot starts a node that knows nothing.
func (s *side) boot() {
	s.boots++
	clock := uint64(s.w.q.Now()/ms) + 1000
	if s.w.rng.IntN(4) == 0 {
		clock /= 2 // it went back
	}
	rng := base.NewRand(s.w.rng.Uint64(), s.boots)
	s.peer = New(Config{Session: clock, Rand: rng.Uint64}, s.w.q.Now())
	s.alive, s.full, s.dead, s.arrived = map[Ref]bool{}, map[Ref]bool{}, map[Number]bool{}, map[string]uint64{}
	s.forget()
	s.up = false
	s.gen++
}

func (s *side) forget() {
	for n := range s.holds {
		s.dead[n] = true
	}
	s.holds, s.over, s.spawns = map[Number]*held{}, map[Number]Reason{}, map[uint64]bool{}
}

// turn writes what is to be written and takes notice of what has happened.
func (s *side) turn() {
	now := s.w.q.Now()
	for _, ev := range s.peer.Events() {
		s.event(ev)
	}
	if !s.up && s.peer.Wants(now) && !s.w.cut {
		s.up = true
		s.gen++
		s.peer.Up(now)
	}
	gen := s.gen
	at := now
	for _, b := range s.peer.Packets() {
		to := s.other
		// Packets of one stream keep their order; the streams do not.
		at += int64(s.w.rng.IntN(int(s.w.delay)))
		boots := to.boots
		s.w.q.At(max(at, s.w.lastOf(s.at, gen, at)), func() {
			if s.w.cut || to.boots != boots || s.gen > gen+1 {
				return // its connection is no more
			}
			to.peer.Receive(s.w.q.Now(), b)
			to.turn()
		})
	}
}

// lastOf keeps packets of one stream in order.
func (w *pairs) lastOf(from, gen int, at int64) int64 {
	k := [2]int{from, gen}
	w.last[k] = max(w.last[k], at)
	return w.last[k]
}

func (s *side) event(ev Event) {
	now := s.w.q.Now()
	switch ev := ev.(type) {
	case Fault:
		s.t.Fatalf("side %d: fault: %s", s.at, ev.Why)
	case Lost:
		s.lost++
		for _, r := range ev.Linked {
			delete(s.alive, r) // as one that does not trap
		}
		s.forget()
	case Arrived:
		for _, c := range ev.Message.Caps {
			s.hold(c)
		}
		switch {
		case !s.alive[ev.Ref]:
			s.peer.Ended(now, ev.Number, Reason{End: 5})
		case s.full[ev.Ref]:
			ev.Message.Held = "by a letter"
			s.peer.NoRoom(now, ev.Number, ev.Message)
		default:
			s.read(ev.Ref, ev.Message)
		}
	case Watching:
		if !s.alive[ev.Ref] {
			s.peer.Ended(now, ev.Number, Reason{End: 5})
		}
	case Exited:
		if ev.Reason.End != 0 {
			s.end(ev.Ref, Reason{End: 4})
		}
	case Killed:
		s.end(ev.Ref, Reason{End: 3})
		s.peer.Ended(now, ev.Number, Reason{End: 5})
	case Over:
		if _, ok := s.over[ev.Number]; ok {
			s.t.Fatalf("side %d: told twice of an end", s.at)
		}
		if s.holds[ev.Number] != nil {
			s.over[ev.Number] = ev.Reason
		}
	case Asked:
		if ev.Spawn.Parent != nil {
			s.hold(*ev.Spawn.Parent)
		}
		if s.w.rng.IntN(3) == 0 {
			s.peer.Answer(now, ev.ID, Spawned{Code: NotAgreed})
			return
		}
		r := s.spawn()
		s.peer.Answer(now, ev.ID, Spawned{Cap: Cap{Own: true, Ref: r, Rights: allRights}})
	case Answered:
		if !s.spawns[ev.ID] {
			s.t.Fatalf("side %d: an answer to %d", s.at, ev.ID)
		}
		delete(s.spawns, ev.ID)
		if ev.Spawned.Code == Started {
			s.hold(ev.Spawned.Cap)
		}
	}
}

func (s *side) read(r Ref, m Message) {
	name, n := "", uint64(0)
	if _, err := fmt.Sscanf(string(m.Data), "%s %d", &name, &n); err != nil {
		s.t.Fatal(err)
	}
	if s.arrived[name]+1 != n {
		s.t.Fatalf("side %d: message %d of %s after %d", s.at, n, name, s.arrived[name])
	}
	s.arrived[name] = n
}

func (s *side) hold(c Cap) {
	if c.Own {
		if c.Ref > s.last {
			s.t.Fatalf("side %d: %+v is none of ours", s.at, c)
		}
		return
	}
	if s.dead[c.Number] {
		s.t.Fatalf("side %d: a number came back", s.at)
	}
	if h := s.holds[c.Number]; h == nil {
		mine, _ := s.peer.Epoch()
		s.holds[c.Number] = &held{rights: c.Rights, name: fmt.Sprintf("%d/%x/%d", mine.Nonce, c.Number, s.w.rng.Uint32())}
	} else if h.rights != c.Rights {
		s.t.Fatal("rights have changed")
	}
}

func (s *side) spawn() Ref {
	s.last++
	s.alive[s.last] = true
	return s.last
}

// end of a process of this side's: all who watch are told.
func (s *side) end(r Ref, why Reason) {
	if !s.alive[r] {
		return
	}
	delete(s.alive, r)
	s.peer.EndedOwn(s.w.q.Now(), r, why)
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var ks []K
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

func (s *side) anyHeld() (Number, *held) {
	var ns []Number
	for n := range s.holds {
		ns = append(ns, n)
	}
	if len(ns) == 0 {
		return Number{}, nil
	}
	slices.SortFunc(ns, Number.compare)
	n := ns[s.w.rng.IntN(len(ns))]
	return n, s.holds[n]
}

func (s *side) anyOwn() (Ref, bool) {
	rs := sorted(s.alive)
	if len(rs) == 0 {
		return 0, false
	}
	return rs[s.w.rng.IntN(len(rs))], true
}

// act does something at random, as processes would.
func (s *side) act() {
	rng, now := s.w.rng, s.w.q.Now()
	n, h := s.anyHeld()
	_, ended := s.over[n]
	switch rng.IntN(16) {
	case 0:
		if len(s.spawns) < 4 {
			sp := Spawn{Flags: uint8(rng.IntN(4))}
			if r, ok := s.anyOwn(); ok && rng.IntN(2) == 0 {
				sp.Parent = &Cap{Own: true, Ref: r, Rights: allRights}
			}
			id, err := s.peer.Spawn(now, sp)
			if err == nil {
				s.spawns[id] = true
			}
		}
	case 1:
		if h != nil && !ended {
			h.watch = Watch(rng.IntN(3))
			s.peer.Watch(now, n, h.watch)
		}
	case 2:
		if h != nil && h.rights&CanKill != 0 {
			_ = s.peer.Kill(now, n)
		}
	case 3:
		if h != nil {
			s.drop(n)
		}
	case 4:
		if r, ok := s.anyOwn(); ok {
			s.end(r, Reason{End: uint8(rng.IntN(3))})
		}
	case 5:
		if h != nil && h.rights&CanLink != 0 {
			s.peer.Exit(now, n, Reason{End: uint8(rng.IntN(2))})
		}
	case 6:
		if r, ok := s.anyOwn(); ok {
			s.full[r] = !s.full[r]
		}
		s.settle()
	default:
		if h == nil || h.rights&CanSend == 0 {
			return
		}
		var m Message
		for range rng.IntN(3) {
			if r, ok := s.anyOwn(); ok && rng.IntN(2) == 0 {
				m.Caps = append(m.Caps, Cap{Own: true, Ref: r, Rights: allRights})
			} else if n2, h2 := s.anyHeld(); h2 != nil {
				m.Caps = append(m.Caps, Cap{Number: n2, Rights: h2.rights & Rights(rng.IntN(16))})
			}
		}
		m.Data = fmt.Appendf(nil, "%s %d", h.name, h.sent+1)
		if s.peer.Send(now, n, m) == nil {
			h.sent++
		}
	}
}

func (s *side) drop(n Number) {
	delete(s.holds, n)
	delete(s.over, n)
	s.peer.Drop(s.w.q.Now(), n)
	// It may come again with the same number: as another stream of messages.
}

// settle gives messages that waited to those that have room again.
func (s *side) settle() {
	for _, wt := range s.peer.Stashed() {
		for !s.full[wt.Ref] {
			m, ok := s.peer.First(wt.Number)
			if !ok {
				break
			}
			for _, c := range m.Caps {
				if m.Held == true {
					s.hold(c)
				}
			}
			if !s.alive[wt.Ref] {
				s.peer.Ended(s.w.q.Now(), wt.Number, Reason{End: 5})
				break
			}
			s.read(wt.Ref, m)
			s.peer.Taken(s.w.q.Now(), wt.Number)
		}
	}
}

// tick keeps both sides going.
func (w *pairs) tick() {
	for _, s := range w.sides {
		s.peer.Tick(w.q.Now())
		s.turn()
	}
	w.q.After(100*ms, w.tick)
}

func (w *pairs) run(d int64) { w.q.RunUntil(w.q.Now() + d) }

// same has both sides agree on what is held of whom.
func (w *pairs) same() {
	w.t.Helper()
	for _, s := range w.sides {
		o := s.other.peer
		for n, e := range s.peer.exports {
			im := o.imports[n]
			if im == nil || im.got != e.given || im.rights != e.rights || im.watch != e.watch && e.watch != Monitored {
				w.t.Fatalf("side %d: %+v is %+v there", s.at, e, im)
			}
			if im.watch != NotWatched && !im.ended && !s.alive[e.ref] {
				w.t.Fatalf("side %d: nobody told of the end of %d", s.at, e.ref)
			}
		}
		if len(o.imports) != len(s.peer.exports) {
			w.t.Fatalf("side %d: %d exports, %d imports there", s.at, len(s.peer.exports), len(o.imports))
		}
		if len(s.peer.queue) != 0 || s.peer.queueBytes != 0 || s.peer.messages != 0 {
			w.t.Fatalf("side %d: %d not acknowledged", s.at, len(s.peer.queue))
		}
		for n, h := range s.holds {
			if _, over := s.over[n]; !over && h.sent != s.other.arrived[h.name] {
				w.t.Fatalf("side %d: %d sent as %s, %d arrived", s.at, h.sent, h.name, s.other.arrived[h.name])
			}
		}
	}
}

// Two nodes do what processes would, while their connection breaks, lags and
// comes back with streams that overtake each other, and they are restarted.
func TestTwoNodesAtRandom(t *testing.T) {
	for seed := *first; seed < *first+uint64(*runs); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runPair(t, seed) })
	}
}

func runPair(t *testing.T, seed uint64) {
	w := newPairs(t, seed)
	w.tick()
	rough := seed%3 != 0
	for range 300 {
		s := w.sides[w.rng.IntN(2)]
		s.act()
		s.turn()
		w.run(int64(w.rng.IntN(80)) * ms)
		if !rough {
			continue
		}
		switch w.rng.IntN(60) {
		case 0, 1, 2: // the stream breaks
			s.up = false
			s.peer.Down()
		case 3:
			w.cut = true
			for _, s := range w.sides {
				s.up = false
				s.peer.Down()
			}
			w.run(int64(w.rng.IntN(20_000)) * ms)
			w.cut = false
		case 4:
			s.boot()
			// Its connections are gone for the other one too, sooner or later.
			if w.rng.IntN(2) == 0 {
				s.other.up = false
				s.other.peer.Down()
			} else {
				s.other.up, s.other.gen = false, s.other.gen+2
				s.other.peer.Down()
			}
		case 5:
			w.delay = int64(1+w.rng.IntN(400)) * ms
		}
	}
	w.delay = 10 * ms
	for _, s := range w.sides {
		clear(s.full)
	}
	for range 40 {
		w.run(2000 * ms)
		for _, s := range w.sides {
			s.settle()
			s.turn()
		}
	}
	w.same()
	if !rough && w.sides[0].lost+w.sides[1].lost != 0 {
		t.Fatal("an epoch was lost without a reason")
	}
	// All that is dropped is forgotten.
	for range 4 {
		for _, s := range w.sides {
			for n := range s.holds {
				s.drop(n)
			}
			s.turn()
		}
		w.run(5000 * ms)
	}
	for _, s := range w.sides {
		if s.peer.open() {
			t.Fatalf("side %d: something stayed: %+v", s.at, s.peer)
		}
		if !s.peer.Idle(w.q.Now()) {
			t.Fatal("not idle")
		}
	}
}

package region

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// Sim is one region. One goroutine at a time may use it.
type Sim struct {
	cfg  Config
	tick base.Tick
	// chain is SHA-256 over the chain before and the sorted batch: it stands
	// for the whole log, and the tick's random key comes from it.
	chain [32]byte

	things     []*Thing    // sorted by id; replaced, never changed
	sessions   []session   // sorted by player
	gone       []departure // sorted by player
	leaving    []leaving   // sorted by id: released, not yet confirmed
	neighbours []neighbour // sorted by id
	modules    []module    // sorted by name
	rules      Rules
	pending    []event // script events for the next tick
	echoes     []echo
	said       uint64 // lines sent over the border
	spawned    uint64
	law        law
	gate       gate
	bin        []deleted // oldest first
	sent       uint64    // script events queued
	relays     []relay   // sorted by id
	asking     asking
	origins    []Origin // never changed in place
	roster     roster

	// shard is the physics and whose each body is.
	shard *shard.Shard

	roots     *rooting // nil until the first Hash
	goneStamp uint64   // changes of gone
	// relayStamp counts the changes of relays.
	relayStamp uint64
	// without: whose inputs are left out; for replays.
	without func(base.Key) bool

	// The rest lives within one Step.
	r     uint64 // the tick's key
	out   *Output
	todo  []event // events for this tick
	spare []job   // memory of the last tick's
	// letters came in this tick.
	letters []arrival
	// joint: several servers keep the log, and each speaks for itself.
	joint bool
}

// module is a script the region knows of.
type module struct {
	Name  string
	Ready bool
	Err   string // why it cannot be loaded

	wanted base.Tick // since
	said   []said    // by the servers while it is not ready, sorted by server
}

type neighbour struct {
	Neighbour
	heard window // lines it sent

	lines int // in this tick
}

// New founds a region at tick 0.
func New(cfg Config) (*Sim, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Sim{cfg: cfg}
	var err error
	if err = s.found(); err != nil {
		return nil, fmt.Errorf("region: new: %w", err)
	}
	if s.gate.state, err = access.New(cfg.ID, access.Verify(cfg.Verify)); err != nil {
		return nil, fmt.Errorf("region: new: %w", err)
	}
	if s.shard, err = shard.New(s.shardConfig()); err != nil {
		return nil, fmt.Errorf("region: new: %w", err)
	}
	s.shard.SetParallel(s.cfg.Parallel)
	return s, nil
}

// Tick is the last tick made.
func (s *Sim) Tick() base.Tick { return s.tick }

// Step makes the next tick. An error means that the batch is not the next one
// or against the bounds of a batch; the state is then unchanged. Entries that
// are wrong in themselves are refused and counted.
func (s *Sim) Step(b Batch) (Output, error) {
	if b.Tick != s.tick+1 {
		return Output{}, fmt.Errorf("region: step: batch of tick %d after tick %d", b.Tick, s.tick)
	}
	size := 0
	for i := range b.Entries {
		size += len(b.Entries[i].Body)
	}
	if len(b.Entries) > MaxBatch || size > MaxBatchBytes {
		return Output{}, fmt.Errorf("region: step: batch of %d entries, %d bytes", len(b.Entries), size)
	}
	out := Output{Tick: b.Tick}
	s.decide()
	s.out, s.tick, s.joint = &out, b.Tick, s.several(&b)
	b.Entries = s.heed(&b)
	q, r := s.take(b)
	s.leaveOut(&q)
	s.r = r
	out.Counts.Refused += q.bad
	s.verify(q.inputs)
	for i := range s.neighbours {
		s.neighbours[i].lines = 0
	}

	// What the neighbours say and hand over, and what goes to them: it comes
	// before the players' inputs, so that an input is either in the released
	// state or refused here. Then the region's own parts, then the players,
	// then every actor, then physics. Nothing may follow physics that commands
	// it: a snapshot holds no commands.
	s.mail(q.border)
	for i := range q.control {
		s.control(&q.control[i])
	}
	s.expel()
	s.giveBack()
	s.empty()
	s.lapse()
	s.todo, s.pending = s.pending, nil
	s.redirect()
	for i := range q.inputs {
		s.input(&q.inputs[i])
	}
	s.clockEvents()
	s.ring()
	s.act()
	s.roll()
	s.move()
	s.echo()
	s.carry()
	s.finish()
	return out, nil
}

// verify checks all signatures, in parallel: nothing else depends on it.
func (s *Sim) verify(in []signed) {
	s.cfg.Parallel(len(in), func(i int) {
		x := &in[i]
		x.ok = s.cfg.Verify(x.Key, SigningBytes(s.cfg.World, x.Key, x.Seq, x.Payload), x.Sig[:])
	})
}

func (s *Sim) finish() {
	for i := range s.modules {
		if m := &s.modules[i]; !m.Ready && m.Err == "" && m.wanted == s.tick {
			s.out.Want = append(s.out.Want, m.Name)
		}
	}
	s.out.Hash = s.Hash()
	s.out = nil
}

func (s *Sim) find(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.things, id, func(t *Thing, id base.ID) int { return t.ID.Compare(id) })
}

func (s *Sim) thing(id base.ID) *Thing {
	if i, ok := s.find(id); ok {
		return s.things[i]
	}
	return nil
}

// put adds a thing or replaces the one with its id.
func (s *Sim) put(t *Thing) {
	t.derive()
	i, ok := s.find(t.ID)
	if ok {
		s.things[i] = t
		return
	}
	s.things = slices.Insert(s.things, i, t)
}

// takeOut takes a thing out of the sim's tables; its body is the shard's.
func (s *Sim) takeOut(t *Thing) {
	if i, ok := s.find(t.ID); ok {
		s.things = slices.Delete(s.things, i, i+1)
	}
}

// world position of a place relative to the site.
func (s *Sim) at(v spatial.Vec) spatial.Pos { return s.cfg.Site.Add(v) }

func (s *Sim) moduleIndex(name string) (int, bool) {
	return slices.BinarySearchFunc(s.modules, name, func(m module, n string) int { return cmp.Compare(m.Name, n) })
}

// want asks the driver for a thing's module, and its source where the rules
// need it, unless they are known.
func (s *Sim) want(t *Thing) {
	for _, name := range s.wants(t) {
		if _, known := s.moduleIndex(name); known {
			continue
		}
		if i, ok := s.moduleSlot(name); ok {
			s.modules = slices.Insert(s.modules, i, module{Name: name, wanted: s.tick})
		}
	}
}

// again asks once more for a module that could not be loaded, when somebody
// names it anew.
func (s *Sim) again(w SlotWrite) {
	name := w.Value.Lump
	switch w.Name {
	case SlotNext:
		if c := (&Thing{Slots: Slots{w}}).held(SlotNext); c != nil {
			for _, w := range c.Identity {
				s.again(w)
			}
		}
		return
	case SlotScript:
	case SlotSource:
		name = SourcePrefix + name
	default:
		return
	}
	if i, ok := s.moduleIndex(name); ok && s.modules[i].Err != "" {
		s.modules[i].Err, s.modules[i].wanted, s.modules[i].said = "", s.tick, nil
	}
}

// moduleSlot makes room for one more module and says where it belongs. When
// the table is full the one wanted longest ago goes that no thing here names
// and about which the driver has answered; when there is none it is false.
func (s *Sim) moduleSlot(name string) (int, bool) {
	if len(s.modules) >= MaxModules {
		used := map[string]bool{}
		for _, t := range s.things {
			for _, n := range s.wants(t) {
				used[n] = true
			}
		}
		old := -1
		for i := range s.modules {
			m := &s.modules[i]
			if !used[m.Name] && (m.Ready || m.Err != "") && (old < 0 || m.wanted < s.modules[old].wanted) {
				old = i
			}
		}
		if old < 0 {
			return 0, false
		}
		s.modules = slices.Delete(s.modules, old, old+1)
	}
	i, _ := s.moduleIndex(name)
	return i, true
}

package region

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
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
	ghosts     []*ghost    // sorted by id
	leaving    []leaving   // sorted by id: released, not yet confirmed
	neighbours []neighbour // sorted by id
	modules    []module    // sorted by name
	rules      Rules
	pending    []event // script events for the next tick
	echoes     []echo
	said       uint64 // lines sent over the border
	spawned    uint64
	bodies     uint64 // last body number

	hand  *handoff.Core
	world *physics.World

	// The rest lives within one Step.
	r      uint64 // the tick's key
	out    *Output
	cmds   []physics.Command
	adding map[uint64]physics.Body // bodies that the next physics step will hold
	todo   []event                 // events for this tick
	ready  []base.ID               // things the hand-off core wants released
	events []physics.Event
}

// module is a script the region knows of.
type module struct {
	Name  string
	Ready bool
	Err   string // why it cannot be loaded

	wanted base.Tick // since
}

type neighbour struct {
	Neighbour
	heard window // lines it sent

	words int // about bodies, in this tick
	lines int // in this tick
}

// New founds a region at tick 0.
func New(cfg Config) (*Sim, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	world, err := physics.New(cfg.physics())
	if err != nil {
		return nil, fmt.Errorf("region: new: %w", err)
	}
	hand, err := handoff.New(cfg.handoff())
	if err != nil {
		return nil, fmt.Errorf("region: new: %w", err)
	}
	return &Sim{cfg: cfg, world: world, hand: hand, adding: map[uint64]physics.Body{}}, nil
}

func (c *Config) physics() physics.Config {
	return physics.Config{Min: c.Min.Sub(c.Site), Max: c.Max.Sub(c.Site),
		MaxBodies: MaxThings + handoffSlack + MaxGhosts + maxDeparted}
}

func (c *Config) handoff() handoff.Config {
	return handoff.Config{Self: c.ID, Capacity: c.MaxThings, Slack: handoffSlack}
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
	s.out, s.tick = &out, b.Tick
	q, r := s.take(b)
	s.r = r
	out.Counts.Refused += q.bad
	s.verify(q.inputs)
	for i := range s.neighbours {
		s.neighbours[i].words, s.neighbours[i].lines = 0, 0
	}

	// The region's own parts first: what stands here, who the neighbours are,
	// what they hand over and what goes to them. Then the players, then every
	// actor, then physics. Nothing may follow physics that commands it: a
	// snapshot holds no commands.
	for i := range q.control {
		s.control(&q.control[i])
	}
	for _, e := range q.border {
		s.border(e.From, e.Body)
	}
	s.cross()
	s.todo, s.pending = s.pending, nil
	for i := range q.inputs {
		s.input(&q.inputs[i])
	}
	s.clockEvents()
	s.act()
	s.roll()
	if err := s.move(); err != nil {
		// Commands come from this package: a refused one is a bug, not an
		// input. The tick stands, the same everywhere.
		out.Counts.PhysicsRefused++
	}
	s.echo()
	s.tellGhosts()
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

// move advances physics by one tick and turns bumps into events.
func (s *Sim) move() error {
	events, err := s.world.Step(s.cmds, s.events[:0])
	clear(s.adding)
	for range Substeps - 1 {
		events, _ = s.world.Step(nil, events)
	}
	s.cmds, s.events = s.cmds[:0], events
	s.bumps(events)
	return err
}

func (s *Sim) finish() {
	s.perform() // what players who left took out of the hand-off core
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
	i, ok := s.find(t.ID)
	if ok {
		s.things[i] = t
		return
	}
	s.things = slices.Insert(s.things, i, t)
}

// body is the state of a thing's body; of a hollow one, its fixed pose.
func (s *Sim) body(t *Thing) physics.Body {
	if t.Hollow {
		return physics.Body{Pos: t.At, Rot: t.Turn}
	}
	if b, ok := s.world.Body(physics.BodyID(t.body)); ok {
		return b
	}
	return s.adding[t.body]
}

// addBody gives a body its number and adds it before the next physics step.
func (s *Sim) addBody(b physics.Body) uint64 {
	s.bodies++
	b.ID = physics.BodyID(s.bodies)
	b.Pos = s.inside(b.Pos, b.Shape.Half)
	b.Rot = b.Rot.Unit()
	b.Vel, b.Spin = b.Vel.Limit(physics.MaxSpeed), b.Spin.Limit(physics.MaxSpin)
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdAdd, Body: b})
	s.adding[s.bodies] = b
	return s.bodies
}

func (s *Sim) removeBody(n uint64) {
	if n == 0 {
		return
	}
	delete(s.adding, n)
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdRemove, ID: physics.BodyID(n)})
}

// inside moves a position into the world's box: physics refuses others.
func (s *Sim) inside(p, half spatial.Vec) spatial.Vec {
	lo, hi := s.cfg.Min.Sub(s.cfg.Site), s.cfg.Max.Sub(s.cfg.Site)
	clamp := func(v, lo, hi, half float32) float32 {
		if hi-lo <= 2*half {
			return min(max(v, lo), hi)
		}
		return min(max(v, lo+half), hi-half)
	}
	return spatial.Vec{X: clamp(p.X, lo.X, hi.X, half.X), Y: clamp(p.Y, lo.Y, hi.Y, half.Y), Z: clamp(p.Z, lo.Z, hi.Z, half.Z)}
}

// remove takes a thing out of the region for good.
func (s *Sim) remove(t *Thing) {
	s.hand.Drop(s.tick, t.ID)
	s.takeOut(t)
	s.out.Gone = append(s.out.Gone, t.ID)
}

func (s *Sim) takeOut(t *Thing) {
	if i, ok := s.find(t.ID); ok {
		s.things = slices.Delete(s.things, i, i+1)
	}
	s.removeBody(t.body)
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
		s.modules[i].Err, s.modules[i].wanted = "", s.tick
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

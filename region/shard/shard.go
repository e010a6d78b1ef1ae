package shard

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// Shard is the physics of one region. One goroutine at a time may use it.
type Shard struct {
	cfg   Config
	tick  base.Tick
	world *physics.World
	hand  *handoff.Core

	bodies []*body // sorted by id: owned ones and ghosts
	links  []*link // sorted by id of the neighbour
	forms  []form  // sorted by id: geometries that are not physics' alone

	// The rest lives within one tick, or follows from the above.
	named  map[physics.BodyID]*body
	cmds   []physics.Command
	added  map[physics.BodyID]physics.Body // what cmds will add
	out    *Output
	buf    []physics.Event
	graph  graph
	begun  pairOf
	reruns int    // body-steps that rerun may still make in this tick
	heard  []byte // the message that is heeded, for evidence
	walk   uint64 // number of the last walk over bodies
	pc     physics.Config
	held   map[physics.BodyID]bool // touch anything at all
	moored map[physics.BodyID]bool // joined to what nothing pushes

	roots    *rooting // nil until the first Root
	parallel func(n int, f func(i int))

	observe func(cmds []physics.Command, w *physics.World) // or nil
}

// body is one body of the world.
type body struct {
	ID    base.ID
	Epoch uint64
	num   physics.BodyID
	since base.Tick // owned here, or a ghost of this owner, since
	ghost *ghost    // nil: owned here
	early base.Tick // no offer before it crosses until then
	mixed base.Tick // touches what others own since; 0: does not
	mark  uint64    // of the walk that passed here last
	place int       // where it was last found in the world; no state
	want  det.Vec   // of its last CmdDrive
	grip  float32
}

// New makes an empty shard at tick 0.
func New(cfg Config) (*Shard, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	world, err := physics.New(cfg.Physics)
	if err != nil {
		return nil, fmt.Errorf("shard: new: %w", err)
	}
	s := &Shard{cfg: cfg, world: world, pc: world.Config(), parallel: inTurn}
	s.cfg.Hand.Sound, s.cfg.Hand.Needs, s.cfg.Hand.Has = s.sound, s.needs, s.has
	if s.hand, err = handoff.New(s.cfg.Hand); err != nil {
		return nil, fmt.Errorf("shard: new: %w", err)
	}
	s.index()
	return s, nil
}

// index makes what follows from the rest of the state.
func (s *Shard) index() {
	s.named = make(map[physics.BodyID]*body, len(s.bodies))
	s.added = map[physics.BodyID]physics.Body{}
	for _, b := range s.bodies {
		s.named[b.num] = b
	}
}

// Tick is the tick in progress, or the last one made.
func (s *Shard) Tick() base.Tick { return s.tick }

// World is the physics of the shard, to look at and to query. Its Step is not
// the caller's to call.
func (s *Shard) World() *physics.World { return s.world }

// Observe calls f with every step of physics from the next tick on: the
// commands it was given and the world after it. nil ends it. f must not change
// either. It is no part of the state.
func (s *Shard) Observe(f func(cmds []physics.Command, w *physics.World)) { s.observe = f }

// Hand is the hand-off core: to look at, and to let a body yield.
func (s *Shard) Hand() *handoff.Core { return s.hand }

// Name is the id of a body of World.
func (s *Shard) Name(n physics.BodyID) (base.ID, bool) {
	b, ok := s.named[n]
	if !ok {
		return base.ID{}, false
	}
	return b.ID, true
}

// Number is the body of World that is the one with this id, a ghost or not.
func (s *Shard) Number(id base.ID) (physics.BodyID, bool) {
	if b := s.find(id); b != nil {
		return b.num, true
	}
	return 0, false
}

// Body is the state of a body after the last step, ghost or not. Of one that
// was added in this tick it is the state it was given.
func (s *Shard) Body(id base.ID) (physics.Body, bool) {
	b := s.find(id)
	if b == nil {
		return physics.Body{}, false
	}
	return s.state(b), true
}

func (s *Shard) state(b *body) physics.Body {
	if p, ok := s.added[b.num]; ok {
		return p
	}
	p, _ := s.world.BodyNear(b.num, &b.place)
	return p
}

// GhostOf is the neighbour that owns a body which is a ghost here.
func (s *Shard) GhostOf(id base.ID) (owner base.ID, ok bool) {
	if b := s.find(id); b != nil && b.ghost != nil {
		return b.ghost.From, true
	}
	return base.ID{}, false
}

// Owns is the epoch at which the region owns a body.
func (s *Shard) Owns(id base.ID) (uint64, bool) { return s.hand.Owns(id) }

// View is a body as a debugger sees it.
type View struct {
	ID    base.ID
	Epoch uint64
	Owner base.ID
	Ghost bool
	Wall  bool // a ghost whose owner has not been heard for too long
	Lag   base.Tick
	Body  physics.Body
}

// Each calls f with every body in id order until f returns false.
func (s *Shard) Each(f func(View) bool) {
	for _, b := range s.bodies {
		v := View{ID: b.ID, Epoch: b.Epoch, Owner: s.cfg.ID, Body: s.state(b)}
		if g := b.ghost; g != nil {
			v.Ghost, v.Owner, v.Wall = true, g.From, g.Wall
			v.Lag = s.tick - min(s.tick, g.Heard)
		}
		if !f(v) {
			return
		}
	}
}

func (s *Shard) at(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.bodies, id, func(b *body, id base.ID) int { return b.ID.Compare(id) })
}

func (s *Shard) find(id base.ID) *body {
	if b := s.named[number(id)]; b != nil && b.ID == id {
		return b
	} // another has its number, or it is not here
	if i, ok := s.at(id); ok {
		return s.bodies[i]
	}
	return nil
}

// insert puts a body into the world before the next step. The id must be free.
// Its number follows from its id, so that two regions that see the same bodies
// solve their contacts in the same order; where two ids give the same number
// the next free one is taken.
func (s *Shard) insert(b *body, p physics.Body) {
	b.num = number(b.ID)
	for s.named[b.num] != nil || b.num == physics.Ground {
		b.num++
	}
	p.ID = b.num
	i, _ := s.at(b.ID)
	s.bodies = slices.Insert(s.bodies, i, b)
	s.named[b.num] = b
	s.added[b.num] = p
	s.introduce(&p)
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdAdd, Body: p})
}

// number folds an id to the 64 bits that order it in physics.
func number(id base.ID) physics.BodyID {
	hi, lo := uint64(0), uint64(0)
	for i := range 8 {
		hi, lo = hi<<8|uint64(id[i]), lo<<8|uint64(id[8+i])
	}
	return physics.BodyID(hi ^ lo)
}

// remove takes a body out of the world.
func (s *Shard) remove(b *body) {
	i, ok := s.at(b.ID)
	if !ok {
		return
	}
	s.bodies = slices.Delete(s.bodies, i, i+1)
	delete(s.named, b.num)
	if _, ok := s.added[b.num]; ok {
		// It was never there: what came before is about another life of it.
		delete(s.added, b.num)
		from := slices.IndexFunc(s.cmds, func(c physics.Command) bool { return c.Kind == physics.CmdAdd && c.Body.ID == b.num })
		rest := slices.DeleteFunc(s.cmds[from:], func(c physics.Command) bool {
			return c.ID == b.num || c.Kind == physics.CmdAdd && c.Body.ID == b.num
		})
		s.cmds = s.cmds[:from+len(rest)]
		return
	}
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdRemove, ID: b.num})
}

// set gives a body another motion before the next step.
func (s *Shard) set(b *body, m moment) {
	if p, ok := s.added[b.num]; ok {
		p.Pos, p.Rot, p.Vel, p.Spin = m.Pos, m.Rot, m.Vel, m.Spin
		s.added[b.num] = p
		for i := range s.cmds {
			if c := &s.cmds[i]; c.Kind == physics.CmdAdd && c.Body.ID == b.num {
				c.Body = p
			}
		}
		return
	}
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdSet, ID: b.num,
		Body: physics.Body{Pos: m.Pos, Rot: m.Rot, Vel: m.Vel, Spin: m.Spin}})
}

// Do takes one input of the main sim. The error is for the caller: an input
// that is refused changes nothing.
func (s *Shard) Do(in Input) error {
	switch in.Kind {
	case InSpawn, InHold:
		return s.spawn(in)
	case InRemove:
		if _, ok := s.hand.Owns(in.ID); !ok {
			return fmt.Errorf("shard: remove %v: %w", in.ID, ErrUnknown)
		}
		s.hand.Drop(s.tick, in.ID)
		if b := s.find(in.ID); b != nil {
			s.remove(b)
		}
		return nil
	case InCommand:
		return s.command(in)
	case InNeighbours:
		return s.neighbours(in.Neighbours)
	}
	return fmt.Errorf("shard: %w: kind %d", ErrInput, in.Kind)
}

func (s *Shard) spawn(in Input) error {
	p := in.Body
	p.Flags &^= physics.Ghost
	if in.Kind == InSpawn && s.world.Len()+len(s.added) >= s.world.Config().MaxBodies {
		return fmt.Errorf("shard: spawn %v: %w", in.ID, ErrFull)
	}
	if in.Kind == InSpawn && !immovable(&p) && !s.bearable(&p) {
		return fmt.Errorf("shard: spawn %v: %w: %g kg, %v m", in.ID, ErrInput, p.Mass, p.Shape.Half)
	}
	if old := s.find(in.ID); old != nil && (old.ghost == nil || old.Epoch >= in.Epoch) {
		return fmt.Errorf("shard: spawn %v: %w: it is here at epoch %d", in.ID, handoff.ErrStale, old.Epoch)
	}
	if s.hand.Free() <= 0 {
		return fmt.Errorf("shard: spawn %v: %w", in.ID, ErrFull)
	}
	if err := s.hand.Own(in.ID, in.Epoch); err != nil {
		return err
	}
	if old := s.find(in.ID); old != nil {
		s.remove(old)
	}
	if in.Kind == InSpawn {
		s.insert(&body{ID: in.ID, Epoch: in.Epoch, since: s.tick}, p)
	}
	return nil
}

func (s *Shard) command(in Input) error {
	switch in.Command.Kind {
	case physics.CmdGeometry, physics.CmdField, physics.CmdUnfield: // of the whole world
		s.own(in.Command.Geometry)
		s.cmds = append(s.cmds, in.Command)
		return nil
	}
	b := s.find(in.ID)
	if b == nil || b.ghost != nil {
		return fmt.Errorf("shard: command %d: %v: %w", in.Command.Kind, in.ID, ErrUnknown)
	}
	c := in.Command
	switch c.Kind {
	case physics.CmdAdd, physics.CmdRemove, physics.CmdOwn:
		return fmt.Errorf("shard: command %d: %w", c.Kind, ErrInput)
	}
	c.ID = b.num
	if c.Joint != nil {
		j := *c.Joint
		if c.Kind == physics.CmdJoint {
			var err error
			if j.A, j.B, err = s.ends(b, in.Other); err != nil {
				return err
			}
			if old, ok := s.world.Joint(j.ID); ok && s.foreign(nil, &old) {
				s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: j.ID}})
			}
		} else if old, ok := s.world.Joint(j.ID); !ok || old.A != b.num && old.B != b.num {
			return fmt.Errorf("shard: command %d: %w: joint %d is not one of %v", c.Kind, ErrInput, j.ID, in.ID)
		}
		c.Joint = &j
	}
	if c.Kind == physics.CmdDrive {
		b.want, b.grip = det.Vec{X: c.Vec.X, Z: c.Vec.Z}, c.F
	}
	s.cmds = append(s.cmds, c)
	return nil
}

// ends are the bodies of a joint: b and the owned body other, or the ground.
func (s *Shard) ends(b *body, other base.ID) (physics.BodyID, physics.BodyID, error) {
	if other.IsZero() {
		return b.num, physics.Ground, nil
	}
	o := s.find(other)
	if o == nil || o.ghost != nil {
		return 0, 0, fmt.Errorf("shard: joint of %v and %v: %w", b.ID, other, ErrUnknown)
	}
	return b.num, o.num, nil
}

// neighbours replaces the table. A link that stays keeps what it knows.
func (s *Shard) neighbours(table []Neighbour) error {
	if len(table) > maxNeighbours {
		return fmt.Errorf("shard: neighbours: %w: %d, at most %d", ErrInput, len(table), maxNeighbours)
	}
	for i, n := range table {
		twice := slices.ContainsFunc(table[:i], func(o Neighbour) bool { return o.ID == n.ID })
		if n.ID.IsZero() || n.ID == s.cfg.ID || !n.Site.Valid() || n.Site == s.cfg.Site || twice {
			return fmt.Errorf("shard: neighbours: %w: %v at %v", ErrInput, n.ID, n.Site)
		}
	}
	var links []*link
	for _, n := range table {
		l := s.link(n.ID)
		if l == nil || l.Site != n.Site {
			if l != nil {
				s.forget(l)
			}
			l = s.newLink(n)
		}
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b *link) int { return a.ID.Compare(b.ID) })
	for _, l := range s.links {
		if !slices.ContainsFunc(table, func(n Neighbour) bool { return n.ID == l.ID }) {
			s.forget(l)
		}
	}
	s.links = links
	return nil
}

// link is the link to a neighbour, or nil.
func (s *Shard) link(id base.ID) *link {
	i, ok := slices.BinarySearchFunc(s.links, id, func(l *link, id base.ID) int { return l.ID.Compare(id) })
	if !ok {
		return nil
	}
	return s.links[i]
}

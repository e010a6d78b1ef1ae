package region

import (
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// control carries out one control entry. The driver has checked its form; one
// that cannot be done is refused and counted.
func (s *Sim) control(x *Entry) {
	s.out.Sync = true
	c, err := ParseControl(x.Body)
	if err != nil || !s.obey(&c, x.Seq, x.From) {
		s.out.Counts.Refused++
		s.out.Failed = append(s.out.Failed, x.Seq)
	} else if c.Kind == ControlAnswer {
		s.out.Answered = append(s.out.Answered, Answered{c.Answer.ID, x.From})
	}
}

// obey does what an entry asks for; seq is its number within the batch, from
// whose it is.
func (s *Sim) obey(c *ControlEntry, seq uint64, from base.ID) bool {
	switch c.Kind {
	case ControlCreate:
		return s.create(&c.Thing)
	case ControlRemove:
		t := s.thing(c.ID)
		if t == nil || t.avatar() {
			return false
		}
		s.remove(t)
	case ControlNeighbours:
		s.setNeighbours(c.Neighbours)
	case ControlModule:
		if s.joint {
			return false // no server speaks for the others
		}
		i, ok := s.moduleIndex(c.Module)
		if !ok {
			if i, ok = s.moduleSlot(c.Module); !ok {
				return false
			}
			s.modules = slices.Insert(s.modules, i, module{Name: c.Module})
		}
		s.modules[i].Ready, s.modules[i].Err, s.modules[i].said = c.Text == "", c.Text, nil
	case ControlAway:
		s.away(c.Player)
	case ControlSet:
		t := s.thing(c.ID)
		if t == nil {
			return false
		}
		slots, err := t.Slots.With(c.Slot)
		if err != nil {
			return false
		}
		n := *t
		n.Slots = slots
		s.put(&n)
		s.want(&n)
		s.again(c.Slot)
		s.out.Slots = append(s.out.Slots, SlotChange{n.ID, c.Slot})
	case ControlRules:
		return s.setRules(c.Rules)
	case ControlTie:
		return s.tie(&c.Tie, s.jointID())
	case ControlUntie:
		return s.untie(c.Tie.A, c.Tie.B) > 0
	case ControlUndo:
		// Not from a server alone: acts of admins have no number of a batch.
		return seq == 0 && s.undo(c.Undo)
	case ControlOrigin:
		return s.begin(c.Origins)
	case ControlRaise:
		return s.raise(c.Life)
	case ControlLaw:
		return s.lawEntry(c.Law, seq)
	case ControlAccess:
		return s.accessEntry(c.Access, seq)
	case ControlStore:
		s.setStore(c.Store)
	case ControlAnswer:
		return s.answered(c.Answer)
	case ControlTerms:
		return s.setTerms(c.Terms)
	case ControlCharge:
		return s.convict(c.Charge)
	case ControlHave:
		return seq != 0 && s.have(c, from)
	}
	return true
}

// raise begins a later life of the region: docs/protocol/handoff.md, section 5.
func (s *Sim) raise(life uint64) bool {
	var ids []base.ID
	for i := range s.neighbours {
		ids = append(ids, s.neighbours[i].ID)
	}
	return s.shard.Hand().Raise(s.tick, life, ids...) == nil
}

// create makes a thing. Its id comes from the log: the region, the tick and
// how many were made before.
func (s *Sim) create(spec *ThingSpec) bool { return s.make(spec) != nil }

func (s *Sim) make(spec *ThingSpec) *Thing {
	s.spawned++
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(s.tick))
	binary.LittleEndian.PutUint64(n[8:], s.spawned)
	id := base.DeriveID("thing", s.cfg.ID[:], n[:])
	if life := s.shard.Hand().Life(); life > 1 {
		// The part of the log that is lost may have made things in this very
		// tick, which are elsewhere now.
		var l [8]byte
		binary.LittleEndian.PutUint64(l[:], life)
		id = base.DeriveID("thing", s.cfg.ID[:], n[:], l[:])
	}
	return s.makeAs(id, 1, spec)
}

// makeAs makes a thing with an id of its own; nil when there is a later life of
// it, or no room.
func (s *Sim) makeAs(id base.ID, epoch uint64, spec *ThingSpec) *Thing {
	t := &Thing{ID: id, Epoch: epoch, Kind: spec.Kind, Name: spec.Name, Owner: spec.Owner, Shape: spec.Shape, Size: spec.Size,
		Color: spec.Color, Fixed: spec.Fixed, Hollow: spec.Hollow, Slots: spec.Slots, Since: s.tick}
	if t.Shape == Sphere {
		t.Size.Y, t.Size.Z = t.Size.X, t.Size.X
	}
	if t.Hollow {
		t.At, t.Turn = s.inside(spec.Pos, spatial.Vec{}), spec.Rot.Unit()
	}
	if s.spawn(t, t.solid(spec)) != nil {
		return nil
	}
	s.put(t)
	s.want(t)
	for _, w := range t.Slots {
		s.out.Slots = append(s.out.Slots, SlotChange{id, w})
	}
	return t
}

// shape is what physics is told of the thing's shape.
func (t *Thing) shape() physics.Shape {
	return physics.Shape{Kind: physics.ShapeKind(t.Shape), Half: t.Size.Scale(0.5)}
}

// solid is the body of a thing that is not an avatar. A mass of zero is that
// of light wood of its size, a friction of zero that of wood on stone.
func (t *Thing) solid(spec *ThingSpec) physics.Body {
	b := physics.Body{Shape: t.shape(),
		Pos: spec.Pos, Rot: spec.Rot, Mass: spec.Mass, Friction: spec.Friction, Restitution: spec.Restitution}
	if t.Fixed {
		b.Flags |= physics.Static
	}
	if b.Mass == 0 {
		b.Mass = float32(float32(float32(t.Size.X*t.Size.Y)*t.Size.Z) * 300)
	}
	b.Mass = min(max(b.Mass, 0.05), 1e5)
	if b.Friction == 0 {
		b.Friction = 0.6
	}
	return b
}

// Beside is what a region makes of a list of neighbours that it is told: in the
// order of ids, each once, without itself.
func (c *Config) Beside(list []Neighbour) []Neighbour {
	next := slices.DeleteFunc(slices.Clone(list), func(n Neighbour) bool { return n.ID == c.ID || n.Site == c.Site || n.ID.IsZero() })
	slices.SortStableFunc(next, func(a, b Neighbour) int { return a.ID.Compare(b.ID) })
	return slices.CompactFunc(next, func(a, b Neighbour) bool { return a.ID == b.ID })
}

// setNeighbours replaces the list; what was heard of those who stay is kept.
func (s *Sim) setNeighbours(list []Neighbour) {
	var next []neighbour
	for _, n := range s.cfg.Beside(list) {
		x := neighbour{Neighbour: n}
		if i, ok := s.findNeighbour(n.ID); ok {
			x.heard = s.neighbours[i].heard
		}
		next = append(next, x)
	}
	s.neighbours = next
	table := make([]shard.Neighbour, len(s.neighbours))
	for i := range s.neighbours {
		table[i] = shard.Neighbour{ID: s.neighbours[i].ID, Site: s.neighbours[i].Site}
	}
	s.do(shard.Input{Kind: shard.InNeighbours, Neighbours: table})
}

func (s *Sim) findNeighbour(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.neighbours, id, func(n neighbour, id base.ID) int { return n.ID.Compare(id) })
}

package region

import (
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// control carries out one control entry. The driver has checked its form; one
// that cannot be done is refused and counted.
func (s *Sim) control(x *Entry) {
	s.out.Sync = true
	c, err := ParseControl(x.Body)
	if err != nil || !s.obey(&c) {
		s.out.Counts.Refused++
		s.out.Failed = append(s.out.Failed, x.Seq)
	}
}

func (s *Sim) obey(c *ControlEntry) bool {
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
		i, ok := s.moduleIndex(c.Module)
		if !ok {
			if i, ok = s.moduleSlot(c.Module); !ok {
				return false
			}
			s.modules = slices.Insert(s.modules, i, module{Name: c.Module})
		}
		s.modules[i].Ready, s.modules[i].Err = c.Text == "", c.Text
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
	}
	return true
}

// create makes a thing. Its id comes from the log: the region, the tick and
// how many were made before.
func (s *Sim) create(spec *ThingSpec) bool {
	s.spawned++
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(s.tick))
	binary.LittleEndian.PutUint64(n[8:], s.spawned)
	id := base.DeriveID("thing", s.cfg.ID[:], n[:])
	if s.hand.Room() <= 0 || s.hand.Own(id, 1) != nil {
		return false
	}
	t := &Thing{ID: id, Epoch: 1, Kind: spec.Kind, Name: spec.Name, Owner: spec.Owner, Shape: spec.Shape, Size: spec.Size,
		Color: spec.Color, Fixed: spec.Fixed, Hollow: spec.Hollow, Slots: spec.Slots, Since: s.tick}
	if t.Shape == Sphere {
		t.Size.Y, t.Size.Z = t.Size.X, t.Size.X
	}
	if t.Hollow {
		t.At, t.Turn = s.inside(spec.Pos, spatial.Vec{}), spec.Rot.Unit()
	} else {
		t.body = s.addBody(t.solid(Motion{Pos: spec.Pos, Rot: spec.Rot}, spec.Mass, spec.Friction, spec.Restitution))
	}
	s.put(t)
	s.want(t)
	for _, w := range t.Slots {
		s.out.Slots = append(s.out.Slots, SlotChange{id, w})
	}
	return true
}

// solid is the body of a thing that is not an avatar. A mass of zero is that
// of light wood of its size, a friction of zero that of wood on stone.
func (t *Thing) solid(m Motion, mass, friction, restitution float32) physics.Body {
	b := physics.Body{Shape: physics.Shape{Kind: physics.ShapeKind(t.Shape), Half: t.Size.Scale(0.5)},
		Pos: m.Pos, Rot: m.Rot, Vel: m.Vel, Spin: m.Spin, Mass: mass, Friction: friction, Restitution: restitution}
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

// setNeighbours replaces the list; what was heard of those who stay is kept.
func (s *Sim) setNeighbours(list []Neighbour) {
	var next []neighbour
	for _, n := range list {
		if n.ID == s.cfg.ID || n.Site == s.cfg.Site || n.ID.IsZero() {
			continue
		}
		x := neighbour{Neighbour: n}
		if i, ok := s.findNeighbour(n.ID); ok {
			x.heard = s.neighbours[i].heard
		}
		next = append(next, x)
	}
	slices.SortFunc(next, func(a, b neighbour) int { return a.ID.Compare(b.ID) })
	s.neighbours = slices.CompactFunc(next, func(a, b neighbour) bool { return a.ID == b.ID })
}

func (s *Sim) findNeighbour(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.neighbours, id, func(n neighbour, id base.ID) int { return n.ID.Compare(id) })
}

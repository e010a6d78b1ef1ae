package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// ghost is a body that a neighbour owns. It has its real mass and moves by
// physics between two words of its owner: an immovable ghost would give every
// ball that hits it twice its energy.
type ghost struct {
	ID    base.ID
	From  base.ID // region that owns it
	Epoch uint64
	Shape Shape
	Size  spatial.Vec
	Fixed bool
	body  uint64
	seen  base.Tick // last word
	hold  base.Tick // no word counts before
}

func (s *Sim) findGhost(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.ghosts, id, func(g *ghost, id base.ID) int { return g.ID.Compare(id) })
}

// border takes one message of a neighbour.
func (s *Sim) border(from base.ID, body []byte) {
	i, ok := s.findNeighbour(from)
	if !ok {
		s.out.Counts.BorderBad++
		return
	}
	m, err := ParseBorder(body)
	if err != nil {
		s.out.Counts.BorderBad++
		return
	}
	n := &s.neighbours[i]
	switch m.Kind {
	case BorderGhosts:
		for k := range m.Ghosts {
			s.ghost(n, &m.Ghosts[k])
		}
	case BorderHandoff:
		if m.To != s.cfg.ID {
			return // for another neighbour on the same topic
		}
		if m.Handoff.Kind == handoff.Release && !s.sound(&m.Handoff) {
			// Before the core commits to it: what it has accepted must be here.
			s.out.Counts.BorderBad++
			return
		}
		if err := s.hand.Handle(s.tick, from, m.Handoff); err != nil {
			s.out.Counts.BorderBad++
			return
		}
		s.perform()
	case BorderSaid:
		// Only what is said near the neighbour's side: it does not put words
		// into the middle of this region.
		if n.lines >= borderLines || s.plane(i).Distance(m.Line.Pos) < -GhostBand {
			s.out.Counts.EventsDropped++
			return
		}
		if n.heard.fresh(m.N) {
			n.lines++
			s.hear(from, m.Line)
		}
	}
}

// ghost takes a neighbour's word about one body.
func (s *Sim) ghost(n *neighbour, g *Ghost) {
	if s.thing(g.ID) != nil || g.Epoch < s.hand.Known(g.ID) {
		return // mine, or an old owner's word
	}
	m := s.shift(g.Body, n.Site)
	if n.words++; n.words > maxGhostWords || !s.nearby(n, s.at(m.Pos), g) {
		s.out.Counts.EventsDropped++
		return
	}
	i, ok := s.findGhost(g.ID)
	if ok {
		old := s.ghosts[i]
		switch {
		case g.Epoch < old.Epoch:
			return
		case g.Epoch == old.Epoch && n.ID != old.From:
			return // one epoch has one owner, and the word of another does not count
		case g.Shape != old.Shape || g.Size != old.Size || g.Fixed != old.Fixed:
			s.dropGhost(i)
			ok = false
		}
	}
	if !g.Fixed {
		// The word is about a tick old when it gets here.
		m.Pos = m.Pos.Add(m.Vel.Scale(1.0 / TickRate))
	}
	s.out.Counts.GhostIn++
	if ok {
		old := s.ghosts[i]
		old.seen, old.Epoch, old.From = s.tick, g.Epoch, n.ID
		if s.tick < old.hold {
			return
		}
		half := old.Size.Scale(0.5)
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdSet, ID: physics.BodyID(old.body), Body: physics.Body{
			Pos: s.inside(m.Pos, half), Rot: m.Rot.Unit(), Vel: m.Vel.Limit(physics.MaxSpeed), Spin: m.Spin.Limit(physics.MaxSpin)}})
		return
	}
	if len(s.ghosts) >= MaxGhosts {
		s.out.Counts.EventsDropped++
		return
	}
	t := Thing{Shape: g.Shape, Size: g.Size, Fixed: g.Fixed}
	b := t.solid(m, g.Mass, g.Grip, g.Bounce)
	if g.Upright {
		b.Flags |= physics.Upright
	}
	s.addGhost(&ghost{ID: g.ID, From: n.ID, Epoch: g.Epoch, Shape: g.Shape, Size: g.Size, Fixed: g.Fixed}, b)
}

// nearby reports whether a neighbour may speak of a body: it stands on the
// neighbour's side, give or take what it crosses during a hand-off, and does
// not reach far over the border.
func (s *Sim) nearby(n *neighbour, p spatial.Pos, g *Ghost) bool {
	i, _ := s.findNeighbour(n.ID)
	beyond := s.plane(i).Distance(p)
	half := g.Size.Scale(0.5)
	reach := half.Len()
	if g.Shape == Sphere {
		reach = half.X
	}
	return beyond >= -ghostStray && float64(reach)-beyond <= ghostReach
}

func (s *Sim) addGhost(g *ghost, b physics.Body) {
	b.Flags |= physics.Ghost
	g.body, g.seen = s.addBody(b), s.tick
	i, _ := s.findGhost(g.ID)
	s.ghosts = slices.Insert(s.ghosts, i, g)
}

func (s *Sim) dropGhost(i int) {
	s.removeBody(s.ghosts[i].body)
	s.ghosts = slices.Delete(s.ghosts, i, i+1)
}

func (s *Sim) forgetGhost(id base.ID) {
	if i, ok := s.findGhost(id); ok {
		s.dropGhost(i)
	}
}

// shift gives a motion relative to another site in this region's coordinates.
func (s *Sim) shift(m Motion, site spatial.Pos) Motion {
	m.Pos = m.Pos.Add(site.Sub(s.cfg.Site))
	return m
}

// tellGhosts tells the neighbours what is near their borders.
func (s *Sim) tellGhosts() {
	if len(s.neighbours) == 0 || s.tick%ghostEvery != 0 {
		return
	}
	still := s.tick%ghostStill == 0
	var list []Ghost
	flush := func() {
		if len(list) > 0 {
			s.publish(BorderMessage{Kind: BorderGhosts, Ghosts: list}, false)
			list = nil
		}
	}
	for _, t := range s.things {
		if t.Hollow || (!still && (t.Fixed || s.world.Resting(physics.BodyID(t.body)))) {
			continue
		}
		b := s.body(t)
		if !s.nearBorder(s.at(b.Pos)) {
			continue
		}
		mass := b.Mass
		if t.Fixed {
			mass = 1 // does not count, but must be within bounds
		}
		list = append(list, Ghost{ID: t.ID, Epoch: t.Epoch, Shape: t.Shape, Size: t.Size, Fixed: t.Fixed, Upright: t.avatar(),
			Body: Motion{b.Pos, b.Rot, b.Vel, b.Spin}, Mass: mass, Grip: b.Friction, Bounce: b.Restitution})
		if len(list) == maxBorderRefs {
			flush()
		}
	}
	flush()
}

func (s *Sim) nearBorder(p spatial.Pos) bool {
	for i := range s.neighbours {
		if s.border2(i, p) <= GhostBand {
			return true
		}
	}
	return false
}

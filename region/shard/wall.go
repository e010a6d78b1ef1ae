package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// silence ends what a neighbour that is not heard any more has left here: its
// moving ghosts become walls, then they vanish. Both are counted in ticks of
// this region, so every replica does it at once. What never moves stays longer:
// it is the floor of what has crossed and that nobody over there takes.
func (s *Shard) silence() {
	leaving := map[base.ID]int{}
	stays := func(l *link, id base.ID) bool {
		if !s.hand.Leaving(l.ID, id) {
			return false
		}
		if leaving[l.ID] == 0 {
			leaving[l.ID] = s.leaving(l.ID)
		}
		// Who never accepts what it is given does not fill this region with it.
		return leaving[l.ID] <= MaxGhosts
	}
	for _, b := range slices.Clone(s.bodies) {
		g := b.ghost
		if g == nil {
			continue
		}
		l := s.link(g.From)
		if l == nil {
			s.remove(b)
			continue
		}
		quiet := s.tick - min(s.tick, max(l.clock.At, b.since))
		switch {
		case quiet > s.span(fixedAfter), quiet > s.span(vanishAfter) && !g.Fixed,
			g.Handle == 0 && s.tick > b.since+s.span(vanishAfter) && !stays(l, b.ID):
			// The last: it was released from here, and its new owner has it
			// and has never told of it, for it is out of reach.
			s.remove(b)
			l.known = slices.DeleteFunc(l.known, func(k known) bool { return k.ID == b.ID })
		case quiet > s.span(wallAfter):
			s.wall(b)
		default:
			s.restore(l, b)
		}
	}
}

// leaving is how many ghosts of a region there are of which it never told.
func (s *Shard) leaving(to base.ID) (n int) {
	for _, b := range s.bodies {
		if b.ghost != nil && b.ghost.From == to && b.ghost.Handle == 0 {
			n++
		}
	}
	return n
}

// restore puts a ghost back that its owner says lies still, when it was moved
// here and the owner, who would know of whatever moved it, has been silent
// about it since then for long enough to have said so.
func (s *Shard) restore(l *link, b *body) {
	g := b.ghost
	i, ok := l.knownAt(g.Handle)
	if g.Fixed || g.Led || g.Wall || !ok || l.known[i].ID != b.ID {
		return
	}
	k := &l.known[i]
	if k.Said.Flags&atRest == 0 {
		g.Off = 0
		return
	}
	m := k.Said.moment(s.tick - 1).shifted(l.shift)
	p := s.state(b)
	is := momentOf(s.tick-1, &p)
	c := m.minus(&is)
	if c.pos.Len2() <= tremblePlace*tremblePlace && (det.Vec{X: c.turn.X, Y: c.turn.Y, Z: c.turn.Z}).Len2() <= trembleTurn*trembleTurn {
		g.Off = 0
		return
	}
	if g.Off == 0 {
		g.Off = s.tick
	}
	if s.tick <= max(k.At, g.Off)+s.span(restoreAfter) {
		return
	}
	g.past, g.Off, g.Slept = nil, 0, s.tick
	s.set(b, m.within(s.physics()))
	s.out.Counts.Corrected++
}

// wall makes a ghost immovable where it is.
func (s *Shard) wall(b *body) {
	g := b.ghost
	if g.Wall || g.Fixed || g.Led {
		return
	}
	p := s.state(b)
	s.remove(b)
	p.Flags |= physics.Static
	p.Vel, p.Spin = spatial.Vec{}, spatial.Vec{}
	g.Wall, g.past = true, nil
	s.insert(b, p)
}

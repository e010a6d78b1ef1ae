package shard

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial/det"
)

// ghost is what is known here about a body that a neighbour owns.
type ghost struct {
	From    base.ID
	Handle  uint64    // the owner's name for it on the link; 0: not told yet
	Heard   base.Tick // tick, of this region, of the newest word that counts
	Touched base.Tick // last touch with an owned body, for Method Hold
	Slept   base.Tick // since when it sleeps, if it does: before, it was elsewhere
	Off     base.Tick // since when it is not where its owner says it rests; 0: it is
	Wall    bool      // immovable: its owner was not heard for too long
	Fixed   bool      // never moves
	Led     bool      // moves by its owner's word alone, nothing pushes it
	// faces are the directions of its contacts in the last step it took, at
	// most three.
	faces []det.Vec
	set   setting
	faced base.Tick // in which they were noted; this follows from the rest
	// past is the motion at the end of each tick from Heard on, oldest first:
	// what the owner's next words are compared with. It is empty while the
	// ghost sleeps: it was then, from Slept on, what it is.
	past []moment
}

// setting is the last change of a ghost by its owner's word.
type setting struct {
	tick     base.Tick // the world was as this one left it
	pos, vel float32   // how much, m and m/s
}

// explains reports whether a difference at a tick before the change may be of
// the change itself: friction and drives, which take a speed away, were left
// out when the past was changed with the present. Without this a ghost would
// be set to and fro for ever. What is new is larger, or lasts.
func (x *setting) explains(c *change) bool {
	return c.pos.Len() <= float32(1.5*x.pos)+tremblePlace && c.vel.Len() <= float32(1.5*x.vel)+trembleSpeed/2
}

// history bounds ghost.past: older ticks than these cannot be compared.
const history = 32

// record notes where ghosts are at the end of the tick.
func (s *Shard) record() {
	for _, b := range s.bodies {
		g := b.ghost
		if g == nil || g.Fixed || g.Led || g.Wall {
			continue
		}
		if s.world.Resting(b.num) {
			if g.past != nil {
				g.past, g.Slept = nil, s.tick
			}
			continue
		}
		if g.faced != s.tick {
			g.faces = nil
		}
		p, _ := s.world.Body(b.num)
		if len(g.past) == history {
			g.past = slices.Delete(g.past, 0, 1)
		}
		g.past = append(g.past, momentOf(s.tick, &p))
	}
}

// then is what the ghost was here at the end of a tick; ok is false when that
// is not known any more, or was never.
func (s *Shard) then(b *body, tick base.Tick) (m moment, ok bool) {
	g := b.ghost
	if i, found := slices.BinarySearchFunc(g.past, tick, func(m moment, t base.Tick) int { return cmp.Compare(m.Tick, t) }); found {
		return g.past[i], true
	}
	if len(g.past) > 0 || tick < b.since || tick < g.Slept {
		return moment{}, false
	}
	p := s.state(b)
	return momentOf(tick, &p), true
}

// follow takes the owner's word m, of tick m.Tick, about a ghost: rest says
// that the body lies still. It reports whether the ghost was changed.
func (s *Shard) follow(b *body, m moment, rest, free bool) bool {
	g := b.ghost
	now := s.tick - 1 // the world is as the last tick left it
	if s.cfg.Method&Compare == 0 {
		if s.cfg.Method&Hold != 0 && m.Tick < g.Touched {
			return false
		}
		g.Heard = m.Tick
		s.set(b, m.flown(s.physics(), int(now-m.Tick)*s.cfg.Steps, free && !rest).within(s.physics()))
		return true
	}
	was, ok := s.then(b, m.Tick)
	if !ok {
		return false
	}
	g.Heard = m.Tick
	c := m.minus(&was)
	p := s.state(b)
	c.rest(g.faces, p.Shape.Kind == physics.Sphere)
	if b.grip > 0 {
		c.walk(float32(b.grip * s.seconds(now-m.Tick)))
	}
	far := c.pos.Len2() > farOff*farOff
	if c.none() || !rest && m.Tick < g.set.tick && g.set.explains(&c) {
		s.trim(g)
		return false
	}
	if !s.afford(b, float32(p.Mass*c.vel.Len())) {
		s.trim(g)
		return false
	}
	is := momentOf(now, &p)
	switch {
	case rest:
		is = m
		is.Tick = now
		g.past = nil
	case far:
		is = m.flown(s.physics(), int(now-m.Tick)*s.cfg.Steps, free)
		is.Tick = now
		g.past = nil
	default:
		s.trim(g)
		for i := range g.past {
			e := &g.past[i]
			*e = e.plus(&c, s.seconds(e.Tick-m.Tick))
		}
		is = is.plus(&c, s.seconds(now-m.Tick))
	}
	is = is.within(s.physics())
	if n := len(g.past); n > 0 && g.past[n-1].Tick == now {
		g.past[n-1] = is
	} else {
		g.past = append(g.past, is)
	}
	g.set = setting{now, c.pos.Len(), c.vel.Len()}
	s.set(b, is)
	return true
}

// trim forgets what came before the newest word: older words do not count.
func (s *Shard) trim(g *ghost) {
	n := 0
	for n < len(g.past) && g.past[n].Tick < g.Heard {
		n++
	}
	g.past = slices.Delete(g.past, 0, n)
}

// span is n ticks of a region, of three steps each, in ticks of this shard.
func (s *Shard) span(n base.Tick) base.Tick {
	return (3*n + base.Tick(s.cfg.Steps) - 1) / base.Tick(s.cfg.Steps)
}

// seconds is how long n ticks last.
func (s *Shard) seconds(n base.Tick) float32 {
	c := s.physics()
	return float32(float32(int64(n)*int64(s.cfg.Steps)) * c.Dt)
}

func (s *Shard) physics() *physics.Config { return &s.pc }

// speed is the length of a body's velocity.
func speed(p *physics.Body) float32 { return det.Vec(p.Vel).Len() }

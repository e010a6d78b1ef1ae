package server

import (
	"maps"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
)

// lookers are the streams that want the physics around their eye. Only so
// many get it: each costs the sim's goroutine a walk over the bodies.
const maxLookers = 8

// setLook takes a client's wish. One too many is silently not served: it is
// for debugging, and its client shows that nothing comes.
func (s *Server) setLook(c *client, m *wire.Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, on := s.lookers[c]
	switch {
	case m.Rate == 0:
		delete(s.lookers, c)
		c.shard.Store(nil)
	case on || len(s.lookers) < maxLookers:
		s.lookers[c] = *m
	}
}

// showShards makes what the lookers are due, on the sim's goroutine.
func (s *Server) showShards(now base.Tick) {
	s.mu.Lock()
	lookers := maps.Clone(s.lookers)
	s.mu.Unlock()
	for c, m := range lookers {
		if now%base.Tick(max(1, region.TickRate/int(m.Rate))) != 0 {
			continue
		}
		eye := c.view.Load().Pos.Sub(s.cfg.Region.Site)
		l := s.sim.Look(eye, float32(m.Radius), wire.MaxLookBodies, wire.MaxLookTouches)
		b := wire.Append(nil, shardOf(&l))
		c.shard.Store(&b)
	}
}

func shardOf(l *region.Look) *wire.Shard {
	m := &wire.Shard{Tick: l.Tick}
	for i := range l.Bodies {
		b := &l.Bodies[i]
		m.Bodies = append(m.Bodies, wire.Body{Pose: wire.MakePose(b.ID, b.Motion.Pos, b.Motion.Rot, b.Motion.Vel), Owner: b.Owner,
			Number: b.Number, Epoch: b.Epoch, Shape: b.Shape, Size: b.Size, Fixed: b.Fixed, Asleep: b.Asleep, Age: uint16(min(b.Age, 1<<16-1))})
	}
	for _, t := range l.Touches {
		m.Touches = append(m.Touches, wire.Touch{A: t.A, B: t.B, Normal: t.Normal, Impulse: t.Impulse, Points: t.Points})
	}
	return m
}

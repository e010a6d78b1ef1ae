package region

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// The physics of the region is a state machine of its own (region/shard): this
// file is what the sim asks of it. Things and bodies have the same ids.

func (c *Config) physics() physics.Config {
	return physics.Config{Min: c.Min.Sub(c.Site), Max: c.Max.Sub(c.Site),
		MaxBodies: MaxThings + handoffSlack + MaxGhosts + maxDeparted}
}

func (s *Sim) shardConfig() shard.Config {
	return shard.Config{ID: s.cfg.ID, Site: s.cfg.Site, Physics: s.cfg.physics(), Steps: Substeps,
		Hand: handoff.Config{Capacity: s.cfg.MaxThings, Slack: handoffSlack}, Hooks: freight{s}}
}

// do tells the shard something that it must not refuse.
func (s *Sim) do(in shard.Input) {
	if s.shard.Do(in) != nil {
		s.out.Counts.PhysicsRefused++
	}
}

// command asks for a physics command on a thing's body.
func command(id base.ID, c physics.Command) shard.Input {
	return shard.Input{Kind: shard.InCommand, ID: id, Command: c}
}

// spawn makes a body for a thing that begins to be here. It has none when
// hollow, but is owned all the same.
func (s *Sim) spawn(t *Thing, b physics.Body) error {
	if t.Hollow {
		return s.shard.Do(shard.Input{Kind: shard.InHold, ID: t.ID, Epoch: t.Epoch})
	}
	b.Pos = s.inside(b.Pos, b.Shape.Half)
	b.Rot = b.Rot.Unit()
	b.Vel, b.Spin = b.Vel.Limit(physics.MaxSpeed), b.Spin.Limit(physics.MaxSpin)
	return s.shard.Do(shard.Input{Kind: shard.InSpawn, ID: t.ID, Epoch: t.Epoch, Body: b})
}

// body is the state of a thing's body; of a hollow one, its fixed pose.
func (s *Sim) body(t *Thing) physics.Body {
	if t.Hollow {
		return physics.Body{Pos: t.At, Rot: t.Turn}
	}
	b, _ := s.shard.Body(t.ID)
	return b
}

// resting reports whether a body lies still.
func (s *Sim) resting(id base.ID) bool {
	n, ok := s.shard.Number(id)
	return ok && s.shard.World().Resting(n)
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
	s.do(shard.Input{Kind: shard.InRemove, ID: t.ID})
	s.takeOut(t)
	s.out.Gone = append(s.out.Gone, t.ID)
}

// move makes the tick's steps of physics and turns bumps into events.
func (s *Sim) move() {
	out := s.shard.End()
	// Commands come from this package: a refused one is a bug, not an input.
	// The tick stands, the same everywhere.
	s.out.Counts.PhysicsRefused += uint64(out.Refusals)
	s.crossed(&out)
	s.bumps(out.Events)
}

// Ghosts is the number of bodies that neighbours own.
func (s *Sim) Ghosts() int {
	n := 0
	s.shard.Each(func(v shard.View) bool {
		if v.Ghost {
			n++
		}
		return true
	})
	return n
}

// Limbo is the number of things released but not confirmed.
func (s *Sim) Limbo() int { return s.shard.Hand().Limbo() }

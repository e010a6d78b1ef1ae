package shard

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// Begin starts a tick: the neighbours' mail, then hand-offs as the state after
// the last tick demands.
func (s *Shard) Begin(tick base.Tick, mail []Mail) Output {
	var out Output
	s.tick, s.out, s.reruns = tick, &out, maxReruns
	for _, l := range s.links {
		l.words = 0
		s.catchUp(l)
	}
	for i := range mail {
		s.receive(mail[i])
	}
	s.form()
	s.silence()
	s.settle()
	s.wish()
	s.hand.Tick(s.tick)
	s.perform()
	s.out = nil
	return out
}

// End makes the tick's steps of physics and says what came of them.
func (s *Shard) End() Output {
	var out Output
	s.out = &out
	events := s.buf[:0]
	for i := range s.cfg.Steps {
		var cmds []physics.Command
		if i == 0 {
			cmds = s.cmds
		}
		var err error
		if events, err = s.world.Step(cmds, events); err != nil {
			s.refuse(err)
		}
		if s.observe != nil {
			s.observe(cmds, s.world)
		}
	}
	s.cmds, s.buf = s.cmds[:0], events
	clear(s.added)
	s.shed()
	s.look()
	s.report(events)
	s.record()
	s.perform()
	s.tell()
	s.tellShapes()
	s.out = nil
	return out
}

// refuse counts what physics refused. A body that it did not take is not here.
func (s *Shard) refuse(err error) {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		s.out.Refusals++
		return
	}
	for _, err := range list.Unwrap() {
		s.out.Refusals++
		var c *physics.CommandError
		if !errors.As(err, &c) {
			continue
		}
		if b := s.named[c.ID]; b != nil {
			if _, here := s.world.Body(c.ID); !here {
				s.strike(b)
			}
		}
	}
}

// strike takes a body that is not in the world out of the tables.
func (s *Shard) strike(b *body) {
	if i, ok := s.at(b.ID); ok {
		s.bodies = append(s.bodies[:i], s.bodies[i+1:]...)
	}
	delete(s.named, b.num)
	if b.ghost == nil {
		s.hand.Drop(s.tick, b.ID)
		s.out.Stale = append(s.out.Stale, b.ID)
	}
}

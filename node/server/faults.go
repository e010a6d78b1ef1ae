package server

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
)

const (
	// faultEvery is how many ticks lie between two words to an owner about the
	// same thing: a minute.
	faultEvery = 60 * region.TickRate
	// maxFaulty is of how many things it is remembered when that was.
	maxFaulty = 4096
)

// tellFaults tells owners who have a stream here why scripts of theirs failed.
// It runs in the goroutine of the sim.
func (s *Server) tellFaults(tick base.Tick, lines []region.LogLine) {
	for _, l := range lines {
		if !l.Fault || l.Owner.IsZero() {
			continue
		}
		if last, ok := s.faulty[l.Thing]; ok && tick < last+faultEvery {
			continue
		}
		if s.faulty == nil {
			s.faulty = map[base.ID]base.Tick{}
		}
		if len(s.faulty) >= maxFaulty {
			for id, last := range s.faulty { //lint:sorted each on its own
				if tick >= last+faultEvery {
					delete(s.faulty, id)
				}
			}
			if len(s.faulty) >= maxFaulty {
				return
			}
		}
		m := &wire.Failed{Tick: tick, Thing: l.Thing, Text: l.Text}
		if x := s.frame.Load().find(l.Thing); x != nil {
			m.Name = x.Thing.Name
		}
		b := wire.Append(nil, m)
		s.each(l.Owner, func(c *client) {
			if len(c.out) >= talkQueue { // as of talk: it must not cost a slow client its stream
				s.cfg.OnEvent(EventLinesDropped, 1)
				return
			}
			s.send(c, b)
			s.faulty[l.Thing] = tick // an owner who comes later hears of the next one
		})
	}
}

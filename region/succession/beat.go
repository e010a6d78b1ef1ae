package succession

import (
	"fmt"
	"slices"
)

// beat lets time pass: by the lower median of what more than half of the servers
// say, or by less, so that one at least of those who say so much or more is not
// in a minority: fast liars do not move it, slow ones can only delay it.
func (s *State) beat(x *Entry) error {
	if 2*len(x.Samples) <= len(s.servers) {
		return ErrQuorum
	}
	g := s.Signing()
	walls := make([]int64, 0, len(x.Samples))
	for i := range x.Samples {
		m := &x.Samples[i]
		switch {
		case i > 0 && m.Server.Compare(x.Samples[i-1].Server) <= 0:
			return fmt.Errorf("samples are not sorted: %w", ErrEntry)
		case !s.server(m.Server):
			return fmt.Errorf("%s: %w", m.Server.Short(), ErrServer)
		case m.Wall < 0 || m.Wall > maxWall:
			return fmt.Errorf("%s: %w", m.Server.Short(), ErrValue)
		case !s.verify(m.Server, g.SampleBytes(s.lastBeat, m.Wall), m.Sig[:]):
			return fmt.Errorf("%s: %w", m.Server.Short(), ErrSignature)
		}
		walls = append(walls, m.Wall)
	}
	slices.Sort(walls)
	minority := (len(s.servers) - 1) / 2
	now := walls[min((len(walls)-1)/2, len(walls)-1-minority)]
	if now <= s.wall {
		return ErrClock
	}
	passed := now - s.wall
	if !s.settings.CountDowntime {
		passed = min(passed, gap)
	}
	s.wall, s.time = now, s.time+passed
	return nil
}

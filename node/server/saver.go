package server

import (
	"github.com/metatopia/metatopia/region"
)

// point is a state on its way to being a checkpoint.
type point struct {
	head  head
	base  []byte // of the log, where others share it
	still *region.Still
}

// offerPoint gives the saver a state whose ticks are on the disk. It takes the
// place of one that waits. Of the writer's goroutine.
func (s *Server) offerPoint(p point) {
	for {
		select {
		case s.points <- p:
			return
		default:
		}
		select {
		case <-s.points:
		default:
		}
	}
}

// save is the saver's goroutine: it writes checkpoints beside the ticks, so that
// no tick waits for a large one.
func (s *Server) save() {
	defer close(s.saved)
	var cut region.Cutter
	for p := range s.points {
		if s.failed.Load() != nil {
			continue
		}
		if err := s.savePoint(&p, &cut); err != nil {
			s.fail(err)
		}
	}
}

func (s *Server) savePoint(p *point, cut *region.Cutter) error {
	pieces := cut.Cut(p.still)
	// A log that ends before the checkpoint has no next tick: nobody could cut
	// one.
	if err := s.agreed.Sync(); err != nil {
		return err
	}
	wrote, err := s.store.checkpoint(p.head, pieces)
	if err != nil {
		return err
	}
	s.wrote.Store(int64(wrote))
	s.group.saved.Store(uint64(p.head.tick))
	if s.cfg.Checkpoint != nil {
		s.cfg.Checkpoint(Checkpoint{Tick: p.head.tick, State: p.head.hash, Sum: p.head.sum, Base: p.base, Still: p.still, Pieces: pieces})
	}
	return nil
}

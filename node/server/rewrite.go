package server

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/metatopia/metatopia/region"
)

// Rewrite goes to the last tick of what is in cfg.Dir, lets f change the state
// there, and puts it in place of what is on disk: Open goes on from it, in the same
// tick. It is for who begins a region's log anew; no server may run there. The
// error is f's, or ErrCorrupt; then what was there is still there.
func Rewrite(cfg Config, f func(*region.Sim) error) error {
	cp, sim, err := Last(cfg)
	if err == nil {
		err = f(sim)
	}
	if err != nil {
		return fmt.Errorf("server: rewrite: %w", err)
	}
	return Install(cfg.Region, cfg.Dir, Checkpoint{Tick: cp.Tick, Sum: cp.Sum}, sim.Snapshot(nil))
}

// Last gives the state after the last tick of what is in cfg.Dir, which nobody may
// have open; of a log that several servers share that is the last checkpoint.
func Last(cfg Config) (Checkpoint, *region.Sim, error) {
	st, err := openStore(cfg.Dir)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	s := &Server{cfg: cfg, log: slog.New(slog.DiscardHandler), store: st}
	err = s.toEnd()
	if err = errors.Join(err, st.db.Close()); err != nil {
		return Checkpoint{}, nil, err
	}
	return Checkpoint{Tick: s.last.tick, State: s.last.hash, Sum: s.last.sum}, s.sim, nil
}

// toEnd makes the ticks of the log that is there.
func (s *Server) toEnd() error {
	if err := s.store.check(); err != nil {
		return err
	}
	l, err := s.store.load(&s.cfg.Region)
	if err != nil {
		return err
	}
	if l == nil {
		return fmt.Errorf("%w: no region is there", ErrCorrupt)
	}
	return s.replay(l)
}

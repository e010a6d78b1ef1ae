package server

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// replay goes from the checkpoint to the last durable tick and checks on the
// way that every record continues the one before and that the state is the one
// the record's maker had.
func (s *Server) replay(l *loaded) (err error) {
	if s.sim, err = region.Restore(s.cfg.Region, l.snapshot); err != nil {
		return unread(err)
	}
	if s.sim.Tick() != l.at.tick {
		return fmt.Errorf("%w: the checkpoint of tick %d holds tick %d", ErrCorrupt, l.at.tick, s.sim.Tick())
	}
	if got := s.sim.Hash(); got != l.at.hash {
		return fmt.Errorf("%w: the checkpoint of tick %d has hash %s, not %s", ErrCorrupt, l.at.tick, got.Short(), l.at.hash.Short())
	}
	for _, m := range s.sim.Loaded() {
		if err := s.loadNow(m); err != nil {
			return err
		}
	}
	at := l.at
	err = s.store.replay(at.tick, func(r order.Record, sum order.Sum) error {
		if err := errors.Join(r.Follows(at.tick, at.sum), r.Agrees(at.tick, at.hash)); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		batch := region.Batch{Tick: r.Tick}
		for _, b := range r.Entries {
			e, err := region.ParseEntry(b)
			if err != nil {
				return fmt.Errorf("%w: tick %d: %w", ErrCorrupt, r.Tick, err)
			}
			if err := s.loadFor(&e); err != nil {
				return err
			}
			batch.Entries = append(batch.Entries, e)
		}
		out, err := s.sim.Step(batch)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		at = head{tick: r.Tick, sum: sum, hash: out.Hash}
		if s.cfg.Trace != nil {
			s.cfg.Trace(at.tick, at.hash)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if at != l.end {
		return fmt.Errorf("%w: the log ends at tick %d with hash %s, but tick %d with %s was durable",
			ErrCorrupt, at.tick, at.hash.Short(), l.end.tick, l.end.hash.Short())
	}
	s.hash = at.hash
	s.agreed = solo{order.NewSingle(at.tick, at.sum)}
	s.last = at
	s.durable.Store(uint64(at.tick))
	return nil
}

// loadFor makes a module ready that was ready when the entry was logged.
func (s *Server) loadFor(x *region.Entry) error {
	e := region.Bare(*x)
	if e.Kind != region.EntryControl {
		return nil
	}
	c, err := region.ParseControl(e.Body)
	if err != nil || c.Kind != region.ControlModule || c.Text != "" {
		return nil // Step judges it
	}
	return s.loadNow(c.Module)
}

func (s *Server) loadNow(module string) error {
	if s.cfg.Load == nil {
		return nil
	}
	if err := s.cfg.Load(module); err != nil {
		return fmt.Errorf("%w: module %s is needed to replay the log: %w", ErrLacking, module, err)
	}
	return nil
}

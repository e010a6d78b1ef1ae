package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// Law runs f with the region's roles between two ticks and waits for it; f must
// not keep them. The error is ErrClosed, ErrNoLaw or that of ctx.
func (s *Server) Law(ctx context.Context, f func(*succession.State)) error {
	found := false
	err := s.ask(ctx, func() {
		if st := s.sim.Law(); st != nil {
			found = true
			f(st)
		}
	})
	if err == nil && !found {
		err = ErrNoLaw
	}
	return err
}

// Lawful runs f with the roles before Run is called: nobody else may use the
// server yet.
func (s *Server) Lawful(f func(*succession.State)) error {
	st := s.sim.Law()
	if st == nil {
		return ErrNoLaw
	}
	f(st)
	return nil
}

// SubmitLaw logs an entry of the region's roles and says what became of it once
// that is on disk. One that was refused is no error: see LawDone.Why. When ctx
// ends first it may still be done.
func (s *Server) SubmitLaw(ctx context.Context, entry []byte) (region.LawDone, error) {
	var none region.LawDone
	if len(entry) > succession.MaxEntry {
		return none, fmt.Errorf("server: an entry of %d bytes, at most %d", len(entry), succession.MaxEntry)
	}
	sum := sha256.Sum256(entry)
	done := make(chan region.LawDone, 1)
	s.mu.Lock()
	err := s.pushLocked(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlLaw, Law: entry})})
	if err == nil {
		if s.lawWaits == nil {
			s.lawWaits = map[[32]byte][]chan<- region.LawDone{}
		}
		s.lawWaits[sum] = append(s.lawWaits[sum], done)
	}
	s.mu.Unlock()
	if err != nil {
		return none, fmt.Errorf("server: %w", err)
	}
	select {
	case d := <-done:
		return d, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.quit:
		err = ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(s.lawWaits[sum], func(c chan<- region.LawDone) bool { return c == done })
	if s.lawWaits[sum] = list; len(list) == 0 {
		delete(s.lawWaits, sum)
	}
	return none, fmt.Errorf("server: %w", err)
}

// keepLaw gives the entries of a batch to who keeps them.
func (s *Server) keepLaw(batch []job) error {
	if s.cfg.Law == nil {
		return nil
	}
	var list []region.LawDone
	for i := range batch {
		list = append(list, batch[i].law...)
	}
	if len(list) == 0 {
		return nil
	}
	return s.cfg.Law(list)
}

// tellLaw answers who waits for entries that are on disk now.
func (s *Server) tellLaw(list []region.LawDone) {
	for i := range list {
		sum := sha256.Sum256(list[i].Entry)
		s.mu.Lock()
		waits := s.lawWaits[sum]
		delete(s.lawWaits, sum)
		s.mu.Unlock()
		for _, c := range waits {
			c <- list[i]
		}
	}
}

// Visitors are the players whose node has a stream here and whose avatar is in
// the region: who is only looking on, and perhaps may not come in, is none.
func (s *Server) Visitors() []base.Key {
	f := s.frame.Load()
	return slices.DeleteFunc(s.Present(), func(k base.Key) bool {
		x := f.find(base.AvatarID(k))
		return x == nil || !x.To.IsZero() || x.Thing.Player != k
	})
}

// Present are the players whose node has a stream here.
func (s *Server) Present() []base.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []base.Key
	for c := range s.clients {
		keys = append(keys, c.key)
	}
	slices.SortFunc(keys, base.Key.Compare)
	return slices.Compact(keys)
}

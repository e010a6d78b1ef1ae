package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/wire"
)

// accessDone is what became of an access entry, and at which tick.
type accessDone struct {
	region.AccessDone
	tick base.Tick
}

// Look runs f with who may do what here between two ticks and waits for it; f
// must not keep it. The error is ErrClosed or that of ctx.
func (s *Server) Look(ctx context.Context, f func(*access.State, access.Rights, base.Tick)) error {
	return s.ask(ctx, func() { f(s.sim.Access(), s.sim.Rights(), s.sim.Tick()) })
}

// Submit logs an access entry and says at which tick it counted, once that is on
// disk, or why it does not, which wraps an access.Code. When ctx ends first it
// may still be done.
func (s *Server) Submit(ctx context.Context, entry []byte) (base.Tick, error) {
	if len(entry) > access.MaxEntry {
		return 0, fmt.Errorf("server: access: %w: %d bytes", access.Malformed, len(entry))
	}
	sum := sha256.Sum256(entry)
	done := make(chan accessDone, 1)
	s.mu.Lock()
	err := s.pushLocked(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlAccess, Access: entry})})
	if err == nil {
		if s.accessWaits == nil {
			s.accessWaits = map[[32]byte][]chan<- accessDone{}
		}
		s.accessWaits[sum] = append(s.accessWaits[sum], done)
	}
	s.mu.Unlock()
	if err != nil {
		return 0, fmt.Errorf("server: %w", err)
	}
	select {
	case d := <-done:
		return d.tick, d.Why
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.quit:
		err = ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(s.accessWaits[sum], func(c chan<- accessDone) bool { return c == done })
	if s.accessWaits[sum] = list; len(list) == 0 {
		delete(s.accessWaits, sum)
	}
	return 0, fmt.Errorf("server: %w", err)
}

// tellAccess answers who waits for entries that are on disk now, and tells those
// who were sent out.
func (s *Server) tellAccess(tick base.Tick, list []region.AccessDone, out []region.Expelled) {
	for i := range list {
		sum := sha256.Sum256(list[i].Entry)
		s.mu.Lock()
		waits := s.accessWaits[sum]
		delete(s.accessWaits, sum)
		s.mu.Unlock()
		for _, c := range waits {
			c <- accessDone{list[i], tick}
		}
	}
	for _, x := range out {
		b := wire.Append(nil, &wire.Expelled{Tick: tick, Code: x.Code})
		s.each(x.Player, func(c *client) { s.send(c, b) })
	}
}

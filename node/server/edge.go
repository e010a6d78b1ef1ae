package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

func controlEntry(c region.ControlEntry) region.Entry {
	var e base.Encoder
	c.AppendTo(&e)
	return region.Entry{Kind: region.EntryControl, Body: e.B}
}

// push queues an entry for the next tick. The error is ErrBusy or ErrClosed.
// Some of the room is kept for what this node itself wants.
func (s *Server) push(w waiting) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushLocked(w)
}

func (s *Server) pushLocked(w waiting) error {
	entries, size := maxInbox, maxInboxBytes
	if w.entry.Kind != region.EntryControl {
		entries, size = maxInbox-keptInbox, maxInboxBytes-keptInboxBytes
	}
	switch {
	case s.closed:
		return ErrClosed
	case len(s.inbox) >= entries || s.inboxBytes+len(w.entry.Body) > size:
		return ErrBusy
	}
	s.inbox = append(s.inbox, w)
	s.arrived.wake()
	s.inboxBytes += len(w.entry.Body)
	return nil
}

// HandleBorder takes a message from the border topic of region from. The
// caller has checked that it was signed by that region's owner. It never
// blocks: what is malformed, not for this region or too much is dropped, as
// pubsub may drop any of it.
func (s *Server) HandleBorder(from base.ID, msg []byte) {
	if len(msg) > region.MaxBorder {
		s.cfg.OnEvent(EventBorderBad, 1)
		return
	}
	m, err := region.ParseBorder(msg)
	if err != nil {
		s.cfg.OnEvent(EventBorderBad, 1)
		return
	}
	if to, one := m.For(); one && to != s.cfg.Region.ID {
		return // for another neighbour on the same topic
	}
	if !s.agreed.Leading() {
		return // whoever leads hears it too
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.told, func(n region.Neighbour) bool { return n.ID == from }) {
		return // not a neighbour, or not yet: it will repeat what matters
	}
	load := s.fromBorder[from]
	load.messages++
	load.bytes += len(msg)
	if load.messages > maxBorderPending || load.bytes > maxBorderBytes {
		return
	}
	if s.pushLocked(waiting{entry: region.Entry{Kind: region.EntryBorder, From: from, Body: slices.Clone(msg)}}) == nil {
		s.fromBorder[from] = load
	}
}

// borderLoad is what a neighbour has waiting for the next tick.
type borderLoad struct{ messages, bytes int }

// SetNeighbours replaces the list of neighbours. It is logged when it differs
// from the last one; it does not wait. Names are shortened to what the log
// takes: one of them must not cost the region its borders.
func (s *Server) SetNeighbours(list []region.Neighbour) {
	list = slices.Clone(list)
	list = slices.DeleteFunc(list, func(n region.Neighbour) bool { return n.ID.IsZero() || !n.Site.Valid() })
	for i := range list {
		list[i].Name = clip(list[i].Name, region.MaxName)
	}
	list = s.cfg.Region.Beside(list) // as the state will have it, or it would be said for ever
	list = list[:min(len(list), region.MaxNeighbours)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Replica != nil {
		s.group.near, s.told = list, list // whoever leads says it
		return
	}
	if slices.Equal(list, s.told) {
		return
	}
	if s.pushLocked(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlNeighbours, Neighbours: list})}) == nil {
		s.told = list
	}
}

// Control logs one entry and returns when it is on disk and done, or with why
// it was not. It goes to whoever leads, and again when that changes. When ctx or
// the server ends first the error is ErrUnsure besides: it may still be done.
func (s *Server) Control(ctx context.Context, entry region.ControlEntry) error {
	x := controlEntry(entry)
	if len(x.Body) > region.MaxControl {
		return fmt.Errorf("server: control: entry of %d bytes, at most %d", len(x.Body), region.MaxControl)
	}
	if _, err := region.ParseControl(x.Body); err != nil {
		return fmt.Errorf("server: control: %w", err)
	}
	if s.frozen() {
		return fmt.Errorf("server: control: %w", ErrFrozen)
	}
	done := make(chan error, 1)
	if err := s.push(waiting{entry: x, done: done}); err != nil {
		return fmt.Errorf("server: control: %w", err)
	}
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("server: control: %w", err)
		}
		return nil
	case <-ctx.Done():
		s.giveUp(done)
		return fmt.Errorf("server: control: %w: %w", ctx.Err(), ErrUnsure)
	case <-s.quit:
		return fmt.Errorf("server: control: %w: %w", ErrClosed, ErrUnsure)
	}
}

// giveUp ends the wait of somebody who has gone.
func (s *Server) giveUp(done chan<- error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.inbox {
		if s.inbox[i].done == done {
			s.inbox[i].done = nil
		}
	}
	s.asks = append(s.asks, func() {
		for id, c := range s.waits { //lint:sorted there is one
			if c == done {
				delete(s.waits, id)
			}
		}
	})
}

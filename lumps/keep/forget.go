package keep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Forget unpins contents and deletes what is here of them and no other pin
// reaches, whenever it was used. What was used since the start of an add, a pin
// or a read that is still going on stays (Report.Young) until a sweep. Lumps
// that are not here are no error.
func (s *Store) Forget(ctx context.Context, roots ...lumps.Ref) (Report, error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	w := sweeper{s: s, ctx: ctx, m: &marks{seen: map[uint64]struct{}{}}}
	// All there is, unless somebody is at work.
	before := s.cfg.Now().Add(lumps.UseGrain)
	s.mu.Lock()
	s.marks = w.m
	for h := range s.holds {
		if t := h.since.Add(-lumps.UseGrain); t.Before(before) {
			before = t
		}
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.marks = nil
		s.mu.Unlock()
	}()
	err := w.forget(roots, before)
	w.rep.Bytes = s.Bytes()
	if err != nil {
		return w.rep, fmt.Errorf("lumps/keep: forget: %w", err)
	}
	return w.rep, nil
}

func (w *sweeper) forget(roots []lumps.Ref, before time.Time) error {
	for _, r := range roots {
		if err := w.s.Unpin(w.ctx, r); err != nil {
			return err
		}
	}
	for r, err := range w.s.Pins(w.ctx) {
		if err == nil {
			err = w.mark(r)
		}
		if err != nil {
			return err
		}
	}
	seen := map[lumps.Ref]struct{}{}
	for _, root := range roots {
		if err := w.forgetTree(root, before, 0, seen); err != nil {
			return err
		}
	}
	return nil
}

// forgetTree deletes parents before children: what is left of a content after
// a crash is never a root without its parts.
func (w *sweeper) forgetTree(r lumps.Ref, before time.Time, depth int, seen map[lumps.Ref]struct{}) error {
	if _, again := seen[r]; again {
		return nil
	}
	seen[r] = struct{}{}
	w.rep.Looked++
	var below []unixfs.Link
	if r.IsNode() && depth <= lumps.MaxDepth {
		b, err := w.s.Get(w.ctx, r)
		switch {
		case errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt):
		case err != nil:
			return err
		default:
			if n, err := unixfs.Decode(b); err == nil {
				below = n.Links
			}
		}
	}
	size, err := w.s.Size(w.ctx, r)
	switch {
	case errors.Is(err, lumps.ErrNotFound):
	case err != nil:
		return err
	case w.m.has(r):
		w.rep.Kept += size
		return nil // and all below
	default:
		freed := w.rep.Freed
		if err := w.one(r, before); err != nil {
			return err
		}
		if w.rep.Freed == freed && size > 0 {
			w.rep.Young += size
		}
	}
	for _, l := range below {
		if err := w.forgetTree(l.Ref, before, depth+1, seen); err != nil {
			return err
		}
	}
	return nil
}

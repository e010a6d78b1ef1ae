package keep

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// grace is how long ago a lump must have been used to be swept: somebody may
// be about to name it. It covers what a store does not note of uses.
const grace = 15 * time.Minute

// Progress of a sweep.
type Progress struct {
	Marked  int64 // lumps that stay
	Looked  int64 // lumps looked at, in both passes
	Deleted int64
	Freed   int64 // bytes
}

// Report of a sweep that has ended.
type Report struct {
	Progress
	Kept  int64 // bytes that a pin reaches
	Young int64 // bytes that were used too lately
	Bytes int64 // in the store now
}

// Sweep deletes what no pin reaches, the longest unused first,
// until at most target bytes are left or nothing more may go. tell is called
// now and then, from this goroutine; nil for never. After an error the store is
// whole: what was deleted is gone, the rest is there.
func (s *Store) Sweep(ctx context.Context, target int64, tell func(Progress)) (Report, error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	rep, err := s.sweep(ctx, target, tell)
	if err != nil {
		return rep, fmt.Errorf("lumps/keep: sweep: %w", err)
	}
	return rep, nil
}

func full(rep Report, most int64) error {
	return fmt.Errorf("lumps/keep: %w: of %d bytes allowed %d are pinned and %d were used within %v", lumps.ErrFull,
		most, rep.Kept, rep.Young, grace)
}

// tellEvery is how many lumps pass between two calls of tell.
const tellEvery = 1000

// sweeper is one sweep.
type sweeper struct {
	s    *Store
	ctx  context.Context
	tell func(Progress)
	rep  Report
	m    *marks
}

func (s *Store) sweep(ctx context.Context, target int64, tell func(Progress)) (Report, error) {
	w := sweeper{s: s, ctx: ctx, tell: tell, m: &marks{seen: map[uint64]struct{}{}}}
	now := s.cfg.Now()
	s.mu.Lock()
	s.marks = w.m
	before := now
	for h := range s.holds {
		if h.since.Before(before) {
			before = h.since
		}
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.marks = nil
		s.mu.Unlock()
	}()
	err := w.run(now, before.Add(-grace), target)
	w.rep.Bytes = s.Bytes()
	return w.rep, err
}

func (w *sweeper) run(now, before time.Time, target int64) error {
	for r, err := range w.s.Pins(w.ctx) {
		if err == nil {
			err = w.mark(r)
		}
		if err != nil {
			return err
		}
	}
	ages, err := w.census(now, before)
	if err != nil {
		return err
	}
	need := w.s.Bytes() - target
	if need <= 0 {
		return nil
	}
	if t := ages.cut(now, need); t.Before(before) {
		before = t
	}
	return w.delete(before, need)
}

// census is the first pass: how much of what may go is how old.
func (w *sweeper) census(now, before time.Time) (*ages, error) {
	a := &ages{}
	for e, err := range w.s.List(w.ctx) {
		switch {
		case err != nil:
			return nil, err
		case w.m.has(e.Ref):
			w.rep.Kept += e.Size
		case !e.Used.Before(before):
			w.rep.Young += e.Size
		default:
			a.add(now.Sub(e.Used), e.Size)
		}
		w.look()
	}
	return a, nil
}

// delete is the second pass.
func (w *sweeper) delete(before time.Time, need int64) error {
	for e, err := range w.s.List(w.ctx) {
		if err != nil {
			return err
		}
		w.look()
		if w.m.has(e.Ref) || !e.Used.Before(before) {
			continue
		}
		if err := w.one(e.Ref, before); err != nil {
			return err
		}
		if w.rep.Freed >= need {
			return nil
		}
	}
	return nil
}

// one deletes a lump unless a pin that came meanwhile reaches it.
func (w *sweeper) one(r lumps.Ref, before time.Time) error {
	s := w.s
	for {
		s.mu.Lock()
		late := w.m.late
		if w.m.late = nil; len(late) == 0 {
			break
		}
		// Marking reads lumps: not under the lock that Pin waits for.
		s.mu.Unlock()
		for _, l := range late {
			if err := w.mark(l); err != nil {
				return err
			}
		}
	}
	defer s.mu.Unlock()
	if w.m.has(r) {
		return nil
	}
	n, err := s.DeleteIdle(w.ctx, r, before)
	if n > 0 {
		w.rep.Deleted++
		w.rep.Freed += n
	}
	return err
}

func (w *sweeper) look() {
	w.rep.Looked++
	if w.tell != nil && w.rep.Looked%tellEvery == 0 {
		w.tell(w.rep.Progress)
	}
}

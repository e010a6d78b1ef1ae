// Package keep lets a store stay within its bound: what a pin reaches stays; of
// the rest, what was used longest ago goes when room is needed.
package keep

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Config of a Store.
type Config struct {
	Under lumps.Store // required; closed by Close
	// MaxBytes bounds the sum of all lumps; 0 = no bound. Under's own bound,
	// if it has one, must not be smaller.
	MaxBytes int64
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: silent
}

// Parts of MaxBytes, in percent: when it is reached Tend sweeps, and what a
// sweep leaves.
const (
	highWater = 90
	lowWater  = 80
)

// Store is a lumps.Store with a bound that it keeps by itself. Every method may
// be called from any goroutine.
type Store struct {
	lumps.Store
	cfg Config

	sweeping sync.Mutex // held by the one sweep

	mu    sync.Mutex // also held while one lump is swept
	holds map[*hold]struct{}
	marks *marks // of the sweep under way; nil when there is none
}

type hold struct{ since time.Time }

var (
	_ lumps.Store  = (*Store)(nil)
	_ lumps.Lender = (*Store)(nil)
	_ lumps.Holder = (*Store)(nil)
)

// New wraps a store.
func New(cfg Config) (*Store, error) {
	if cfg.Under == nil || cfg.MaxBytes < 0 {
		return nil, errors.New("lumps/keep: new: a store is required, and a bound that is not negative")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{Store: cfg.Under, cfg: cfg, holds: map[*hold]struct{}{}}, nil
}

// Hold implements lumps.Holder.
func (s *Store) Hold() (release func()) {
	h := &hold{since: s.cfg.Now()}
	s.mu.Lock()
	s.holds[h] = struct{}{}
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		delete(s.holds, h)
		s.mu.Unlock()
	}
}

// Pin implements lumps.Pinner: a sweep under way spares the content from now
// on.
func (s *Store) Pin(ctx context.Context, r lumps.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Store.Pin(ctx, r); err != nil {
		return err
	}
	if s.marks != nil {
		s.marks.late = append(s.marks.late, r)
	}
	return nil
}

// Put implements lumps.Putter: it sweeps when there is no room left.
func (s *Store) Put(ctx context.Context, r lumps.Ref, b []byte) error {
	if err := s.fit(ctx, r, int64(len(b))); err != nil {
		return err
	}
	return s.Store.Put(ctx, r, b)
}

// PutCached implements lumps.Cacher; it makes room as Put does.
func (s *Store) PutCached(ctx context.Context, r lumps.Ref, b []byte) error {
	if err := s.fit(ctx, r, int64(len(b))); err != nil {
		return err
	}
	return s.Store.PutCached(ctx, r, b)
}

// Lend implements lumps.Lender.
func (s *Store) Lend(ctx context.Context, r lumps.Ref, buf []byte) ([]byte, error) {
	return lumps.Lend(ctx, s.Store, r, buf)
}

// fit makes room for a lump of n bytes that is not here yet.
func (s *Store) fit(ctx context.Context, r lumps.Ref, n int64) error {
	if s.cfg.MaxBytes == 0 || s.Bytes()+n <= s.cfg.MaxBytes {
		return nil
	}
	here, err := s.Has(ctx, r)
	if err == nil && !here {
		err = s.room(ctx, n)
	}
	return err
}

// room sweeps until n more bytes fit.
func (s *Store) room(ctx context.Context, n int64) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	if s.Bytes()+n <= s.cfg.MaxBytes {
		return nil // whoever had the lock has made room
	}
	rep, err := s.sweep(ctx, s.cfg.MaxBytes/100*lowWater, nil)
	if err != nil {
		return err
	}
	s.cfg.Log.Info("lumps swept because there was no room", "freed", rep.Freed, "left", rep.Bytes)
	if s.Bytes()+n > s.cfg.MaxBytes {
		return full(rep, s.cfg.MaxBytes)
	}
	return nil
}

// Tend sweeps whenever the store is nearly full, looking each interval, until
// ctx ends.
func (s *Store) Tend(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if s.cfg.MaxBytes == 0 || s.Bytes() <= s.cfg.MaxBytes/100*highWater {
			continue
		}
		rep, err := s.Sweep(ctx, s.cfg.MaxBytes/100*lowWater, nil)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Warn("lumps could not be swept", "err", err)
		case rep.Freed > 0:
			s.cfg.Log.Info("lumps swept", "freed", rep.Freed, "left", rep.Bytes)
		}
	}
}

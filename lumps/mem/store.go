// Package mem is a lumps.Store in memory, for tests, caches and nodes without
// a disk. It verifies on the way in and on the way out like every store.
package mem

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Config of a Store; the zero value is usable.
type Config struct {
	MaxBytes int64            // bound on the sum of all lumps; 0 = DefaultMaxBytes
	Now      func() time.Time // nil: time.Now
}

// DefaultMaxBytes is large enough for tests and small enough to notice.
const DefaultMaxBytes = 1 << 30

// Store keeps lumps in a map. Every method may be called from any goroutine.
type Store struct {
	max int64
	now func() time.Time

	mu     sync.RWMutex
	lumps  map[lumps.Ref][]byte
	used   map[lumps.Ref]time.Time
	pins   map[lumps.Ref]struct{}
	bytes  int64
	closed bool
}

var _ lumps.Store = (*Store)(nil)

// New gives an empty store.
func New(cfg Config) *Store {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{max: cfg.MaxBytes, now: cfg.Now, lumps: map[lumps.Ref][]byte{}, used: map[lumps.Ref]time.Time{},
		pins: map[lumps.Ref]struct{}{}}
}

// Get implements lumps.Getter.
func (s *Store) Get(ctx context.Context, r lumps.Ref) ([]byte, error) {
	b, err := s.view(ctx, "get", r)
	if err != nil {
		return nil, err
	}
	b = slices.Clone(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Matches(b) {
		if _, ok := s.lumps[r]; ok {
			s.used[r] = s.now()
		}
		return b, nil
	}
	if cur, ok := s.lumps[r]; ok && !r.Matches(cur) {
		s.drop(r)
	}
	return nil, fmt.Errorf("lumps/mem: get %s: %w", r, lumps.ErrCorrupt)
}

func (s *Store) view(ctx context.Context, op string, r lumps.Ref) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("lumps/mem: %s %s: %w", op, r, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, fmt.Errorf("lumps/mem: %s: %w", op, lumps.ErrClosed)
	}
	b, ok := s.lumps[r]
	if !ok {
		return nil, fmt.Errorf("lumps/mem: %s %s: %w", op, r, lumps.ErrNotFound)
	}
	return b, nil
}

// drop forgets a lump. The caller holds mu.
func (s *Store) drop(r lumps.Ref) {
	s.bytes -= int64(len(s.lumps[r]))
	delete(s.lumps, r)
	delete(s.used, r)
}

// Has implements lumps.Haser.
func (s *Store) Has(ctx context.Context, r lumps.Ref) (bool, error) {
	return lumps.Found(s.Size(ctx, r))
}

// Size implements lumps.Haser.
func (s *Store) Size(ctx context.Context, r lumps.Ref) (int64, error) {
	b, err := s.view(ctx, "size", r)
	return int64(len(b)), err
}

// Put implements lumps.Putter.
func (s *Store) Put(ctx context.Context, r lumps.Ref, b []byte) error {
	if err := lumps.Check(r, b); err != nil {
		return fmt.Errorf("lumps/mem: put: %w", err)
	}
	return s.change(ctx, "put", r, func() error {
		n := s.bytes - int64(len(s.lumps[r])) + int64(len(b))
		if n > s.max {
			return lumps.ErrFull
		}
		s.lumps[r], s.used[r], s.bytes = slices.Clone(b), s.now(), n
		return nil
	})
}

// PutCached implements lumps.Cacher: nothing here survives a crash anyway.
func (s *Store) PutCached(ctx context.Context, r lumps.Ref, b []byte) error { return s.Put(ctx, r, b) }

// Flush implements lumps.Cacher.
func (s *Store) Flush(ctx context.Context, refs []lumps.Ref) error {
	for _, r := range refs {
		if _, err := s.view(ctx, "flush", r); err != nil {
			return err
		}
	}
	return nil
}

// Delete implements lumps.Deleter.
func (s *Store) Delete(ctx context.Context, r lumps.Ref) error {
	return s.change(ctx, "delete", r, func() error { s.drop(r); return nil })
}

// DeleteIdle implements lumps.Deleter.
func (s *Store) DeleteIdle(ctx context.Context, r lumps.Ref, since time.Time) (freed int64, err error) {
	err = s.change(ctx, "delete", r, func() error {
		if b, ok := s.lumps[r]; ok && s.used[r].Before(since) {
			freed = int64(len(b))
			s.drop(r)
		}
		return nil
	})
	return freed, err
}

// Bytes implements lumps.Store.
func (s *Store) Bytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.bytes
}

// Pin implements lumps.Pinner.
func (s *Store) Pin(ctx context.Context, r lumps.Ref) error {
	if r.IsZero() {
		return fmt.Errorf("lumps/mem: pin: empty reference: %w", lumps.ErrBadRef)
	}
	return s.change(ctx, "pin", r, func() error { s.pins[r] = struct{}{}; return nil })
}

// Unpin implements lumps.Pinner.
func (s *Store) Unpin(ctx context.Context, r lumps.Ref) error {
	return s.change(ctx, "unpin", r, func() error { delete(s.pins, r); return nil })
}

func (s *Store) change(ctx context.Context, op string, r lumps.Ref, f func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("lumps/mem: %s %s: %w", op, r, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := error(lumps.ErrClosed)
	if !s.closed {
		err = f()
	}
	if err != nil {
		return fmt.Errorf("lumps/mem: %s %s: %w", op, r, err)
	}
	return nil
}

// Pinned implements lumps.Pinner.
func (s *Store) Pinned(ctx context.Context, r lumps.Ref) (bool, error) {
	var ok bool
	err := s.change(ctx, "pinned", r, func() error { _, ok = s.pins[r]; return nil })
	return ok, err
}

// List implements lumps.Lister; the listing is of the moment it starts.
func (s *Store) List(ctx context.Context) iter.Seq2[lumps.Entry, error] {
	return func(yield func(lumps.Entry, error) bool) {
		var all []lumps.Entry
		err := s.change(ctx, "list", lumps.Ref{}, func() error {
			for r, b := range s.lumps {
				all = append(all, lumps.Entry{Ref: r, Size: int64(len(b)), Used: s.used[r]})
			}
			return nil
		})
		if err != nil {
			yield(lumps.Entry{}, err)
			return
		}
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Pins implements lumps.Pinner; the listing is of the moment it starts.
func (s *Store) Pins(ctx context.Context) iter.Seq2[lumps.Ref, error] {
	return func(yield func(lumps.Ref, error) bool) {
		var all []lumps.Ref
		err := s.change(ctx, "pins", lumps.Ref{}, func() error {
			for r := range s.pins {
				all = append(all, r)
			}
			return nil
		})
		if err != nil {
			yield(lumps.Ref{}, err)
			return
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Close implements io.Closer and frees the memory.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.lumps, s.pins, s.bytes = true, nil, nil, 0
	return nil
}

// Damage flips one bit of a stored lump, for tests of corruption. It reports
// whether there was a byte to damage.
func (s *Store) Damage(r lumps.Ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.lumps[r]
	if len(b) == 0 {
		return false
	}
	bad := slices.Clone(b)
	bad[len(bad)/2] ^= 1
	s.lumps[r] = bad
	return true
}

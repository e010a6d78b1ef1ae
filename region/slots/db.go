package slots

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// DB is the Store over an engine.
type DB struct {
	engine Engine
	// fair is held for reading by every attempt, and for writing by one that
	// has lost to others too often: nobody here starves.
	fair   sync.RWMutex
	closed atomic.Bool
	// tries counts attempts, for tests and figures.
	tries atomic.Uint64
}

// New makes a store. It takes the engine over: Close closes it.
func New(e Engine) *DB { return &DB{engine: e} }

var _ Store = (*DB)(nil)

// Tries are the attempts made so far at all transactions.
func (db *DB) Tries() uint64 { return db.tries.Load() }

// Run implements Store.
func (db *DB) Run(ctx context.Context, idem ID, fn func(Tx) error) (Version, error) {
	pause := minPause
	var last error
	unknown := false
	for try := range MaxAttempts {
		if try > 0 {
			if err := sleep(ctx, pause/2+rand.N(pause)); err != nil {
				break
			}
			pause = min(2*pause, maxPause)
		}
		v, err := db.attempt(ctx, idem, fn, try >= FairAfter)
		var own *fnError
		switch {
		case err == nil:
			return v, nil
		case errors.As(err, &own):
			// Of an attempt that may already have taken effect fn sees the
			// state after it: what it says then is of no use.
			if !unknown {
				return 0, own.error
			}
			last = own.error
		case errors.Is(err, ErrConflict):
			last = err
			continue
		case errors.Is(err, ErrLimit), errors.Is(err, ErrNumber), errors.Is(err, ErrClosed), errors.Is(err, ErrCorrupt):
			return 0, err
		case errors.Is(err, ErrUnknown):
			unknown, last = true, err
			if idem == (ID{}) {
				return 0, err
			}
		default:
			last = err
		}
		if ctx.Err() != nil {
			break
		}
		if try < FairAfter {
			pause = max(pause, 20*time.Millisecond) // a server is away: no hurry
		}
	}
	if last == nil {
		last = ctx.Err()
	}
	if unknown && !errors.Is(last, ErrUnknown) {
		last = fmt.Errorf("%w: %w", ErrUnknown, last)
	}
	return 0, last
}

// fnError is an error of the caller's function.
type fnError struct{ error }

func (e *fnError) Unwrap() error { return e.error }

func (db *DB) attempt(ctx context.Context, idem ID, fn func(Tx) error, alone bool) (Version, error) {
	if db.closed.Load() {
		return 0, ErrClosed
	}
	db.tries.Add(1)
	if alone {
		db.fair.Lock()
		defer db.fair.Unlock()
	} else {
		db.fair.RLock()
		defer db.fair.RUnlock()
	}
	ctx, cancel := context.WithTimeout(ctx, MaxTime)
	defer cancel()
	t := &tx{ctx: ctx, writes: map[string]Write{}}
	err := func() (err error) {
		if t.snap, err = db.engine.Snapshot(ctx, 0); err != nil {
			return err
		}
		// Before Commit: an engine with few connections needs this one.
		defer t.snap.Close()
		if idem != (ID{}) {
			if v, done, err := t.snap.Done(ctx, idem); err != nil {
				return err
			} else if done {
				return doneError(v)
			}
		}
		if err = fn(t); t.broken != nil {
			return t.broken
		} else if err != nil {
			return &fnError{err}
		}
		return nil
	}()
	var done doneError
	if errors.As(err, &done) {
		return Version(done), nil
	}
	if err != nil {
		return 0, err
	}
	if len(t.writes) == 0 {
		return t.snap.Version(), nil
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%w: a transaction takes at most %v: %w", ErrLimit, MaxTime, err)
	}
	v, err := db.engine.Commit(ctx, t.commit(idem))
	if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNumber) && !errors.Is(err, ErrUnknown) {
		err = fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return v, err
}

// doneError: the idempotency key was there already.
type doneError Version

func (doneError) Error() string { return "slots: done before" }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// View implements Store.
func (db *DB) View(ctx context.Context, at Version, fn func(Reader) error) error {
	if db.closed.Load() {
		return ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, MaxTime)
	defer cancel()
	snap, err := db.engine.Snapshot(ctx, at)
	if err != nil {
		return err
	}
	defer snap.Close()
	t := &tx{ctx: ctx, snap: snap, only: true}
	if err := fn(t); err != nil {
		return err
	}
	return t.broken
}

// Watch implements Store.
func (db *DB) Watch(ctx context.Context, prefix string, from Version) iter.Seq2[Change, error] {
	if db.closed.Load() {
		return func(yield func(Change, error) bool) { yield(Change{}, ErrClosed) }
	}
	return db.engine.Changes(ctx, prefix, from)
}

// Compact implements Store.
func (db *DB) Compact(ctx context.Context, upTo Version) error {
	if db.closed.Load() {
		return ErrClosed
	}
	return db.engine.Compact(ctx, upTo)
}

// About implements Store.
func (db *DB) About(ctx context.Context) (About, error) {
	if db.closed.Load() {
		return About{}, ErrClosed
	}
	return db.engine.About(ctx)
}

// Close implements Store. Nothing may be under way.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	return db.engine.Close()
}

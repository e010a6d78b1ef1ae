package assets

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/lumps"
)

// Lumps opens contents; exchange.Exchange is one.
type Lumps interface {
	Open(ctx context.Context, ref lumps.Ref) (io.ReadCloser, lumps.Info, error)
}

// Config is what a Library needs. Lumps is required.
type Config struct {
	Lumps   Lumps
	Modules Modules   // nil: no modules are loaded
	Guests  Guests    // nil: no foreign formats are loaded
	Foreign []Foreign // formats that guests read, in the order in which they are tried
	Budget  int64     // bytes kept of decoded assets; 0: DefaultBudget
	Workers int       // decoders at a time; 0: two
	// OnEvent is told what happened, for counters: loaded, failed, panicked,
	// overdue, evicted. It must return at once. May be nil.
	OnEvent func(event string)
}

// Handle names an asset that somebody holds, on this node and until it is
// released. The zero Handle names nothing; a number is never used twice.
type Handle uint32

// State is how far an asset is.
type State uint8

const (
	Waiting State = iota
	Fetching
	Decoding
	Ready
	Failed
)

var stateNames = [...]string{"waiting", "fetching", "decoding", "ready", "failed"}

func (s State) String() string { return stateNames[s] }

// Status is an asset at one moment.
type Status struct {
	State       State
	Done, Total int64  // bytes fetched; Total is 0 until it is known
	Asset       *Asset // when Ready
	Err         error  // when Failed
}

// Request says what to load.
type Request struct {
	Ref      lumps.Ref
	As       Class  // ClassAny leaves it to the content
	Format   string // only this one; "" finds it by content
	Priority Priority
}

// Library loads assets and keeps them. Its methods may be called from any
// goroutine.
type Library struct {
	cfg     Config
	formats []Format

	ctx    context.Context
	cancel context.CancelCauseFunc
	work   sync.WaitGroup

	fetch  gate // contents being fetched
	room   gate // their bytes, until they are decoded
	look   gate // contents being measured
	memory gate // what decoding needs
	cpu    gate // decoders

	mu      sync.Mutex
	closed  bool
	byKey   map[key]*entry
	handles map[Handle]*entry
	last    Handle
	held    int64    // bytes of all entries that are ready
	idle    idleList // entries nobody holds
}

type key struct {
	ref    lumps.Ref
	as     Class
	format string
}

// entry is one asset, loaded or on its way. Guarded by Library.mu but for
// prio.
type entry struct {
	keys   []key
	handle Handle
	refs   int
	prio   atomic.Int32
	cancel context.CancelCauseFunc
	status Status
	change chan struct{} // closed and replaced at every change
	bytes  int64         // counted in Library.held

	newer, older *entry // in idleList
	isIdle       bool
}

// New makes a library. The error says which of the foreign formats is wrong.
func New(cfg Config) (*Library, error) {
	if cfg.Budget == 0 {
		cfg.Budget = DefaultBudget
	}
	if cfg.Workers == 0 {
		cfg.Workers = defaultWorkers
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string) {}
	}
	if len(cfg.Foreign) > maxFormats {
		return nil, over("foreign formats", int64(len(cfg.Foreign)), maxFormats)
	}
	l := &Library{
		cfg: cfg, byKey: map[key]*entry{}, handles: map[Handle]*entry{},
		fetch: gate{size: fetchers}, room: gate{size: maxFetched}, look: gate{size: int64(cfg.Workers)},
		memory: gate{size: maxWork}, cpu: gate{size: int64(cfg.Workers)},
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	for i, f := range cfg.Foreign {
		if err := f.check(); err != nil {
			return nil, err
		}
		for _, g := range cfg.Foreign[:i] {
			if g.Name == f.Name {
				return nil, fmt.Errorf("assets: two loaders for %s", f.Name)
			}
		}
	}
	l.formats = l.makeFormats()
	return l, nil
}

// Open gives a handle for an asset, and starts to load it unless it is here or
// on its way: many who ask share one load. Each Open wants one Release. A
// higher priority than before holds for all. The error is ErrBusy, ErrClosed
// or about the request itself; how the load ends, Wait tells.
func (l *Library) Open(req Request) (Handle, error) {
	if req.Ref.IsZero() {
		return 0, fmt.Errorf("assets: open: %w", lumps.ErrBadRef)
	}
	if req.As >= classes {
		return 0, fmt.Errorf("assets: open: %w: %s", ErrClass, req.As)
	}
	k := key{req.Ref, req.As, req.Format}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, fmt.Errorf("assets: open: %w", ErrClosed)
	}
	e := l.byKey[k]
	if e == nil {
		if len(l.handles) >= maxEntries && !l.evict() {
			return 0, fmt.Errorf("assets: open: %w: %d are held", ErrBusy, len(l.handles))
		}
		e = &entry{keys: []key{k}, handle: l.number(), change: make(chan struct{})}
		e.prio.Store(int32(req.Priority))
		l.byKey[k], l.handles[e.handle] = e, e
		l.start(e)
	} else if e.status.State == Failed && !lasting(e.status.Err) {
		l.start(e)
	}
	if l.idle.remove(e); e.prio.Load() < int32(req.Priority) {
		e.prio.Store(int32(req.Priority))
	}
	e.refs++
	return e.handle, nil
}

// number gives the next handle; after 2^32 loads it starts over.
func (l *Library) number() Handle {
	for {
		if l.last++; l.last != 0 && l.handles[l.last] == nil {
			return l.last
		}
	}
}

// held gives the entry of a handle that somebody holds.
func (l *Library) entry(h Handle) (*entry, error) {
	if e := l.handles[h]; e != nil && e.refs > 0 {
		return e, nil
	}
	return nil, fmt.Errorf("assets: %w: %d", ErrHandle, h)
}

// Status tells how far an asset is.
func (l *Library) Status(h Handle) (Status, error) {
	s, _, err := l.Watch(h)
	return s, err
}

// Watch is Status and a channel that is closed at the next change.
func (l *Library) Watch(h Handle) (Status, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.entry(h)
	if err != nil {
		return Status{}, nil, err
	}
	return e.status, e.change, nil
}

// Wait waits until the asset is ready or has failed. When ctx ends first the
// load goes on: only Release gives it up.
func (l *Library) Wait(ctx context.Context, h Handle) (*Asset, error) {
	for {
		s, changed, err := l.Watch(h)
		switch {
		case err != nil:
			return nil, err
		case s.State == Ready:
			return s.Asset, nil
		case s.State == Failed:
			return nil, s.Err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("assets: wait: %w", context.Cause(ctx))
		}
	}
}

// Release gives a handle back. The last one ends a load that is under way; an
// asset that is ready stays while there is room.
func (l *Library) Release(h Handle) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.entry(h)
	if err != nil {
		return err
	}
	if e.refs--; e.refs > 0 {
		return nil
	}
	if e.status.State == Ready || e.status.State == Failed && lasting(e.status.Err) {
		l.idle.add(e)
		l.shrink(l.cfg.Budget)
		return nil
	}
	e.cancel(context.Canceled)
	l.forget(e)
	return nil
}

// Close ends all loads and waits for them. Idempotent.
func (l *Library) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel(ErrClosed)
	l.work.Wait()
	return nil
}

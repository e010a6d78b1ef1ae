package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// Server serves one region.
type Server struct {
	cfg   Config
	log   *slog.Logger
	store *store

	// Owned by the goroutine of Run once it has started.
	sim    *region.Sim
	ord    order.Orderer
	hash   region.Hash
	last   head
	logged int                    // bytes since the last checkpoint
	enough int                    // of them for the next
	miss   map[base.Key]base.Tick // players without a stream, since when

	mu         sync.Mutex
	inbox      []waiting
	inboxBytes int
	asks       []func()
	clients    map[*client]struct{}
	told       []region.Neighbour // last list given to SetNeighbours
	fromBorder map[base.ID]borderLoad
	running    bool
	closed     bool

	queue   chan job
	written chan struct{} // the writer has returned
	done    chan struct{} // Run has returned, or nothing will run any more
	quit    chan struct{} // closed by stop
	once    sync.Once
	loads   sync.WaitGroup

	frame   atomic.Pointer[frame]
	durable atomic.Uint64
	soon    atomic.Bool // the next tick makes a checkpoint
	failed  atomic.Pointer[error]
}

// waiting is an entry for the next tick.
type waiting struct {
	entry  region.Entry
	client *client      // whose pending count it holds
	done   chan<- error // told once the tick is durable; a buffer of one
}

// Open restores the region in cfg.Dir, or founds it: checkpoint, then every
// logged tick again. The state has the same tick and hash as was last durable.
// The error is ErrCorrupt when what is on disk is not what was written.
func Open(cfg Config) (*Server, error) {
	if cfg.Clock == nil {
		cfg.Clock = realClock{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string, uint64) {}
	}
	if cfg.Publish == nil {
		cfg.Publish = func(base.ID, []byte) error { return nil }
	}
	st, err := openStore(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Log, store: st, clients: map[*client]struct{}{}, fromBorder: map[base.ID]borderLoad{}, miss: map[base.Key]base.Tick{}, enough: checkpointBytes,
		queue: make(chan job, writeQueue), written: make(chan struct{}), done: make(chan struct{}), quit: make(chan struct{})}
	if err := s.restore(); err != nil {
		st.db.Close()
		return nil, fmt.Errorf("server: open region %q: %w", cfg.Region.Name, err)
	}
	if err := s.furnish(); err != nil {
		st.db.Close()
		return nil, fmt.Errorf("server: furnish region %q: %w", cfg.Region.Name, err)
	}
	s.told = s.sim.Neighbours()
	s.frame.Store(s.look())
	go s.write()
	return s, nil
}

// furnish queues the first entries of a new region.
func (s *Server) furnish() error {
	if s.sim.Tick() != 0 || s.cfg.Furnish == nil {
		return nil
	}
	list, err := s.cfg.Furnish()
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := s.push(waiting{entry: controlEntry(c)}); err != nil {
			return fmt.Errorf("%d things are too much for one tick: %w", len(list), err)
		}
	}
	return nil
}

// CheckFurnish tells whether a new region takes such entries at once. Whoever
// founds one asks first: a region that cannot be furnished does not open.
func CheckFurnish(list []region.ControlEntry) error {
	size := 0
	for _, c := range list {
		b := len(controlEntry(c).Body)
		if b > region.MaxControl {
			return fmt.Errorf("server: furnish: an entry of %d bytes, at most %d", b, region.MaxControl)
		}
		size += b
	}
	if len(list) > maxInbox || size > maxInboxBytes {
		return fmt.Errorf("server: furnish: %d things of %d bytes, at most %d of %d", len(list), size, maxInbox, maxInboxBytes)
	}
	return nil
}

// CheckpointSoon asks for a checkpoint at the next tick. It does not wait:
// Config.Checkpoint is told.
func (s *Server) CheckpointSoon() { s.soon.Store(true) }

func (s *Server) restore() error {
	if err := s.store.check(); err != nil {
		return err
	}
	l, err := s.store.load(&s.cfg.Region)
	if err != nil {
		return err
	}
	if l == nil {
		if s.sim, err = region.New(s.cfg.Region); err != nil {
			return err
		}
		snapshot := s.sim.Snapshot(nil)
		s.hash = s.sim.Hash()
		s.last = head{hash: s.hash}
		s.ord = order.NewSingle(0, order.Sum{})
		return s.store.found(&s.cfg.Region, snapshot)
	}
	return s.replay(l)
}

// stop makes Run return and the streams close.
func (s *Server) stop() { s.once.Do(func() { close(s.quit) }) }

// Status may be called at any time, from any goroutine.
func (s *Server) Status() Status {
	f := s.frame.Load()
	s.mu.Lock()
	n := len(s.clients)
	s.mu.Unlock()
	return Status{ID: s.cfg.Region.ID, Name: s.cfg.Region.Name, Tick: f.tick, Hash: f.hash, Durable: base.Tick(s.durable.Load()),
		Players: f.players, Things: f.owned, Ghosts: f.ghosts, Limbo: f.limbo, Clients: n, Rules: f.rules}
}

// Things are the things owned after the last tick, in the order of ids.
func (s *Server) Things() []region.Seen {
	f := s.frame.Load()
	var list []region.Seen
	for i := range f.seen {
		if f.seen[i].To.IsZero() {
			list = append(list, f.seen[i])
		}
	}
	return list
}

// Close stops Run if it is running, writes what is pending and a checkpoint,
// and closes the file. Calls after the first do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	running := s.running
	s.mu.Unlock()
	s.stop()
	if running {
		<-s.done
	} else {
		close(s.done)
	}
	s.loads.Wait()
	s.refuse(ErrClosed)
	s.queue <- job{head: s.last, snapshot: s.sim.Snapshot(nil)}
	close(s.queue)
	<-s.written
	if err := s.store.db.Close(); err != nil {
		return fmt.Errorf("server: close region %q: %w", s.cfg.Region.Name, err)
	}
	if err := s.failed.Load(); err != nil {
		return fmt.Errorf("server: region %q: %w", s.cfg.Region.Name, *err)
	}
	return nil
}

// refuse answers everything that waits for a tick that will not come.
func (s *Server) refuse(err error) {
	s.mu.Lock()
	inbox := s.inbox
	s.inbox, s.inboxBytes, s.asks = nil, 0, nil
	s.mu.Unlock()
	for _, w := range inbox {
		if w.done != nil {
			w.done <- err
		}
	}
}

// ask runs f on the sim's goroutine between two ticks and waits for it.
func (s *Server) ask(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.asks = append(s.asks, func() { f(); close(ran) })
	s.mu.Unlock()
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.quit:
		return ErrClosed
	}
}

package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/crew"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/wire"
)

// Server serves one region.
type Server struct {
	cfg   Config
	log   *slog.Logger
	store *store

	// Owned by the goroutine of Run once it has started.
	sim    *region.Sim
	agreed Replica
	waits  map[entryID]chan<- error // control entries under way
	group  group                    // what belongs to a shared log
	hash   region.Hash
	last   head
	seats  seats
	logged int                    // bytes since the last checkpoint
	enough int                    // of them for the next
	miss   map[base.Key]base.Tick // players without a stream, since when
	faulty map[base.ID]base.Tick  // things of whose failure an owner was told, and when

	vouched uint64 // number of the last entry that this server vouched for
	signs   bool   // it signs the records that it makes
	doubted bool   // Config.Applied would not have the last tick

	mu          sync.Mutex
	inbox       []waiting
	inboxBytes  int
	asks        []func()
	clients     map[*client]struct{}
	lookers     map[*client]wire.Look
	told        []region.Neighbour // last list given to SetNeighbours
	lawWaits    map[[32]byte][]chan<- region.LawDone
	accessWaits map[[32]byte][]chan<- accessDone
	fromBorder  map[base.ID]borderLoad
	running     bool
	closed      bool

	arrived signal // something is in the inbox
	queue   chan job
	written chan struct{} // the writer has returned
	points  chan point    // for the saver: the newest
	saved   chan struct{} // the saver has returned
	done    chan struct{} // Run has returned, or nothing will run any more
	quit    chan struct{} // closed by stop
	workers *crew.Crew    // share the work of a tick; nil: not this server's
	once    sync.Once
	loads   sync.WaitGroup

	frame     atomic.Pointer[frame]
	durable   atomic.Uint64
	wrote     atomic.Int64 // bytes of the last checkpoint that were new on the disk
	soon      atomic.Bool  // the next tick makes a checkpoint
	recording atomic.Bool
	failed    atomic.Pointer[error]
}

// waiting is an entry for the next tick.
type waiting struct {
	entry  region.Entry
	client *client      // whose pending count it holds
	seq    uint64       // of its input
	done   chan<- error // told once the tick is durable; a buffer of one
}

// Open restores the region in cfg.Dir, or founds it: checkpoint, then every
// logged tick again. The state has the same tick and hash as was last durable.
// The error is ErrCorrupt when what is on disk is not what was written, and a
// base.VersionError when another version of the program wrote it.
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
	if check := cfg.Region.Verify; check != nil {
		cfg.Region.Verify = (&verified{check: check}).Verify
	}
	var workers *crew.Crew
	if cfg.Region.Parallel == nil {
		workers = crew.New(min(runtime.GOMAXPROCS(0), maxWorkers))
		cfg.Region.Parallel = workers.Run
	}
	s, err := open(cfg)
	switch {
	case workers == nil:
	case err != nil:
		workers.Close()
	default:
		s.workers = workers
	}
	return s, err
}

func open(cfg Config) (*Server, error) {
	st, err := openStore(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Log, store: st, clients: map[*client]struct{}{}, lookers: map[*client]wire.Look{}, fromBorder: map[base.ID]borderLoad{}, miss: map[base.Key]base.Tick{}, waits: map[entryID]chan<- error{}, enough: checkpointBytes,
		arrived: make(signal, 1), queue: make(chan job, writeQueue), written: make(chan struct{}), points: make(chan point, 1), saved: make(chan struct{}), done: make(chan struct{}), quit: make(chan struct{})}
	if err := s.restore(); err != nil {
		st.db.Close()
		return nil, fmt.Errorf("server: open region %q: %w", cfg.Region.Name, err)
	}
	if err := s.join(); err != nil {
		st.db.Close()
		return nil, fmt.Errorf("server: join the servers of region %q: %w", cfg.Region.Name, err)
	}
	if err := s.furnish(); err != nil {
		st.db.Close()
		return nil, fmt.Errorf("server: furnish region %q: %w", cfg.Region.Name, err)
	}
	s.told = s.sim.Neighbours()
	s.frame.Store(s.look())
	go s.write()
	go s.save()
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

// CheckpointSoon asks for a checkpoint at the next tick, or at one of the next
// when the region has other servers: they make one too. It does not wait:
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
		s.hash = s.sim.Hash()
		s.last = head{hash: s.hash}
		s.agreed = solo{order.NewSingle(0, order.Sum{})}
		return s.store.found(&s.cfg.Region, s.last, s.sim.Still())
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
		Players: f.players, Things: f.owned, Ghosts: f.ghosts, Limbo: f.limbo, Clients: n, Rules: f.rules, Origins: f.origins, Trust: f.trust, Guilty: f.guilty, Barred: f.barred,
		Leading: s.agreed.Leading(), Shared: s.shared(), Frozen: s.frozen()}
}

// Things are the things owned after the last tick, in the order of ids.
func (s *Server) Things() []region.Seen {
	f := s.frame.Load()
	var list []region.Seen
	for _, at := range f.order {
		if x := &f.items[at].x; x.To.IsZero() {
			list = append(list, *x)
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
	if !s.doubted {
		s.queue <- job{head: s.last, still: s.sim.Still()}
	}
	close(s.queue)
	<-s.written
	<-s.saved
	if s.workers != nil {
		s.workers.Close()
	}
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
	for id, done := range s.waits { //lint:sorted each on its own
		delete(s.waits, id)
		done <- fmt.Errorf("%w: %w", err, ErrUnsure)
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

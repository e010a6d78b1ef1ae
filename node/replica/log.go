package replica

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// Log is one server's part of a region's replicated log. Its methods may be
// called from any goroutine.
type Log struct {
	cfg   Config
	log   *slog.Logger
	proto string
	wal   *wal

	mu       sync.Mutex // of all below; the core is run under it, and never waits
	core     *raft.Core
	ready    []order.Encoded
	writes   []raft.Write
	peers    map[base.Key]*peer
	inbound  map[base.Key]int // streams of each server
	streams  map[Stream]struct{}
	rtt      map[uint64]time.Duration
	pings    map[uint64]time.Time // by number
	pinged   uint64
	results  map[uint64]chan raft.Result
	token    uint64
	serving  sync.WaitGroup
	closed   bool
	leader   uint64
	leading  bool
	needed   bool
	lastPing time.Time

	wake    chan struct{}
	toDisk  chan struct{}
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once
	err     error
	running sync.WaitGroup
}

var _ order.Orderer = (*Log)(nil)

const (
	defaultTick = 20 * time.Millisecond
	// groupEvery is how long writes without a barrier may stay off the disk.
	groupEvery = 100 * time.Millisecond
	pingEvery  = time.Second
)

// Names given to Config.OnEvent.
const (
	EventBadMessages = "order_bad_streams" // streams of servers that broke off for what they sent
	EventRefused     = "order_refused"     // messages of servers refused, for any reason
	EventElections   = "order_leads"       // this server began to lead
	EventDropped     = "order_dropped"     // queues for a server that were dropped
)

// Protocol names the streams between the servers of a region.
func Protocol(region base.ID) string { return "/metatopia/region/order/1/" + region.String() }

// Open opens the log in cfg.Dir, or founds it there from cfg.Base, and begins
// to take part. The error may be ErrUnsure or ErrCorrupt.
func Open(cfg Config) (*Log, error) { return open(cfg, durable.Boot()) }

func open(cfg Config, boot string) (*Log, error) {
	if cfg.Clock == nil {
		cfg.Clock = realClock{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string, uint64) {}
	}
	if cfg.Tick == 0 {
		cfg.Tick = defaultTick
	}
	if cfg.Net == nil || cfg.Dir == "" {
		return nil, errors.New("replica: open: no network or no directory")
	}
	w, state, err := openWAL(&cfg, boot)
	if err != nil {
		return nil, fmt.Errorf("replica: open: %w", err)
	}
	core, err := raft.New(raft.Config{Self: w.self, State: state, Opened: w.opened, Sign: cfg.Sign})
	if err != nil {
		w.close(false)
		return nil, fmt.Errorf("replica: open: %w: %w", ErrCorrupt, err)
	}
	l := &Log{cfg: cfg, log: cfg.Log, proto: Protocol(cfg.Region), wal: w, core: core,
		peers: map[base.Key]*peer{}, inbound: map[base.Key]int{}, streams: map[Stream]struct{}{}, rtt: map[uint64]time.Duration{}, pings: map[uint64]time.Time{},
		results: map[uint64]chan raft.Result{}, wake: make(chan struct{}, 1), toDisk: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{})}
	l.mu.Lock()
	l.dispatch()
	l.mu.Unlock()
	cfg.Net.Handle(l.proto, l.serve)
	l.running.Go(l.tick)
	l.running.Go(l.disk)
	l.running.Go(l.group)
	go func() {
		<-l.quit
		l.running.Wait()
		close(l.done)
		l.poke()
	}()
	return l, nil
}

type realClock struct{}

func (realClock) Now() time.Time                         { return time.Now() }
func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (l *Log) event(name string, n uint64) { l.cfg.OnEvent(name, n) }

// poke tells whoever listens on Wake.
func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// dispatch sees to what the core put out. The caller holds the lock.
func (l *Log) dispatch() {
	o := l.core.Output()
	for _, m := range o.Messages {
		p := l.peer(m.To, m.Key)
		if p != nil && !p.queue.Put(m.Bytes) {
			l.event(EventDropped, 1)
			l.core.Unreachable(m.To)
		}
	}
	if len(o.Writes) > 0 {
		l.writes = append(l.writes, o.Writes...)
		select {
		case l.toDisk <- struct{}{}:
		default:
		}
	}
	poke := len(o.Records) > 0
	l.ready = append(l.ready, o.Records...)
	for _, r := range o.Results {
		if c := l.results[r.Token]; c != nil {
			c <- r
			delete(l.results, r.Token)
		}
	}
	for _, p := range o.Pongs {
		if t, ok := l.pings[p.Number]; ok {
			l.rtt[p.From] = l.cfg.Clock.Now().Sub(t)
			delete(l.pings, p.Number)
		}
	}
	if lead := l.core.Leader(); lead != l.leader || l.core.Leading() != l.leading {
		if l.core.Leading() && !l.leading {
			l.event(EventElections, 1)
		}
		l.leader, l.leading, poke = lead, l.core.Leading(), true
	}
	if need := l.core.Need() != nil; need != l.needed {
		l.needed, poke = need, true
	}
	if poke {
		l.poke()
	}
	if err := l.core.Err(); err != nil {
		l.fail(err)
	} else if l.core.Gone() {
		l.fail(ErrRemoved)
	}
}

// peer gives the sender to a server, with a stream of its own. Strangers to
// whom an answer is due have one too, until the next ping finds them gone.
func (l *Log) peer(id uint64, key base.Key) *peer {
	if p := l.peers[key]; p != nil {
		p.id = id
		return p
	}
	if l.closed || key == l.cfg.Key {
		return nil
	}
	if len(l.peers) >= 2*raft.MaxMembers && !slices.ContainsFunc(l.core.Applied().Members, func(m raft.Member) bool { return m.Key == key }) {
		return nil
	}
	return l.begin(id, key)
}

// with runs f on the core and sees to what comes of it.
func (l *Log) with(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("replica: %w", ErrClosed)
	}
	err := f()
	l.dispatch()
	return err
}

func (l *Log) receive(from base.Key, b []byte) error {
	return l.with(func() error { return l.core.Receive(from, b) })
}

func (l *Log) member(k base.Key) bool {
	for _, m := range l.Members() {
		if m.Key == k {
			return true
		}
	}
	return false
}

// tick is raft's clock. When this machine was too busy the time that passed
// is not made up for: ticks all at once would look like a silent leader.
func (l *Log) tick() {
	next := l.cfg.Clock.Now()
	for {
		next = next.Add(l.cfg.Tick)
		now := l.cfg.Clock.Now()
		if now.Sub(next) > l.cfg.Tick {
			next = now
		}
		select {
		case <-l.quit:
			return
		case <-l.cfg.Clock.After(next.Sub(now)):
		}
		_ = l.with(func() error {
			l.core.Tick()
			l.meet()
			return nil
		})
	}
}

// meet keeps a stream open to every other server and measures how far it is.
func (l *Log) meet() {
	now := l.cfg.Clock.Now()
	if now.Sub(l.lastPing) < pingEvery {
		return
	}
	l.lastPing = now
	clear(l.pings)
	members := l.core.Applied().Members
	for _, m := range members {
		if m.ID != l.wal.self {
			l.pinged++
			l.pings[l.pinged] = now
			l.core.Ping(m.ID, l.pinged)
		}
	}
	for k, p := range l.peers {
		known := false
		for _, m := range members {
			known = known || m.Key == k
		}
		if !known && l.inbound[k] == 0 {
			delete(l.peers, k)
			p.end()
		}
	}
}

// disk is the writer's goroutine: raft never waits for it.
func (l *Log) disk() {
	for {
		select {
		case <-l.toDisk:
		case <-l.quit:
			return
		}
		l.mu.Lock()
		list := l.writes
		l.writes = nil
		l.mu.Unlock()
		if len(list) == 0 {
			continue
		}
		if err := l.wal.write(list); err != nil {
			l.mu.Lock()
			l.fail(fmt.Errorf("replica: write: %w", err))
			l.mu.Unlock()
			return
		}
		_ = l.with(func() error {
			for i := range list {
				l.core.Written(list[i].Number)
			}
			return nil
		})
	}
}

// group brings to the disk what was written without a barrier.
func (l *Log) group() {
	for {
		select {
		case <-l.cfg.Clock.After(groupEvery):
		case <-l.quit:
			return
		}
		if err := l.wal.file.Sync(); err != nil {
			l.mu.Lock()
			l.fail(fmt.Errorf("replica: sync: %w", err))
			l.mu.Unlock()
			return
		}
	}
}

// fail stops the log. The caller holds the lock.
func (l *Log) fail(err error) {
	if l.closed {
		return
	}
	l.closed, l.err = true, err
	if err != nil && err != ErrKilled {
		l.log.Error("replicated log stops", "region", l.cfg.Region, "err", err)
	}
	for s := range l.streams {
		go s.Close()
	}
	for t, c := range l.results {
		c <- raft.Result{Token: t, Err: ErrClosed}
		delete(l.results, t)
	}
	for _, p := range l.peers {
		p.end()
	}
	close(l.quit)
	l.cfg.Net.Unhandle(l.proto)
}

// Close stops taking part and makes the directory fit to be opened again on
// any day: a clean end. It does not hand over the lead: see TransferLeader.
func (l *Log) Close() error {
	l.mu.Lock()
	failed := l.err
	l.fail(nil)
	l.mu.Unlock()
	<-l.done
	l.serving.Wait()
	var err error
	l.once.Do(func() {
		if len(l.writes) > 0 && failed == nil {
			err = l.wal.write(l.writes)
		}
		err = errors.Join(err, l.wal.close(failed == nil && err == nil))
	})
	if err != nil {
		return fmt.Errorf("replica: close: %w", err)
	}
	return nil
}

// Kill ends the log as the end of its process would: nothing more is written,
// and there is no clean end. For measuring and for tests.
func (l *Log) Kill() {
	l.mu.Lock()
	l.fail(ErrKilled)
	l.mu.Unlock()
	<-l.done
	l.serving.Wait()
	l.once.Do(func() { _ = l.wal.close(false) })
}

// ErrKilled: Kill was called.
var ErrKilled = errors.New("killed")

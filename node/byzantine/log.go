package byzantine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger-labs/SmartBFT/pkg/consensus"
	"github.com/hyperledger-labs/SmartBFT/pkg/types"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/node/outbound"
	"github.com/metatopia/metatopia/region/order"
)

// Log is one server's part of a region's log. Its methods may be called from
// any goroutine.
type Log struct {
	cfg     Config
	log     *slog.Logger
	proto   string
	self    uint64 // number of this server, from 1
	epoch   uint64
	members []base.Key
	origin  base.Tick // of Base
	disk    *disk

	cons    *consensus.Consensus
	started atomic.Bool // cons may be called
	steps   steps       // of cons, when started
	beats   chan time.Time
	turns   chan time.Time

	mu       sync.Mutex // of all below
	tick     base.Tick  // of the last record
	sum      order.Sum
	counters []uint64
	first    Base // what stands before the oldest of held
	held     []held
	latest   types.Decision // of tick; empty where the log begins
	ready    []order.Encoded
	need     *Base // see Behind
	asked    bool  // the next tick was asked for
	owed     bool  // and one more was while it was under way
	leader   uint64
	made     []byte // the record this server proposed last
	urgent   bool   // the record under way is to be on the disk proper
	mine     mine
	others   []queue // by server, from 1; the place of self is not used
	bucket   bucket
	stand    stand
	said     said
	course   course
	saved    [][]byte          // what the library kept, until it begins
	kept     kept              // and what is to be known of it
	signing  sync.RWMutex      // see mayCommit
	keeping  sync.Mutex        // held while something is let through and written; before mu
	wished   []base.Tick       // wishes that the library may still hold
	votes    []vote            // by server, from 1
	peers    []*outbound.Queue // by server, from 1; nil for self
	inbound  map[base.Key]int
	streams  map[Stream]struct{}
	silence  context.CancelFunc // ends what peers send
	asking   sync.Mutex         // held while fetching
	fetching chan answer        // where answers go while Sync waits
	closed   bool
	err      error

	wake    chan struct{}
	kick    chan struct{}
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once
	running sync.WaitGroup
	serving sync.WaitGroup
	ended   error
}

var _ order.Orderer = (*Log)(nil)

// held is a decision in memory, and what the log is after it.
type held struct {
	tick     base.Tick
	sum      order.Sum
	counters []uint64
	bytes    []byte
}

// Protocol names the streams between the servers of a region.
func Protocol(region base.ID) string { return "/metatopia/region/byzantine/1/" + region.String() }

// Open opens the log in cfg.Dir, or founds it there from cfg.Base, and begins
// to take part. The error may be ErrMember, ErrUnsure or ErrCorrupt.
func Open(cfg Config) (*Log, error) { return open(cfg, durable.Boot()) }

func open(cfg Config, boot string) (*Log, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string, uint64) {}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Net == nil || cfg.Dir == "" || cfg.Sign == nil {
		return nil, errors.New("byzantine: open: no network, no directory or no key")
	}
	d, from, err := openDisk(&cfg, boot)
	if err != nil {
		return nil, fmt.Errorf("byzantine: open: %w", err)
	}
	l := &Log{cfg: cfg, log: cfg.Log, proto: Protocol(cfg.Region), disk: d,
		epoch: from.base.Epoch, origin: from.base.Origin, members: from.base.Members, self: from.base.id(cfg.Key),
		inbound: map[base.Key]int{}, streams: map[Stream]struct{}{},
		beats: make(chan time.Time, 1), turns: make(chan time.Time, 1),
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	l.others = make([]queue, len(l.members)+1)
	l.peers = make([]*outbound.Queue, len(l.members)+1)
	l.votes = make([]vote, len(l.members)+1)
	l.course.seen = make([]uint64, len(l.members)+1)
	l.restore(&from)
	if l.self == 0 {
		err = ErrMember
	} else if err = l.replay(&from); err != nil {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err != nil {
		d.close(false)
		return nil, fmt.Errorf("byzantine: open: %w", err)
	}
	l.make(from.saved)
	ctx, cancel := context.WithCancel(context.Background())
	l.silence = cancel
	l.begin(ctx)
	cfg.Net.Handle(l.proto, l.serve)
	l.running.Go(l.start)
	l.running.Go(l.clock)
	l.running.Go(l.pace)
	l.running.Go(l.group)
	go l.finish()
	return l, nil
}

// restore makes the log one that stands at a base.
func (l *Log) restore(from *found) {
	l.first = from.base
	l.tick, l.sum, l.counters = from.base.Tick, from.base.Sum, slices.Clone(from.base.Counters)
	l.held, l.latest, l.made = nil, types.Decision{}, nil
}

// replay takes the decisions that were on disk.
func (l *Log) replay(from *found) error {
	for _, b := range from.decisions {
		d, rec, err := parseDecision(b)
		if err != nil {
			return err
		}
		if err := l.take(&d, &rec, b); err != nil {
			return err
		}
	}
	return nil
}

// take makes a decision the last one. The caller holds the lock, and has
// checked the decision's proof or had it from the library.
func (l *Log) take(d *types.Decision, rec *order.Record, encoded []byte) error {
	sum := order.SumOf(d.Proposal.Payload)
	if rec.Tick == l.tick && rec.Tick == l.first.Tick && len(l.held) == 0 && rec.Tick > l.origin {
		// That of the base itself: the library wants to know the last one.
		if sum != l.sum {
			return fmt.Errorf("byzantine: %w: tick %d is not the base's", ErrProof, rec.Tick)
		}
		l.latest = *d
		l.held = append(l.held, held{rec.Tick, sum, slices.Clone(l.counters), encoded})
		return nil
	}
	m, err := meta(d.Proposal.Metadata)
	if err != nil {
		return err
	}
	if base.Tick(m.LatestSequence)+l.origin != rec.Tick {
		return fmt.Errorf("byzantine: %w: decision %d for tick %d", ErrProof, m.LatestSequence, rec.Tick)
	}
	if err := rec.Follows(l.tick, l.sum); err != nil {
		return err
	}
	counters, err := count(l.counters, rec)
	if err != nil {
		return err
	}
	l.tick, l.sum, l.counters, l.latest = rec.Tick, sum, counters, *d
	l.held = append(l.held, held{rec.Tick, sum, counters, encoded})
	return nil
}

// accept takes a new decision, keeps it and hands it out. The caller holds the
// lock.
func (l *Log) accept(d *types.Decision, rec *order.Record) error {
	b := appendDecision(nil, d)
	known := rec.Tick == l.tick // of the base
	if err := l.take(d, rec, b); err != nil {
		return err
	}
	if err := l.disk.append(frameDecision, b, false); err != nil {
		return err
	}
	if known {
		return nil
	}
	l.ready = append(l.ready, order.Encoded{Record: *rec, Bytes: d.Proposal.Payload, Sum: l.sum})
	l.settle(rec)
	l.asked, l.owed = l.owed, false
	l.said.start = nil
	l.course.own = min(l.course.own, max(l.course.left, l.course.view)) // ticks come again
	l.course.moved, l.course.waits, l.course.changes = l.course.now, 0, 0
	l.poke()
	l.pull()
	return nil
}

// count gives the numbers of the servers' last entries after a record. It
// refuses one whose entries do not go on where each server was.
func count(counters []uint64, rec *order.Record) ([]uint64, error) {
	next := slices.Clone(counters)
	if len(rec.Runs) == 0 && len(rec.Entries) > 0 {
		return nil, fmt.Errorf("byzantine: %w: entries of nobody", ErrProof)
	}
	last := uint64(0)
	for _, r := range rec.Runs {
		if r.Server <= last || r.Server > uint64(len(counters)) || r.First != next[r.Server-1]+1 {
			return nil, fmt.Errorf("byzantine: %w: entries from %d of server %d", ErrProof, r.First, r.Server)
		}
		last = r.Server
		next[r.Server-1] += uint64(r.Count)
	}
	return next, nil
}

// poke tells whoever listens on Wake.
func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// pull lets pace look whether to ask for a tick.
func (l *Log) pull() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// fail stops the log. The caller holds the lock.
func (l *Log) fail(err error) {
	if l.closed {
		return
	}
	l.closed, l.err = true, err
	if err != nil && !errors.Is(err, ErrKilled) {
		l.log.Error("byzantine log stops", "region", l.cfg.Region, "err", err)
	}
	for s := range l.streams { //lint:sorted all of them
		go s.Close()
	}
	l.silence()
	close(l.quit)
	l.cfg.Net.Unhandle(l.proto)
	l.poke()
}

// finish waits for the end and stops the library.
func (l *Log) finish() {
	<-l.quit
	l.running.Wait()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if l.started.Load() {
			l.cons.Stop()
		}
	}()
	// It stops only while its clock goes on, and see steps.
	look := time.NewTicker(beat)
	defer look.Stop()
	n := 0
	for end, left := time.After(stopWait), true; left; {
		select {
		case <-stopped:
			left = false
		case at := <-look.C:
			l.strike(at, at)
			if n++; n > int(rescueAfter/beat) {
				l.steps.take()
			}
		case <-end:
			l.log.Warn("the agreement does not stop", "region", l.cfg.Region)
			left = false
		}
	}
	close(l.done)
	l.poke()
}

// Close stops taking part and makes the directory fit to be opened again on any
// day: a clean end.
func (l *Log) Close() error {
	l.mu.Lock()
	failed := l.err
	l.fail(nil)
	l.mu.Unlock()
	l.end(failed == nil)
	if l.ended != nil {
		return fmt.Errorf("byzantine: close: %w", l.ended)
	}
	return nil
}

// Kill ends the log as the end of its process would: there is no clean end. For
// measuring and for tests.
func (l *Log) Kill() {
	l.mu.Lock()
	l.fail(ErrKilled)
	l.mu.Unlock()
	l.end(false)
}

func (l *Log) end(clean bool) {
	<-l.done
	l.serving.Wait()
	l.once.Do(func() { l.ended = l.disk.close(clean) })
}

// ErrKilled: Kill was called.
var ErrKilled = errors.New("killed")

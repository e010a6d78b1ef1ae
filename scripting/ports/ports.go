package ports

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// Config of Ports. Table and Dial are required.
type Config struct {
	Table *process.Table
	// Dial opens a stream to a peer, to be written only.
	Dial func(ctx context.Context, peer base.Key) (io.WriteCloser, error)
	// Spawn starts a process for a peer, or gives a Refusal. It may take long.
	// nil refuses.
	Spawn func(ctx context.Context, peer base.Key, r *Request) (*process.Cap, error)
	// Fault is told of what no correct peer does; may be nil.
	Fault func(peer base.Key, why string)
	Log   *slog.Logger
	// Beat, Dead and Rest as in far.Config.
	Beat, Dead, Rest time.Duration
}

// Request asks for a process on another node.
type Request struct {
	CID  string // of the module
	Arg  []byte
	Name string
	// Flags are those of far.Spawn.
	Flags uint8
	// Parent is what the child gets to know its parent by; may be nil.
	Parent *process.Cap
}

// Refusal is why a node has not started a process: a code of far.
type Refusal struct {
	Code uint8
	Text string
}

func (r *Refusal) Error() string {
	words := "it was not started there"
	if int(r.Code) < len(refusals) && r.Code > 0 {
		words = refusals[r.Code]
	}
	if r.Text != "" {
		words += ": " + r.Text
	}
	return words
}

var refusals = [...]string{
	far.NotAgreed:   "its owner has not agreed to run processes for this node",
	far.NoModule:    "it cannot get the module",
	far.NotUsable:   "it cannot run the module",
	far.Full:        "a bound is reached there",
	far.TooLarge:    "too large",
	far.Unavailable: "not available there now",
}

// ErrUnreachable: the other node did not answer, or was lost meanwhile.
var ErrUnreachable = errors.New("the other node cannot be reached")

// Ports are those of one node. Its methods may be called from any goroutine.
type Ports struct {
	cfg    Config
	epoch  time.Time
	first  uint64 // session number of this run
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	ports map[base.Key]*port
	held  map[*process.Process]bool
	list  atomic.Pointer[[]*port] // of ports, for every end of a process
}

// New makes the ports of a node that has met nobody.
func New(cfg Config) *Ports {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Fault == nil {
		cfg.Fault = func(base.Key, string) {}
	}
	ps := &Ports{
		cfg: cfg, epoch: time.Now(), first: uint64(time.Now().UnixMilli()),
		ports: map[base.Key]*port{}, held: map[*process.Process]bool{},
	}
	ps.ctx, ps.cancel = context.WithCancel(context.Background())
	ps.list.Store(&[]*port{})
	return ps
}

// now is a clock that never goes back, in nanoseconds.
func (ps *Ports) now() int64 { return int64(time.Since(ps.epoch)) }

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// port gives the one for a peer, a new one if need be. nil when there are too
// many, or the ports are closed.
func (ps *Ports) port(peer base.Key) *port {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.ports[peer]; p != nil {
		return p
	}
	if ps.ctx.Err() != nil {
		return nil
	}
	if len(ps.ports) >= maxPorts {
		for k, p := range ps.ports { //lint:sorted any that is idle may go
			if p.idle() {
				ps.remove(k, p)
				break
			}
		}
	}
	if len(ps.ports) >= maxPorts {
		return nil
	}
	// A session of an earlier port for the peer has a lower number.
	session := ps.first + uint64(time.Since(ps.epoch).Milliseconds())
	p := newPort(ps, peer, far.Config{
		Session: session, Rand: random,
		Beat: int64(ps.cfg.Beat), Dead: int64(ps.cfg.Dead), Rest: int64(ps.cfg.Rest),
	})
	ps.ports[peer] = p
	ps.relist()
	ps.wg.Go(p.tend)
	ps.wg.Go(p.speak)
	return p
}

// remove needs the lock.
func (ps *Ports) remove(k base.Key, p *port) {
	delete(ps.ports, k)
	ps.relist()
	p.cancel()
}

func (ps *Ports) relist() {
	var all []*port
	for _, p := range ps.ports { //lint:sorted each on its own
		all = append(all, p)
	}
	ps.list.Store(&all)
}

// Ended must be called for every process of the table that has ended, after
// everybody else was told.
func (ps *Ports) Ended(p *process.Process, r process.Reason) {
	for _, pt := range *ps.list.Load() {
		pt.ended(p, r)
	}
	if isProxy(p) {
		ps.mu.Lock()
		delete(ps.held, p)
		ps.mu.Unlock()
	}
}

// Hold keeps a proxy, and has its end told, until that: for one that nobody but
// a person cares for. Bound links it to the node itself.
func (ps *Ports) Hold(c *process.Cap, i process.Interest) {
	p := c.Process()
	if !isProxy(p) {
		return
	}
	ps.mu.Lock()
	ps.held[p] = true
	ps.mu.Unlock()
	if _, over := p.Ended(); over {
		ps.mu.Lock()
		delete(ps.held, p)
		ps.mu.Unlock()
		return
	}
	p.Observe(ps, i)
}

// Spawn starts a process on another node and waits for it, at most SpawnWait.
// with is called before anything is heard of the new process, to link and
// monitor it; it may be nil. Errors: a *Refusal, ErrUnreachable,
// process.ErrFull, process.ErrTooLarge, that of ctx.
func (ps *Ports) Spawn(ctx context.Context, to base.Key, r *Request, with func(s *process.Starting) error) (*process.Cap, error) {
	p := ps.port(to)
	if p == nil {
		return nil, fmt.Errorf("%w: of nodes with processes for each other", process.ErrFull)
	}
	ctx, cancel := context.WithTimeout(ctx, SpawnWait)
	defer cancel()
	a, err := p.spawn(r, with)
	if err != nil {
		return nil, err
	}
	select {
	case <-a.done:
		return a.cap, a.err
	case <-ctx.Done():
	case <-ps.ctx.Done():
	}
	if p.abandon(a) {
		return nil, fmt.Errorf("%w: no answer", ErrUnreachable)
	}
	<-a.done
	return a.cap, a.err
}

// Close ends all sessions; call it when the table's processes have ended.
func (ps *Ports) Close() {
	ps.mu.Lock()
	all := *ps.list.Load()
	ps.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(p.bye)
	}
	wg.Wait()
	ps.cancel()
	ps.wg.Wait()
}

// Peer is what is open with one.
type Peer struct {
	Key     base.Key
	Exports int // capabilities to processes here that it holds
	Imports int
}

// Peers lists those with which something is open.
func (ps *Ports) Peers() (all []Peer) {
	for _, p := range *ps.list.Load() {
		p.mu.Lock()
		e, i := p.core.Sizes()
		p.mu.Unlock()
		if e+i > 0 {
			all = append(all, Peer{p.peer, e, i})
		}
	}
	return all
}

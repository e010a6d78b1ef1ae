package process

import (
	"errors"
	"sync/atomic"
	"time"
)

// Spec says what to start. Exactly one of Handler, Blocking and Proxy is set.
type Spec struct {
	Name     string // for people
	Handler  Handler
	Blocking Blocking
	Proxy    Proxy
	Priority Priority
	// TrapExits turns the ends of linked processes into letters from the
	// start.
	TrapExits bool
	// Of is for the node: what the process belongs to.
	Of any
}

// State of a process.
type State uint8

const (
	Running State = iota // or about to
	Waiting              // for a letter
	Ended
)

func (s State) String() string { return [...]string{"running", "waiting", "ended"}[s] }

// Info describes a process at one moment.
type Info struct {
	ID       uint64
	Name     string
	State    State
	Reason   Reason // when Ended
	Waiting  int    // letters in the mailbox
	Refused  uint64 // messages for which there was no room
	Received uint64
	Links    int
	Started  time.Time
	Ended    time.Time
}

// Process is one process of a Table.
type Process struct {
	id      uint64
	table   *Table
	spec    Spec
	self    *Cap
	box     mailbox
	handles Handles // the process's own
	started bool    // Handler.Start was called
	hog     bool    // its last turn used up its slice
	born    time.Time

	stop    atomic.Pointer[Reason] // it is to end; nil while it lives
	stopped chan struct{}          // closed then; of a blocking process
	wake    chan struct{}          // one token; of a blocking process

	// Under table.mu.
	peers   map[*Process]int64 // linked: tag of the link here
	heard   map[*monitor]struct{}
	hears   map[uint64]*monitor
	names   []string
	timers  map[uint64]*time.Timer
	lastRef uint64
	done    chan struct{} // closed when it is over; made when asked for
	trap    bool
	over    bool // the end has been told
	reason  Reason
	ended   time.Time
}

// ID is for listings of the node; guests never see it.
func (p *Process) ID() uint64 { return p.id }

// Of is what Spec.Of was.
func (p *Process) Of() any { return p.spec.Of }

// Cap is the capability to p with all rights. The node may hand it out.
func (p *Process) Cap() *Cap { return p.self }

// Handles are the capabilities that the process holds; its own only.
func (p *Process) Handles() *Handles { return &p.handles }

// Stopped is closed when a blocking process is to end.
func (p *Process) Stopped() <-chan struct{} { return p.stopped }

// Stopping says that the process is to end.
func (p *Process) Stopping() bool { return p.stop.Load() != nil }

// post files a letter and wakes p.
func (p *Process) post(l Letter) error {
	if p.spec.Proxy != nil {
		if l.Signal != nil {
			return nil
		}
		return p.spec.Proxy.Forward(p, &l)
	}
	wake, err := p.box.post(l)
	if err == nil && wake {
		p.rouse()
	}
	return err
}

// rouse lets p run again; it was idle.
func (p *Process) rouse() {
	if p.spec.Handler != nil {
		p.table.workers.enqueue(p)
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// finish makes a process end for a reason. The first reason counts.
func (p *Process) finish(r Reason) {
	if !p.stop.CompareAndSwap(nil, &r) {
		return
	}
	switch {
	case p.spec.Proxy != nil:
		p.table.end(p, r)
	case p.spec.Handler != nil:
		if p.box.busy() {
			p.table.workers.enqueue(p)
		}
	default:
		close(p.stopped)
	}
}

// turn runs a handler until it has no letters, its slice is used up, or it
// ends. One worker at a time is in it.
func (p *Process) turn() {
	err := p.work()
	switch {
	case err == errIdle: // somebody else may have p by now
		return
	case err == nil && !p.Stopping():
		p.table.workers.enqueue(p)
		return
	}
	r := reasonOf(err)
	p.stop.CompareAndSwap(nil, &r)
	p.spec.Handler.Stop(p)
	p.table.end(p, *p.stop.Load())
}

var errIdle = errors.New("idle")

func (p *Process) work() error {
	h := p.spec.Handler
	if !p.started && !p.Stopping() {
		p.started = true
		if err := h.Start(p); err != nil {
			return err
		}
	}
	p.hog = false
	for range batch {
		if p.Stopping() {
			return nil
		}
		l, got, idle := p.box.take(&Pick{}, &p.stop)
		if idle {
			return errIdle
		}
		if !got {
			return nil // it is to end
		}
		if err := h.Handle(p, &l); err != nil {
			return err
		}
		if h.Spent() {
			p.hog = true
			break
		}
	}
	return nil
}

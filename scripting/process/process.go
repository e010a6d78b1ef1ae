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
	// Room is what the messages that wait for it use; nil has no bound beyond
	// that of a mailbox.
	Room *Budget
	// Of is for the node: what the process belongs to.
	Of any
}

// State of a process.
type State uint8

const (
	Running State = iota // or about to
	Waiting              // for a letter, or for something of the node
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
	Monitors int // others that are told of its end
	Started  time.Time
	Ended    time.Time
}

// Process is one process of a Table. What a letter to it and from it touches
// stands together at the front: among many processes, memory is what takes time.
type Process struct {
	self    Cap
	stop    atomic.Pointer[Reason] // it is to end; nil while it lives
	handler Handler                // of spec, as are the next ones
	room    *Budget
	prio    Priority
	remote  bool        // it has a proxy
	begun   bool        // Handler.Start was called
	hog     bool        // its last turn used up its slice
	outside atomic.Bool // something of the node runs for it

	table   *Table
	place   *worker // that runs it; of a handler, the process's own
	box     mailbox
	handles Handles       // the process's own
	wake    chan struct{} // one token; of a blocking process

	id      uint64
	spec    Spec
	born    time.Time
	stopped chan struct{} // closed when it is to end, if somebody asked; under box.mu

	// Under table.mu.
	peers   map[*Process]int64 // linked: tag of the link here
	heard   map[*monitor]struct{}
	hears   map[uint64]*monitor
	names   []nameIn
	timers  map[uint64]*time.Timer
	lastRef uint64
	done    chan struct{} // closed when it is over; made when asked for
	trap    bool
	outer   map[any]Interest // of the node's own in the end of a proxy
	over    bool             // it has ended
	told    bool             // and everybody knows
	reason  Reason
	ended   time.Time
}

// ID is for listings of the node; guests never see it.
func (p *Process) ID() uint64 { return p.id }

// Of is what Spec.Of was.
func (p *Process) Of() any { return p.spec.Of }

// Cap is the capability to p with all rights. The node may hand it out.
func (p *Process) Cap() *Cap { return &p.self }

// Handles are the capabilities that the process holds; its own only.
func (p *Process) Handles() *Handles { return &p.handles }

// closed is a channel for those that have stopped already.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Stopped is closed when p is to end.
func (p *Process) Stopped() <-chan struct{} {
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	switch {
	case p.stop.Load() != nil:
		return closed
	case p.stopped == nil:
		p.stopped = make(chan struct{})
	}
	return p.stopped
}

// Stopping says that the process is to end.
func (p *Process) Stopping() bool { return p.stop.Load() != nil }

// post files a letter and wakes p.
func (p *Process) post(l *Letter) error {
	if p.remote {
		if l.Signal != nil {
			return nil
		}
		on := *l // l itself need not be on the heap
		return p.spec.Proxy.Forward(p, &on)
	}
	wake, err := p.box.post(l, p.room)
	if wake {
		p.rouse()
	}
	return err
}

// Reserve keeps room in p's mailbox for a message of size bytes that will come
// for certain; false when there is none.
func (p *Process) Reserve(size int) bool {
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	return !p.box.shut && p.box.reserve(size+letterCost, p.room)
}

// Deliver puts a message without capabilities into the room for size bytes that
// Reserve kept. The data must fit.
func (p *Process) Deliver(l Letter, size int) {
	l.Signal, l.Caps = nil, nil
	if p.box.deliver(&l, size+letterCost, p.room) {
		p.rouse()
	}
}

// rouse lets p run again; it was idle.
func (p *Process) rouse() {
	if p.handler != nil {
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
	if p.remote {
		p.table.end(p, r)
		return
	}
	p.box.mu.Lock()
	idle := p.box.idle
	p.box.idle = false
	if p.stopped != nil {
		close(p.stopped)
		p.stopped = nil
	}
	p.box.mu.Unlock()
	if idle {
		p.rouse()
	}
}

// turn runs a handler until it has no letters, its slice is used up, or it
// ends. One worker at a time is in it.
func (p *Process) turn(w *worker) {
	p.place = w
	err := p.work(&w.letter)
	w.letter = Letter{}
	switch {
	case err == errIdle: // somebody else may have p by now
		return
	case err == nil && !p.Stopping():
		p.table.workers.enqueue(p)
		return
	}
	p.finish(reasonOf(err)) // so that what runs for it elsewhere ends too
	p.handler.Stop(p)
	p.table.end(p, *p.stop.Load())
}

var errIdle = errors.New("idle")

func (p *Process) work(l *Letter) error {
	h := p.handler
	if !p.begun && !p.Stopping() {
		p.begun = true
		if err := h.Start(p); err != nil {
			return err
		}
	}
	p.hog = false
	for range batch {
		if p.Stopping() {
			return nil
		}
		got, idle := p.box.take(nil, &p.stop, p.room, l)
		if idle {
			return errIdle
		}
		if !got {
			return nil // it is to end
		}
		if err := h.Handle(p, l); err != nil {
			return err
		}
		if h.Spent() {
			p.hog = true
			break
		}
	}
	return nil
}

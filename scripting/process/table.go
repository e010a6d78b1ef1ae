package process

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
	"weak"
)

// Config of a Table. Zero fields take defaults.
type Config struct {
	Slots int // processes that run at the same time; 0 is 1
	Max   int // processes alive; 0 is 1<<20
	Keep  int // ended ones that are still listed; 0 is 64
	// OnEnd is told of every end, once, after links and monitors; may be nil.
	// It is called without locks.
	OnEnd func(p *Process, r Reason)
	// OnForget is told when an ended process is listed no more; may be nil.
	OnForget func(p *Process)
}

// Table is the processes of a node.
type Table struct {
	cfg     Config
	slots   slots
	workers workers
	running sync.WaitGroup // goroutines of blocking processes

	mu     sync.Mutex
	last   uint64
	alive  map[uint64]*Process
	absent map[uint64]weak.Pointer[Process] // proxies: they live while somebody has them
	ended  []*Process                       // the oldest first
	closed bool
}

// NewTable makes an empty table.
func NewTable(cfg Config) *Table {
	cfg.Slots = max(cfg.Slots, 1)
	cfg.Max = cmp.Or(cfg.Max, 1<<20)
	cfg.Keep = cmp.Or(cfg.Keep, 64)
	if cfg.OnEnd == nil {
		cfg.OnEnd = func(*Process, Reason) {}
	}
	if cfg.OnForget == nil {
		cfg.OnForget = func(*Process) {}
	}
	t := &Table{cfg: cfg, alive: map[uint64]*Process{}, absent: map[uint64]weak.Pointer[Process]{}}
	t.slots.free = cfg.Slots
	t.workers = workers{slots: &t.slots, most: cfg.Slots}
	return t
}

// Spawn starts a process. It comes alive linked to and monitored by whom with
// says, so that no end is missed: with is called under the table's lock and may
// use only what it is given. It may be nil. Errors: ErrFull, ErrClosed, those
// of with (then nothing was started).
func (t *Table) Spawn(spec Spec, with func(s *Starting) error) (*Process, error) {
	return t.SpawnWith(func() (Spec, error) { return spec, nil }, with)
}

// SpawnWith is Spawn of what make gives, which is called under the table's lock
// too.
func (t *Table) SpawnWith(make func() (Spec, error), with func(s *Starting) error) (*Process, error) {
	t.mu.Lock()
	spec, err := make()
	var s *Starting
	if err == nil {
		s, err = t.spawn(spec, with)
	}
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.begin(), nil
}

func (t *Table) spawn(spec Spec, with func(s *Starting) error) (*Starting, error) {
	switch {
	case t.closed:
		return nil, ErrClosed
	case len(t.alive)+len(t.absent) >= t.cfg.Max:
		return nil, ErrFull
	}
	t.last++
	p := &Process{
		handler: spec.Handler, room: spec.Room, prio: spec.Priority, remote: spec.Proxy != nil,
		id: t.last, table: t, spec: spec, trap: spec.TrapExits, born: time.Now(),
	}
	p.self = Cap{to: p, rights: All}
	if spec.Blocking != nil {
		p.wake = make(chan struct{}, 1)
	}
	s := &Starting{t: t, p: p}
	if with != nil {
		if err := with(s); err != nil {
			p.cut(&ties{})
			return nil, err
		}
	}
	t.add(p)
	return s, nil
}

// begin lets a new process run.
func (s *Starting) begin() *Process {
	for _, q := range s.watch {
		q.watched()
	}
	p := s.p
	switch t := p.table; {
	case p.handler != nil:
		t.workers.enqueue(p)
	case p.spec.Blocking != nil:
		t.running.Go(p.live)
	}
	return p
}

// live is the goroutine of a blocking process.
func (p *Process) live() {
	t := p.table
	t.slots.take(p.prio)
	var err error
	if !p.Stopping() {
		err = p.spec.Blocking.Run(p)
	}
	p.finish(reasonOf(err)) // so that what runs for it elsewhere ends too
	p.spec.Blocking.Stop(p)
	t.slots.give()
	t.end(p, *p.stop.Load())
}

// List gives those alive and, with all, the last ended, by number.
func (t *Table) List(all bool) []*Process {
	t.mu.Lock()
	ps := make([]*Process, 0, len(t.alive))
	for _, p := range t.alive {
		ps = append(ps, p)
	}
	ps = t.proxies(ps)
	if all {
		ps = append(ps, t.ended...)
	}
	t.mu.Unlock()
	slices.SortFunc(ps, func(a, b *Process) int { return cmp.Compare(a.id, b.id) })
	return ps
}

// Find gives a process by its number, alive or lately ended.
func (t *Table) Find(id uint64) (*Process, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.alive[id]; p != nil {
		return p, nil
	}
	if p := t.absent[id].Value(); p != nil {
		return p, nil
	}
	for _, p := range t.ended {
		if p.id == id {
			return p, nil
		}
	}
	return nil, ErrNoProcess
}

// Len is how many are alive here.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.alive)
}

// Info describes p now.
func (p *Process) Info() Info {
	p.box.mu.Lock()
	i := Info{ID: p.id, Name: p.spec.Name, Waiting: int(p.box.queue.n), Refused: p.box.refused, Received: p.box.taken, Started: p.born}
	if p.box.idle || p.outside.Load() {
		i.State = Waiting
	}
	p.box.mu.Unlock()
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	i.Links, i.Monitors = len(p.peers), len(p.heard)
	if p.over {
		i.State, i.Reason, i.Ended = Ended, p.reason, p.ended
	}
	return i
}

// Wait blocks until p has ended and everybody was told, and says why.
func (p *Process) Wait(ctx context.Context) (Reason, error) {
	t := p.table
	t.mu.Lock()
	if p.told {
		defer t.mu.Unlock()
		return p.reason, nil
	}
	if p.done == nil {
		p.done = make(chan struct{})
	}
	done := p.done
	t.mu.Unlock()
	select {
	case <-done:
		return p.reason, nil
	case <-ctx.Done():
		return Reason{}, ctx.Err()
	}
}

// Close ends all processes and waits for them.
func (t *Table) Close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	ps := t.List(false)
	for _, p := range ps {
		if p.spec.Proxy != nil {
			p.finish(Reason{End: Unreachable, Text: "the node stops"})
			continue
		}
		p.finish(Reason{End: Killed, Text: "the node stops"})
	}
	for _, p := range ps {
		if _, err := p.Wait(ctx); err != nil {
			return err
		}
	}
	t.running.Wait()
	return nil
}

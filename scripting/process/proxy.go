package process

import (
	"runtime"
	"weak"
)

// Interest in the end of a process.
type Interest uint8

const (
	Indifferent Interest = iota
	Told                 // as by a monitor
	Bound                // as by a link
)

// Observe has the node itself, in the name of by, take an interest in the end of
// a proxy. More than before counts; Indifferent ends it. The table's OnEnd tells
// of the end.
func (p *Process) Observe(by any, i Interest) {
	t := p.table
	t.mu.Lock()
	switch {
	case p.over:
	case i == Indifferent:
		delete(p.outer, by)
	default:
		if p.outer == nil {
			p.outer = map[any]Interest{}
		}
		p.outer[by] = max(i, p.outer[by])
	}
	t.mu.Unlock()
	p.watched()
}

// Watched says whether the end of a proxy would be told to anybody here, and
// whether anybody here is linked to it.
func (p *Process) Watched() (monitored, linked bool) {
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	linked = len(p.peers) > 0
	monitored = len(p.heard) > 0
	for _, i := range p.outer { //lint:sorted a sum has no order
		linked = linked || i == Bound
		monitored = monitored || i == Told
	}
	return monitored, linked
}

// watched tells a proxy. Nothing is locked.
func (p *Process) watched() {
	if p.spec.Proxy != nil && !p.Stopping() {
		p.spec.Proxy.Watched(p)
	}
}

// Join makes links and monitors of a process as Spawn does, for one that has
// started. It must be alive: ErrNoProcess.
func (p *Process) Join(with func(s *Starting) error) error {
	t := p.table
	t.mu.Lock()
	if p.over {
		t.mu.Unlock()
		return ErrNoProcess
	}
	s := &Starting{t: t, p: p}
	err := with(s)
	t.mu.Unlock()
	p.watched()
	for _, q := range s.watch {
		q.watched()
	}
	return err
}

// add files a process that is alive. It needs the lock.
func (t *Table) add(p *Process) {
	if p.spec.Proxy == nil {
		t.alive[p.id] = p
		return
	}
	t.absent[p.id] = weak.Make(p)
	runtime.AddCleanup(p, func(id uint64) {
		t.mu.Lock()
		delete(t.absent, id)
		t.mu.Unlock()
	}, p.id)
}

// remove needs the lock.
func (t *Table) remove(p *Process) {
	delete(t.alive, p.id)
	delete(t.absent, p.id)
}

// proxies appends those that somebody has. It needs the lock.
func (t *Table) proxies(to []*Process) []*Process {
	for _, w := range t.absent { //lint:sorted the caller sorts
		if p := w.Value(); p != nil {
			to = append(to, p)
		}
	}
	return to
}

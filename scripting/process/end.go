package process

import (
	"slices"
	"time"
)

// Finish makes a process end for a reason: by the node, not by a guest. The
// first reason counts. It does not wait.
func (p *Process) Finish(r Reason) {
	if p.remote {
		p.spec.Proxy.Kill(p) // its own node ends it and says so
		return
	}
	p.finish(r)
}

// Over ends a proxy: its process has, or cannot be reached.
func (p *Process) Over(r Reason) { p.finish(r) }

// Ended gives the reason once p has.
func (p *Process) Ended() (r Reason, over bool) {
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	return p.reason, p.over
}

// exit is what a link brings.
func (p *Process) exit(tag int64, r Reason) {
	t := p.table
	t.mu.Lock()
	trap, over := p.trap, p.over
	t.mu.Unlock()
	switch {
	case over:
	case p.spec.Proxy != nil:
		p.spec.Proxy.Exited(p, r)
	case trap:
		p.post(&Letter{Tag: tag, Signal: &Signal{Kind: Exit, Reason: r}})
	case r.End != Normal:
		p.Finish(r.passed())
	}
}

// ties are whom the end of a process concerns.
type ties struct {
	linked   []tie
	monitors []*monitor
	proxies  []*Process // that may be watched no more
}

type tie struct {
	p   *Process
	tag int64
}

func (t *ties) unwatch(q *Process) {
	if q.spec.Proxy != nil && !slices.Contains(t.proxies, q) {
		t.proxies = append(t.proxies, q)
	}
}

// cut undoes everything that ties p to others. It needs the lock.
func (p *Process) cut(into *ties) {
	for q := range p.peers { //lint:sorted below
		into.linked = append(into.linked, tie{q, q.peers[p]})
		delete(q.peers, p)
		into.unwatch(q)
	}
	for m := range p.heard { //lint:sorted below
		into.monitors = append(into.monitors, m)
		delete(m.by.hears, m.ref)
	}
	for _, m := range p.hears { //lint:sorted each on its own
		delete(m.of.heard, m)
		into.unwatch(m.of)
	}
	for _, timer := range p.timers { //lint:sorted each on its own
		timer.Stop()
	}
	for _, n := range p.names {
		delete(n.in.by, n.name)
	}
	p.peers, p.heard, p.hears, p.timers, p.names = nil, nil, nil, nil, nil
	slices.SortFunc(into.linked, func(a, b tie) int { return int(int64(a.p.id) - int64(b.p.id)) })
	slices.SortFunc(into.monitors, func(a, b *monitor) int {
		if a.by != b.by {
			return int(int64(a.by.id) - int64(b.by.id))
		}
		return int(int64(a.ref) - int64(b.ref))
	})
}

// end tells everybody, once. The body has stopped.
func (t *Table) end(p *Process, r Reason) {
	t.mu.Lock()
	if p.over {
		t.mu.Unlock()
		return
	}
	p.over, p.reason, p.ended = true, r, time.Now()
	var told ties
	p.cut(&told)
	t.remove(p)
	var forgotten *Process
	if t.ended = append(t.ended, p); len(t.ended) > t.cfg.Keep {
		forgotten = t.ended[0]
		t.ended = slices.Delete(t.ended, 0, 1)
	}
	t.mu.Unlock()

	p.box.close(p.room)
	p.handles = Handles{}
	for _, m := range told.monitors {
		m.by.post(&Letter{Tag: m.tag, Signal: &Signal{Kind: Down, Ref: m.ref, Reason: r}})
	}
	for _, q := range told.linked {
		q.p.exit(q.tag, r)
	}
	for _, q := range told.proxies {
		q.spec.Proxy.Watched(q)
	}
	t.cfg.OnEnd(p, r)
	if forgotten != nil {
		t.cfg.OnForget(forgotten)
	}
	t.mu.Lock()
	p.told = true
	if p.done != nil {
		close(p.done)
	}
	t.mu.Unlock()
}

package ports

import (
	"errors"

	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// event carries one out. p.run and p.mu are held; mu is let go while processes
// are told.
func (p *port) event(ev far.Event) {
	switch ev := ev.(type) {
	case far.Arrived:
		l, err := p.letter(ev.Message)
		if err != nil {
			p.of.cfg.Log.Warn("message of a peer lost", "peer", p.peer.Short(), "err", err)
			return
		}
		if p.deliver(ev.Number, ev.Ref, l) {
			m := ev.Message
			m.Held = l
			p.core.NoRoom(p.of.now(), ev.Number, m)
		}
	case far.Watching:
		p.watch(ev.Number, ev.Ref, ev.Watch)
	case far.Exited:
		if c := p.given[ev.Ref]; c != nil {
			p.unlocked(func() { _ = c.Exit(reasonFrom(ev.Reason)) })
		}
	case far.Killed:
		c := p.given[ev.Ref]
		if c == nil {
			return
		}
		p.watch(ev.Number, ev.Ref, far.Monitored)
		var err error
		p.unlocked(func() { err = c.Kill() })
		if errors.Is(err, process.ErrRevoked) {
			p.core.TakenBack(p.of.now(), ev.Number)
		}
	case far.Over:
		if e := p.got[ev.Number]; e != nil {
			if proc := e.proc.Value(); proc != nil {
				p.unlocked(func() { proc.Over(reasonFrom(ev.Reason)) })
			}
		}
	case far.Asked:
		p.start(ev)
	case far.Answered:
		p.answered(ev)
	case far.Forgotten:
		if c := p.given[ev.Ref]; c != nil {
			p.forget(ev.Ref)
			p.unobserve(c.Process())
		}
	case far.Refusal:
		p.of.cfg.Log.Debug("messages to a process elsewhere found no room", "peer", p.peer.Short(), "lost", ev.Lost)
	case far.Lost:
		p.lost(ev)
	case far.Fault:
		p.of.cfg.Log.Info("peer broke the rules of processes", "peer", p.peer.Short(), "why", ev.Why)
		p.unlocked(func() { p.of.cfg.Fault(p.peer, ev.Why) })
	}
}

// letter makes one of a message. p.mu is held.
func (p *port) letter(m far.Message) (*process.Letter, error) {
	l := &process.Letter{Tag: m.Tag, Data: m.Data}
	for _, c := range m.Caps {
		own, err := p.incoming(c, "elsewhere", "", nil)
		if err != nil {
			return nil, err
		}
		l.Caps = append(l.Caps, own)
	}
	return l, nil
}

// deliver puts a letter into a mailbox; true when there is no room. p.mu is let
// go meanwhile.
func (p *port) deliver(n far.Number, ref far.Ref, l *process.Letter) (full bool) {
	c := p.given[ref]
	if c == nil {
		return false
	}
	var err error
	p.unlocked(func() { err = c.Send(*l) })
	switch {
	case errors.Is(err, process.ErrFull):
		return true
	case errors.Is(err, process.ErrRevoked):
		p.core.TakenBack(p.of.now(), n)
	case errors.Is(err, process.ErrNoProcess):
		p.core.Ended(p.of.now(), n, far.Reason{End: uint8(process.Gone)})
	}
	return false
}

// retry gives what waits to mailboxes that have room again. p.run and p.mu are
// held.
func (p *port) retry() {
	for _, w := range p.core.Stashed() {
		for {
			m, ok := p.core.First(w.Number)
			if !ok {
				break
			}
			l, ok := m.Held.(*process.Letter)
			if !ok {
				var err error
				if l, err = p.letter(m); err != nil {
					p.core.Taken(p.of.now(), w.Number)
					continue
				}
				p.core.Hold(w.Number, l)
			}
			if p.deliver(w.Number, w.Ref, l) {
				break
			}
			p.core.Taken(p.of.now(), w.Number)
		}
	}
}

// watch has the peer told of the end of a process of ours.
func (p *port) watch(n far.Number, ref far.Ref, w far.Watch) {
	c := p.given[ref]
	if c == nil {
		return
	}
	proc := c.Process()
	if isProxy(proc) { // which is watched where it lives only if somebody asks
		interest := process.Told
		if w == far.Linked {
			interest = process.Bound
		}
		p.unlocked(func() { proc.Observe(p, interest) })
	}
	if _, over := proc.Ended(); over {
		p.core.Ended(p.of.now(), n, far.Reason{End: uint8(process.Gone)})
	}
}

// unobserve ends what watch began, when the peer has no capability to the
// process any more. p.mu is held.
func (p *port) unobserve(proc *process.Process) {
	if isProxy(proc) && len(p.byProc[proc]) == 0 {
		p.unlocked(func() { proc.Observe(p, process.Indifferent) })
	}
}

// ended is told of the end of any process of the table.
func (p *port) ended(proc *process.Process, r process.Reason) {
	p.mu.Lock()
	none := len(p.byProc[proc]) == 0
	p.mu.Unlock()
	if none { // nearly always
		return
	}
	p.call(func(core *far.Peer, now int64) {
		for _, ref := range p.byProc[proc] {
			core.EndedOwn(now, ref, reasonTo(r))
		}
	})
}

// lost is the end of an epoch. p.run and p.mu are held.
func (p *port) lost(ev far.Lost) {
	var proxies, linked, ours []*process.Process
	for _, e := range p.got { //lint:sorted each on its own
		e.gone = true
		if proc := e.proc.Value(); proc != nil {
			proxies = append(proxies, proc)
		}
	}
	for _, ref := range ev.Linked {
		if c := p.given[ref]; c != nil {
			linked = append(linked, c.Process())
		}
	}
	for proc := range p.byProc { //lint:sorted each on its own
		if isProxy(proc) {
			ours = append(ours, proc)
		}
	}
	asked := p.asked
	p.clear()
	if len(proxies)+len(linked) > 0 {
		p.of.cfg.Log.Info("node of processes lost", "peer", p.peer.Short(), "processes there", len(proxies), "linked here", len(linked))
	}
	p.unlocked(func() {
		r := process.Reason{End: process.Unreachable, Text: "unreachable"}
		for _, proc := range proxies {
			proc.Over(r)
		}
		for _, proc := range linked {
			_ = proc.Cap().Exit(r)
		}
		for _, proc := range ours {
			proc.Observe(p, process.Indifferent)
		}
		for _, a := range asked { //lint:sorted each on its own
			a.finish(nil, ErrUnreachable)
		}
	})
}

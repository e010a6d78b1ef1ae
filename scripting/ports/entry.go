package ports

import (
	"errors"
	"runtime"
	"weak"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// entry is a process of the peer's that this node has a capability to: the body
// of its proxy. The proxy lives as long as somebody has it: when the collector
// says that nobody does, the peer is told to forget it.
type entry struct {
	port   *port
	number far.Number
	gen    uint64
	name   string
	cid    string
	rights process.Rights
	hops   uint8
	proc   weak.Pointer[process.Process]
	gone   bool // its epoch is over, or it has been dropped; under port.mu
}

func isProxy(p *process.Process) bool {
	_, ok := p.Of().(*entry)
	return ok
}

// Remote describes what stands behind a proxy.
type Remote struct {
	Peer    base.Key
	CID     string // when it was spawned from here
	Hops    int    // nodes between, besides its own
	Refused uint64 // messages for which there was no room there
}

// RemoteOf describes a proxy; ok is false for any other process.
func RemoteOf(p *process.Process) (r Remote, ok bool) {
	e, ok := p.Of().(*entry)
	if !ok {
		return r, false
	}
	e.port.mu.Lock()
	defer e.port.mu.Unlock()
	return Remote{Peer: e.port.peer, CID: e.cid, Hops: int(e.hops), Refused: e.port.core.Refused(e.number)}, true
}

// NameOf is what a listing calls a proxy.
func NameOf(p *process.Process) string {
	if e, ok := p.Of().(*entry); ok {
		return e.name
	}
	return ""
}

// Forward implements process.Proxy.
func (e *entry) Forward(_ *process.Process, l *process.Letter) (err error) {
	pt := e.port
	pt.call(func(core *far.Peer, now int64) {
		if e.gone {
			err = process.ErrNoProcess
			return
		}
		m := far.Message{Tag: l.Tag, Data: l.Data}
		for _, c := range l.Caps {
			m.Caps = append(m.Caps, pt.outgoing(c))
		}
		err = errorOf(core.Send(now, e.number, m))
		pt.settle(l.Caps)
	})
	return err
}

// Watched implements process.Proxy.
func (e *entry) Watched(p *process.Process) {
	e.port.call(func(core *far.Peer, now int64) {
		if !e.gone {
			core.Watch(now, e.number, watchOf(p.Watched()))
		}
	})
}

// Exited implements process.Proxy.
func (e *entry) Exited(_ *process.Process, r process.Reason) {
	e.port.call(func(core *far.Peer, now int64) {
		if !e.gone {
			core.Exit(now, e.number, reasonTo(r))
		}
	})
}

// Kill implements process.Proxy.
func (e *entry) Kill(*process.Process) {
	e.port.call(func(core *far.Peer, now int64) {
		if !e.gone {
			_ = core.Kill(now, e.number)
		}
	})
}

// dropped is what is left of a proxy that nobody has any more.
type dropped struct {
	port   *port
	number far.Number
	gen    uint64
}

func (d dropped) drop() {
	d.port.call(func(core *far.Peer, now int64) {
		if e := d.port.got[d.number]; e != nil && e.gen == d.gen {
			e.gone = true
			delete(d.port.got, d.number)
			core.Drop(now, d.number)
		}
	})
}

// incoming gives the capability that the peer means. p.mu is held. with and name
// are for a new proxy, as are cid and with's links.
func (p *port) incoming(c far.Cap, name, cid string, with func(s *process.Starting) error) (*process.Cap, error) {
	if c.Own {
		own := p.given[c.Ref]
		if own == nil {
			return nil, process.ErrNoProcess
		}
		return own.Demote(process.Rights(c.Rights)), nil
	}
	if e := p.got[c.Number]; e != nil {
		if proc := e.proc.Value(); proc != nil {
			return proc.Cap().Demote(process.Rights(c.Rights)), nil
		}
		e.gone = true // a new proxy takes its place
	}
	p.gen++
	e := &entry{port: p, number: c.Number, gen: p.gen, name: name, cid: cid, rights: process.Rights(c.Rights), hops: c.Hops}
	p.got[c.Number] = e
	proc, err := p.of.cfg.Table.Spawn(process.Spec{Name: name, Proxy: e, Of: e}, func(s *process.Starting) error {
		e.proc = weak.Make(s.Process())
		if with != nil {
			return with(s)
		}
		return nil
	})
	if err != nil {
		e.gone = true
		delete(p.got, c.Number)
		p.core.Drop(p.of.now(), c.Number)
		return nil, err
	}
	runtime.AddCleanup(proc, dropped.drop, dropped{p, c.Number, e.gen})
	return proc.Cap().Demote(e.rights), nil
}

// outgoing gives the form of a capability that goes to the peer. p.mu is held;
// settle must follow.
func (p *port) outgoing(c *process.Cap) far.Cap {
	e, _ := c.Process().Of().(*entry)
	if e != nil && e.port == p && !e.gone && !c.Lent() {
		return far.Cap{Number: e.number, Rights: far.Rights(c.Rights())}
	}
	ref, ok := p.refs[*c]
	if !ok {
		p.ref++
		ref = p.ref
		p.refs[*c], p.given[ref] = ref, c
		p.byProc[c.Process()] = append(p.byProc[c.Process()], ref)
	}
	out := far.Cap{Own: true, Ref: ref, Rights: far.Rights(c.Rights())}
	if e != nil {
		out.Hops = e.hops + 1
	}
	return out
}

// settle forgets those of caps that did not go out after all. p.mu is held.
func (p *port) settle(caps []*process.Cap) {
	for _, c := range caps {
		if ref, ok := p.refs[*c]; ok && !p.core.Holds(ref) {
			p.forget(ref)
		}
	}
}

// forget drops a ref. p.mu is held.
func (p *port) forget(ref far.Ref) {
	c := p.given[ref]
	if c == nil {
		return
	}
	delete(p.given, ref)
	delete(p.refs, *c)
	proc := c.Process()
	all := p.byProc[proc]
	for i, r := range all {
		if r == ref {
			all = append(all[:i:i], all[i+1:]...)
			break
		}
	}
	if len(all) == 0 {
		delete(p.byProc, proc)
	} else {
		p.byProc[proc] = all
	}
}

func watchOf(monitored, linked bool) far.Watch {
	switch {
	case linked:
		return far.Linked
	case monitored:
		return far.Monitored
	}
	return far.NotWatched
}

func reasonTo(r process.Reason) far.Reason {
	return far.Reason{End: uint8(r.End), Code: r.Code, Text: r.Text}
}

func reasonFrom(r far.Reason) process.Reason {
	return process.Reason{End: process.End(r.End), Code: r.Code, Text: r.Text}
}

func errorOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, far.ErrFull):
		return process.ErrFull
	case errors.Is(err, far.ErrTooLarge):
		return process.ErrTooLarge
	case errors.Is(err, far.ErrRevoked):
		return process.ErrRevoked
	case errors.Is(err, far.ErrDenied):
		return process.ErrDenied
	case errors.Is(err, far.ErrResting):
		return ErrUnreachable
	}
	return process.ErrNoProcess
}

package ports

import (
	"context"
	"errors"
	"sync"

	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// asking is a spawn that waits for its answer.
type asking struct {
	req  *Request
	with func(s *process.Starting) error
	done chan struct{}
	cap  *process.Cap
	err  error
	once sync.Once
	// left: whoever asked waits no more. Under port.mu.
	left bool
	id   uint64
}

func (a *asking) finish(c *process.Cap, err error) {
	a.once.Do(func() {
		a.cap, a.err = c, err
		close(a.done)
	})
}

// spawn asks the peer.
func (p *port) spawn(r *Request, with func(s *process.Starting) error) (a *asking, err error) {
	a = &asking{req: r, with: with, done: make(chan struct{})}
	p.call(func(core *far.Peer, now int64) {
		s := far.Spawn{CID: r.CID, Arg: r.Arg, Name: r.Name, Flags: r.Flags}
		var caps []*process.Cap
		if r.Parent != nil {
			c := p.outgoing(r.Parent)
			s.Parent, caps = &c, []*process.Cap{r.Parent}
		}
		a.id, err = core.Spawn(now, s)
		err = errorOf(err)
		p.settle(caps)
		if err == nil {
			p.asked[a.id] = a
		}
	})
	return a, err
}

// abandon gives up waiting; false when the answer has come.
func (p *port) abandon(a *asking) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked[a.id] != a {
		return false
	}
	a.left = true
	return true
}

// answered takes the answer. p.run and p.mu are held.
func (p *port) answered(ev far.Answered) {
	a := p.asked[ev.ID]
	if a == nil {
		return
	}
	delete(p.asked, ev.ID)
	if ev.Spawned.Code != far.Started {
		a.finish(nil, &Refusal{ev.Spawned.Code, ev.Spawned.Text})
		return
	}
	name := a.req.Name
	if name == "" {
		name = "elsewhere"
	}
	if a.left { // nobody will ever have it
		_ = p.core.Kill(p.of.now(), ev.Spawned.Cap.Number)
		_, _ = p.incoming(ev.Spawned.Cap, name, a.req.CID, nil)
		return
	}
	known := p.got[ev.Spawned.Cap.Number] != nil // the child was faster than its parent's node
	c, err := p.incoming(ev.Spawned.Cap, name, a.req.CID, a.with)
	switch {
	case err != nil:
		_ = p.core.Kill(p.of.now(), ev.Spawned.Cap.Number)
	case known && a.with != nil:
		p.unlocked(func() { err = c.Process().Join(a.with) })
	}
	a.finish(c, err)
}

// start has the node start a process for the peer.
func (p *port) start(ev far.Asked) {
	r := &Request{CID: ev.Spawn.CID, Arg: ev.Spawn.Arg, Name: ev.Spawn.Name, Flags: ev.Spawn.Flags}
	if ev.Spawn.Parent != nil {
		c, err := p.incoming(*ev.Spawn.Parent, "parent", "", nil)
		if err != nil {
			p.core.Answer(p.of.now(), ev.ID, far.Spawned{Code: far.Full})
			return
		}
		r.Parent = c
	}
	if p.of.cfg.Spawn == nil || p.ctx.Err() != nil {
		p.core.Answer(p.of.now(), ev.ID, far.Spawned{Code: far.NotAgreed})
		return
	}
	mine, theirs := p.core.Epoch()
	p.of.wg.Go(func() {
		ctx, cancel := context.WithTimeout(p.ctx, SpawnWait)
		defer cancel()
		c, err := p.of.cfg.Spawn(ctx, p.peer, r)
		p.call(func(core *far.Peer, now int64) {
			if m, t := core.Epoch(); m != mine || t != theirs {
				err = ErrUnreachable
				return
			}
			if err != nil {
				no := &Refusal{Code: far.Unavailable}
				errors.As(err, &no)
				core.Answer(now, ev.ID, far.Spawned{Code: no.Code, Text: no.Text})
				return
			}
			n, ok := core.Answer(now, ev.ID, far.Spawned{Cap: p.outgoing(c)})
			p.settle([]*process.Cap{c})
			if !ok {
				err = ErrUnreachable
				return
			}
			if r, over := c.Process().Ended(); over {
				core.Ended(now, n, reasonTo(r))
			}
		})
		if c != nil && err != nil { // nobody knows of it
			_ = c.Kill()
		}
	})
}

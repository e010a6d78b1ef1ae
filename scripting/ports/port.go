package ports

import (
	"context"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// port is this node's end towards one peer.
type port struct {
	of     *Ports
	peer   base.Key
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // of tend
	write  chan struct{} // of speak
	pace   pace

	run sync.Mutex // held while events are carried out

	mu     sync.Mutex
	core   *far.Peer
	out    [][]byte // to be written
	stream bool     // speak has one
	quiet  int64    // since when nothing is open; 0: something is
	ref    far.Ref
	gen    uint64
	// What the peer was given: refs by capability, and back, and by process.
	refs   map[process.Cap]far.Ref
	given  map[far.Ref]*process.Cap
	byProc map[*process.Process][]far.Ref
	// What it gave.
	got map[far.Number]*entry
	// Spawns that it has not answered.
	asked map[uint64]*asking
}

func newPort(ps *Ports, peer base.Key, cfg far.Config) *port {
	p := &port{of: ps, peer: peer, core: far.New(cfg, ps.now()), wake: make(chan struct{}, 1), write: make(chan struct{}, 1)}
	p.ctx, p.cancel = context.WithCancel(ps.ctx)
	p.clear()
	return p
}

func (p *port) clear() {
	p.refs, p.given, p.byProc = map[process.Cap]far.Ref{}, map[far.Ref]*process.Cap{}, map[*process.Process][]far.Ref{}
	p.got, p.asked = map[far.Number]*entry{}, map[uint64]*asking{}
}

func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// collect takes what the core wants written. p.mu is held.
func (p *port) collect() {
	p.out = append(p.out, p.core.Packets()...)
	if len(p.out) > 0 || p.core.Wants(p.of.now()) {
		kick(p.write)
	}
}

// call has a process or a person do something with the core; events that come of
// it are carried out by tend.
func (p *port) call(do func(core *far.Peer, now int64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(p.core, p.of.now())
	p.collect()
	if p.core.Pending() {
		kick(p.wake)
	}
}

// step has the core do something of the peer's or of the clock's, and carries
// out what comes of it.
func (p *port) step(do func(core *far.Peer, now int64)) {
	p.run.Lock()
	defer p.run.Unlock()
	p.mu.Lock()
	do(p.core, p.of.now())
	p.carry()
	p.mu.Unlock()
}

// carry carries events out, in order. p.run and p.mu are held; mu is let go
// meanwhile.
func (p *port) carry() {
	for {
		events := p.core.Events()
		p.collect()
		if len(events) == 0 {
			return
		}
		for _, ev := range events {
			p.event(ev)
		}
	}
}

// unlocked runs something that tells processes. p.mu is held before and after.
func (p *port) unlocked(do func()) {
	p.mu.Unlock()
	defer p.mu.Lock()
	do()
}

// idle says that the port may be forgotten.
func (p *port) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Idle(p.of.now()) && len(p.asked) == 0
}

// tend does what is due.
func (p *port) tend() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.ctx.Done():
			p.lose()
			return
		case <-p.wake:
		case <-timer.C:
		}
		var next time.Duration
		done := false
		p.step(func(core *far.Peer, now int64) {
			core.Tick(now)
			p.carry()
			p.retry()
			next = time.Duration(core.Next(now) - now)
			if len(core.Stashed()) > 0 {
				next = min(next, stashPause)
			}
			switch {
			case !core.Idle(now):
				p.quiet = 0
			case p.quiet == 0:
				p.quiet = now
			default:
				done = now-p.quiet >= int64(idleAfter)
			}
		})
		if done {
			p.of.mu.Lock()
			if p.idle() && p.of.ports[p.peer] == p {
				p.of.remove(p.peer, p)
			}
			p.of.mu.Unlock()
		}
		timer.Reset(max(next, time.Millisecond))
	}
}

// bye says that this node stops.
func (p *port) bye() {
	p.call(func(core *far.Peer, now int64) { core.Bye(now) })
	for end := time.Now().Add(byeWait); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		left, stream := len(p.out), p.stream
		p.mu.Unlock()
		if left == 0 || !stream {
			return
		}
	}
}

// lose is the end of the port: all that was open is lost.
func (p *port) lose() {
	p.step(func(*far.Peer, int64) { p.lost(far.Lost{}) })
}

// pace holds a reader to a rate.
type pace struct {
	mu   sync.Mutex
	have float64
	at   time.Time
}

// take counts one packet and says how long to wait before the next.
func (r *pace) take(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.have = min(r.have+now.Sub(r.at).Seconds()*packetRate, packetBurst) - 1
	r.at = now
	if r.have >= 0 {
		return 0
	}
	return time.Duration(-r.have / packetRate * float64(time.Second))
}

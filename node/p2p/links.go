package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// Protocol is one kind of framed message between nodes.
type Protocol struct {
	ID    string        // as libp2p negotiates it
	Name  string        // in metrics, such as "raynet_near"
	Limit int           // longest message in bytes
	Idle  time.Duration // an outbound stream unused for so long is closed; 0 is a minute

	// What one peer may send; more is dropped and counted as a strike.
	Messages, Bytes Rate

	// Value is what a stream of this protocol makes its connection worth
	// when connections must be closed.
	Value int
}

// LinksConfig says what links carry. Recv is called from one goroutine per
// inbound stream with the index of the protocol; the message is the callee's.
// Fail tells of a peer that could not be reached or did not keep up, whose
// queued messages are lost. Neither may block for long.
type LinksConfig struct {
	Protocols []Protocol // each must be among Config.Protocols
	Recv      func(from base.Key, proto int, msg []byte)
	Fail      func(to base.Key)
}

// Links carries small framed messages: for each peer and protocol one
// long-lived stream out and one in, opened when there is something to send and
// closed when there is not for a while. Sending never blocks.
type Links struct {
	n    *Net
	cfg  LinksConfig
	open chan struct{} // one token per dial under way
	in   inbound
	stat []linkCounters // by protocol

	mu     sync.Mutex
	out    map[base.Key]*linkPeer
	closed bool
}

// linkPeer is what goes out to one peer. Its fields are guarded by Links.mu.
type linkPeer struct {
	to    base.Key
	links []*link // by protocol; nil while nothing is or was to be sent
	used  time.Time
}

var errNoProtocol = errors.New("not among the protocols that the network was started with")

// Links serves the protocols and gives the way to send over them.
func (n *Net) Links(cfg LinksConfig) (*Links, error) {
	l := &Links{
		n: n, cfg: cfg, open: make(chan struct{}, maxOpening), out: map[base.Key]*linkPeer{},
		stat: make([]linkCounters, len(cfg.Protocols)),
	}
	l.in.init(len(cfg.Protocols))
	for i, p := range cfg.Protocols {
		if !n.knows(p.ID) {
			return nil, fmt.Errorf("p2p: links: protocol %s: %w", p.ID, errNoProtocol)
		}
		n.Handle(p.ID, func(remote base.Key, s Stream) { l.serve(remote, i, s) })
	}
	return l, nil
}

// Send queues a message for a peer on a protocol, by index. It reports false
// when the message was dropped.
func (l *Links) Send(to base.Key, proto int, m Outgoing) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	p := l.out[to]
	if p == nil {
		if len(l.out) >= maxLinkPeers && !l.reclaim() {
			l.mu.Unlock()
			l.stat[proto].drop(m.Class)
			return false
		}
		p = &linkPeer{to: to, links: make([]*link, len(l.cfg.Protocols))}
		l.out[to] = p
	}
	k := p.links[proto]
	if k == nil {
		k = &link{l: l, peer: p, proto: proto, wake: make(chan struct{}, 1)}
		p.links[proto] = k
		l.n.wg.Go(k.run)
	}
	p.used = time.Now()
	did := k.queue.push(m)
	l.mu.Unlock()
	switch did {
	case replaced:
		l.stat[proto].replace()
	case refused:
		l.stat[proto].drop(m.Class)
		return false
	case overrun:
		l.stat[proto].drop(m.Class)
		k.lost()
		return false
	}
	k.nudge()
	return true
}

// reclaim closes the links of the peer unused longest of those for whom
// nothing waits. l.mu is held.
func (l *Links) reclaim() bool {
	var old *linkPeer
	for _, p := range l.out { //lint:sorted the least time wins; a tie may go either way
		if !p.waits() && (old == nil || p.used.Before(old.used)) {
			old = p
		}
	}
	if old == nil {
		return false
	}
	l.remove(old)
	return true
}

func (p *linkPeer) waits() bool {
	for _, k := range p.links {
		if k != nil && (k.busy || k.queue.len() > 0) {
			return true
		}
	}
	return false
}

// remove ends all links of a peer. l.mu is held.
func (l *Links) remove(p *linkPeer) {
	if l.out[p.to] == p {
		delete(l.out, p.to)
	}
	for i, k := range p.links {
		if k != nil {
			k.closed, k.queue = true, outQueue{}
			k.nudge()
			p.links[i] = nil
		}
	}
}

// Drop forgets the outbound streams to a peer and what waits for them.
func (l *Links) Drop(to base.Key) {
	l.mu.Lock()
	if p := l.out[to]; p != nil {
		l.remove(p)
	}
	l.mu.Unlock()
}

// Close stops serving and sending. What waits is lost; Flush before.
func (l *Links) Close() {
	for _, p := range l.cfg.Protocols {
		l.n.Unhandle(p.ID)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, p := range l.out { //lint:sorted all go
		l.remove(p)
	}
}

const flushPoll = 5 * time.Millisecond

// Flush waits until everything queued so far has been written, or ctx ends.
func (l *Links) Flush(ctx context.Context) {
	t := time.NewTicker(flushPoll)
	defer t.Stop()
	for l.waiting() {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (l *Links) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.out { //lint:sorted any one decides
		if p.waits() {
			return true
		}
	}
	return false
}

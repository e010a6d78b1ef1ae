package p2p

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/quic-go/quic-go"
)

// prober finds dead connections of peers that have several. A process that was
// killed says nothing over QUIC, so when its node has come back at another port
// the connection to the old one stays until its idle time is over. libp2p opens
// new streams on the connection that has the most of them, which is the dead
// one, and so the node that came back is cut off for as long.
type prober struct {
	slots chan struct{} // one for each peer that is looked at

	mu    sync.Mutex
	again map[peer.ID]bool // of peers being looked at: another connection came meanwhile

	rounds, closed atomic.Uint64
}

func newProber() *prober {
	return &prober{slots: make(chan struct{}, maxProbing), again: map[peer.ID]bool{}}
}

// watchConns looks at a peer's connections whenever one more of them opens.
func (n *Net) watchConns() {
	n.host.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		id := c.RemotePeer()
		if n.ctx.Err() != nil || len(n.host.Network().ConnsToPeer(id)) < 2 {
			return
		}
		p := n.prober
		p.mu.Lock()
		_, busy := p.again[id]
		p.again[id] = busy
		p.mu.Unlock()
		if !busy {
			n.wg.Go(func() { n.probePeer(id) })
		}
	}})
}

// probePeer is one goroutine for a peer, however many connections it opens: it
// looks at them once, and not again before probePause has passed.
func (n *Net) probePeer(id peer.ID) {
	for {
		select {
		case n.prober.slots <- struct{}{}:
		case <-n.ctx.Done():
			return
		}
		n.probe(id)
		<-n.prober.slots
		select {
		case <-time.After(probePause):
		case <-n.ctx.Done():
			return
		}
		n.prober.mu.Lock()
		again := n.prober.again[id]
		if again {
			n.prober.again[id] = false
		} else {
			delete(n.prober.again, id)
		}
		n.prober.mu.Unlock()
		if !again {
			return
		}
	}
}

// probed is one connection that is looked at.
type probed struct {
	c      network.Conn
	quic   *quic.Conn // nil: over TCP, where the system tells of an end
	count  uint64     // packets received before this round
	asked  bool       // in this round something was sent
	now    bool       // in this round something was heard
	alive  bool       // in any round
	misses int
}

// probe closes those QUIC connections to a peer over which nothing at all is
// heard, not even an acknowledgement, in probeMisses rounds in each of which
// another connection to the same peer answered. A network that is cut or slow,
// a peer that is busy and one that does not know our protocols close nothing.
func (n *Net) probe(id peer.ID) {
	var list []*probed
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if c.Stat().Limited || len(list) == maxProbed {
			continue // a relay's; new streams prefer a direct one anyway
		}
		p := &probed{c: c}
		if !c.As(&p.quic) {
			p.quic = nil
		}
		list = append(list, p)
	}
	for range probeRounds {
		if n.ctx.Err() != nil || !n.probeRound(list) {
			return
		}
	}
}

// probeRound asks all once. more: some have neither been heard nor closed.
func (n *Net) probeRound(list []*probed) (more bool) {
	n.prober.rounds.Add(1)
	ctx, cancel := context.WithTimeout(n.ctx, probeWait)
	defer cancel()
	var wg sync.WaitGroup
	for _, p := range list {
		p.count = p.packets()
		wg.Go(func() { p.asked, p.now = ask(ctx, p.c) })
	}
	wg.Wait()
	heard := false
	for _, p := range list {
		p.now = p.now || p.packets() > p.count
		p.alive = p.alive || p.now
		heard = heard || p.now
	}
	for _, p := range list {
		if p.alive || p.quic == nil || p.c.IsClosed() {
			continue
		}
		if heard && p.asked {
			p.misses++
		}
		if p.misses < probeMisses {
			more = true
			continue
		}
		n.prober.closed.Add(1)
		n.log.Info("dead connection closed", "peer", p.c.RemotePeer(), "addr", p.c.RemoteMultiaddr())
		_ = p.c.Close()
	}
	return more && n.ctx.Err() == nil
}

// packets counts what came over QUIC: an acknowledgement is enough.
func (p *probed) packets() uint64 {
	if p.quic == nil {
		return 0
	}
	return p.quic.ConnectionStats().PacketsReceived
}

// hello begins every negotiation of a stream's protocol; the other side sends
// the same.
const hello = "\x13/multistream/1.0.0\n"

// ask opens a stream on one connection and waits for the first byte of an
// answer. asked: the stream could be opened and something sent.
func ask(ctx context.Context, c network.Conn) (asked, answered bool) {
	s, err := c.NewStream(ctx)
	if err != nil {
		return false, false
	}
	defer func() { _ = s.Reset() }()
	until, _ := ctx.Deadline()
	_ = s.SetDeadline(until)
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if _, err := s.Write([]byte(hello)); err != nil {
		return true, false
	}
	var b [1]byte
	k, _ := s.Read(b[:])
	return true, k == 1
}

// DeadClosed counts the connections that were closed because a peer's other
// connection answered and they did not.
func (n *Net) DeadClosed() uint64 { return n.prober.closed.Load() }

package p2p

import (
	"context"
	"time"
)

// link is one outbound stream, with one goroutine that opens and writes it.
type link struct {
	l     *Links
	peer  *linkPeer
	proto int
	wake  chan struct{} // holds a token while the goroutine should look again

	// guarded by Links.mu
	queue  outQueue
	busy   bool // taken, not written yet
	closed bool
}

func (k *link) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *link) run() {
	ctx, cancel := context.WithCancel(k.l.n.ctx)
	defer cancel()
	stat := &k.l.stat[k.proto]
	s, err := k.dial(ctx)
	if err != nil {
		stat.failed.Add(1)
		k.l.n.log.Debug("link not opened", "peer", k.peer.to.Short(), "protocol", k.l.cfg.Protocols[k.proto].ID, "err", err)
		k.lost()
		return
	}
	stat.opened.Add(1)
	defer func() { s.Close() }()
	defer k.l.n.value(k.peer.to, k.l.cfg.Protocols[k.proto], true)()
	wait := k.l.cfg.Protocols[k.proto].Idle
	if wait == 0 {
		wait = defaultIdle
	}
	idle := time.NewTimer(wait)
	defer idle.Stop()
	var buf []byte
	for {
		var taken, size [classes]int
		closed := false
		buf, taken, size, closed = k.take(buf[:0])
		if closed {
			return
		}
		if len(buf) > 0 {
			if s.Relayed() && k.l.n.direct(k.peer.to) {
				// A hole was punched since: the relay has carried enough.
				if better, err := k.dial(ctx); err == nil {
					s.Close()
					s = better
					stat.opened.Add(1)
				}
			}
			began := time.Now()
			if _, err := s.Write(buf); err != nil {
				stat.broken.Add(1)
				k.lost()
				return
			}
			if time.Since(began) >= stallAfter {
				stat.stalls.Add(1)
			}
			stat.wrote(taken, size)
			idle.Reset(wait)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-idle.C:
			if k.retire() {
				stat.idled.Add(1)
				return
			}
			idle.Reset(wait)
		}
	}
}

// dial opens the stream, and the connection when there is none. Only so many
// connections are dialled at once: a node that starts with 500 old addresses
// must not try all of them in the same second.
func (k *link) dial(ctx context.Context) (Stream, error) {
	if !k.l.n.Connected(k.peer.to) {
		select {
		case k.l.open <- struct{}{}:
			defer func() { <-k.l.open }()
		case <-ctx.Done():
			return Stream{}, ctx.Err()
		}
		k.l.stat[k.proto].dials.Add(1)
		if err := k.l.n.DialKnown(ctx, k.peer.to); err != nil {
			return Stream{}, err
		}
	}
	return k.l.n.Open(ctx, k.peer.to, k.l.cfg.Protocols[k.proto].ID)
}

func (k *link) take(buf []byte) (out []byte, taken, size [classes]int, closed bool) {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	k.l.stat[k.proto].saw(k.queue.peak)
	out, taken, size = k.queue.take(buf)
	k.busy = len(out) > 0
	return out, taken, size, k.closed
}

// retire removes an idle link unless a message slipped in meanwhile.
func (k *link) retire() bool {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if k.closed {
		return true
	}
	if k.queue.len() > 0 {
		return false
	}
	k.closed = true
	p := k.peer
	p.links[k.proto] = nil
	for _, other := range p.links {
		if other != nil {
			return true
		}
	}
	if k.l.out[p.to] == p {
		delete(k.l.out, p.to)
	}
	return true
}

// lost ends the link because the peer cannot be reached or does not read, and
// tells so once.
func (k *link) lost() {
	k.l.mu.Lock()
	first := !k.closed
	if first {
		k.closed, k.busy, k.queue = true, false, outQueue{}
		p := k.peer
		p.links[k.proto] = nil
		empty := true
		for _, other := range p.links {
			empty = empty && other == nil
		}
		if empty && k.l.out[p.to] == p {
			delete(k.l.out, p.to)
		}
	}
	k.l.mu.Unlock()
	k.nudge()
	if first && k.l.cfg.Fail != nil && k.l.n.ctx.Err() == nil {
		k.l.cfg.Fail(k.peer.to)
	}
}

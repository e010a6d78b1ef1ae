package p2p

import (
	"bufio"
	"context"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// Class says how a message of a link may be treated when the peer is slow.
type Class uint8

const (
	// Reliable messages wait in a bounded queue, in order.
	Reliable Class = iota
	// Latest replaces an unsent Latest message: only the newest matters.
	Latest
)

// Links carries small framed messages of one protocol: one long-lived stream
// out and one in per peer. Sending never blocks.
type Links struct {
	n     *Net
	proto string
	limit int
	recv  func(from base.Key, msg []byte)
	fail  func(to base.Key)

	mu  sync.Mutex
	out map[base.Key]*link
}

type link struct {
	l      *Links
	to     base.Key
	wake   chan struct{}
	queue  [][]byte // guarded by Links.mu
	latest []byte   // guarded by Links.mu
	busy   bool     // guarded by Links.mu: taken, not written yet
	closed bool     // guarded by Links.mu
}

// linkIdle closes an outbound stream that has had nothing to carry.
const linkIdle = 60 * time.Second

const flushPoll = 5 * time.Millisecond

// Links serves proto. recv is called from one goroutine per inbound stream,
// with messages of at most limit bytes; fail tells of a peer that could not
// be reached or did not read, whose queued messages are lost.
func (n *Net) Links(proto string, limit int, recv func(from base.Key, msg []byte), fail func(to base.Key)) *Links {
	l := &Links{n: n, proto: proto, limit: limit, recv: recv, fail: fail, out: map[base.Key]*link{}}
	n.Handle(proto, func(remote base.Key, s Stream) {
		r := bufio.NewReader(s)
		for {
			msg, err := ReadFrame(r, limit)
			if err != nil {
				return
			}
			recv(remote, msg)
		}
	})
	return l
}

// Send queues a message. It reports false when the peer's queue is full, in
// which case the link is dropped and fail is called.
func (l *Links) Send(to base.Key, class Class, msg []byte) bool {
	l.mu.Lock()
	k := l.out[to]
	if k == nil {
		k = &link{l: l, to: to, wake: make(chan struct{}, 1)}
		l.out[to] = k
		l.n.wg.Go(k.run)
	}
	ok := true
	switch {
	case class == Latest:
		k.latest = msg
	case len(k.queue) >= linkQueue:
		ok = false
	default:
		k.queue = append(k.queue, msg)
	}
	l.mu.Unlock()
	if !ok {
		l.drop(k)
		return false
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return true
}

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
	for _, k := range l.out { //lint:sorted any one decides
		if k.busy || len(k.queue) > 0 || k.latest != nil {
			return true
		}
	}
	return false
}

// Drop forgets the outbound stream to a peer and what waits for it.
func (l *Links) Drop(to base.Key) {
	l.mu.Lock()
	k := l.out[to]
	l.mu.Unlock()
	if k != nil {
		l.drop(k)
	}
}

func (l *Links) drop(k *link) {
	l.mu.Lock()
	if l.out[k.to] == k {
		delete(l.out, k.to)
	}
	k.closed, k.queue, k.latest = true, nil, nil
	l.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *link) take() (msgs [][]byte, closed bool) {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	msgs, k.queue = k.queue, nil
	if k.latest != nil {
		msgs = append(msgs, k.latest)
		k.latest = nil
	}
	k.busy = len(msgs) > 0
	return msgs, k.closed
}

// retire removes an idle link unless a message slipped in meanwhile.
func (k *link) retire() bool {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if len(k.queue) > 0 || k.latest != nil {
		return false
	}
	if k.l.out[k.to] == k {
		delete(k.l.out, k.to)
	}
	return true
}

func (k *link) run() {
	ctx, cancel := context.WithCancel(k.l.n.ctx)
	defer cancel()
	s, err := k.l.n.Open(ctx, k.to, k.l.proto)
	if err != nil {
		k.lost()
		return
	}
	defer s.Close()
	idle := time.NewTimer(linkIdle)
	defer idle.Stop()
	var buf []byte
	for {
		msgs, closed := k.take()
		if closed {
			return
		}
		if len(msgs) > 0 {
			buf = buf[:0]
			for _, m := range msgs {
				buf = AppendFrame(buf, m)
			}
			if _, err := s.Write(buf); err != nil {
				k.lost()
				return
			}
			idle.Reset(linkIdle)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-idle.C:
			if k.retire() {
				return
			}
			idle.Reset(linkIdle)
		}
	}
}

func (k *link) lost() {
	k.l.drop(k)
	if k.l.fail != nil && k.l.n.ctx.Err() == nil {
		k.l.fail(k.to)
	}
}

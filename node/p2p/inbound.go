package p2p

import (
	"bufio"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// inbound remembers what each peer has sent lately.
type inbound struct {
	protos int
	mu     sync.Mutex
	peers  map[base.Key]*rated
	swept  time.Time
}

// rated is one peer's use of its rates. Its fields are guarded by inbound.mu.
type rated struct {
	messages, bytes []bucket // by protocol
	strikes         bucket
	streams         int
	left            time.Time // when the last stream closed
}

func (in *inbound) init(protos int) {
	in.protos, in.peers = protos, map[base.Key]*rated{}
}

// enter counts a stream in. nil: too many peers at once.
func (in *inbound) enter(k base.Key, now time.Time) *rated {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.of(k, now)
	if r != nil {
		r.streams++
	}
	return r
}

// of finds or makes a peer's entry. in.mu is held.
func (in *inbound) of(k base.Key, now time.Time) *rated {
	r := in.peers[k]
	if r != nil {
		return r
	}
	if len(in.peers) >= maxRated || now.Sub(in.swept) >= keepRates {
		in.swept = now
		for k, r := range in.peers { //lint:sorted all that are due go
			if r.streams == 0 && now.Sub(r.left) >= keepRates {
				delete(in.peers, k)
			}
		}
	}
	if len(in.peers) >= maxRated {
		return nil
	}
	r = &rated{messages: make([]bucket, in.protos), bytes: make([]bucket, in.protos), left: now}
	in.peers[k] = r
	return r
}

func (in *inbound) leave(r *rated, now time.Time) {
	in.mu.Lock()
	r.streams--
	r.left = now
	in.mu.Unlock()
}

// allow charges a message to its sender. struck: it was one strike too many.
func (in *inbound) allow(r *rated, i int, p *Protocol, size int, now time.Time) (ok, struck bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	// Both are charged, so that many small and few large ones wear out alike.
	ok = r.messages[i].take(p.Messages, 1, now)
	ok = r.bytes[i].take(p.Bytes, float64(size), now) && ok
	return ok, !ok && !r.strikes.take(strikes, 1, now)
}

// serve reads one inbound stream until it ends.
func (l *Links) serve(from base.Key, proto int, s Stream) {
	stat, p := &l.stat[proto], &l.cfg.Protocols[proto]
	r := l.in.enter(from, time.Now())
	if r == nil {
		s.Reset()
		return
	}
	defer func() { l.in.leave(r, time.Now()) }()
	defer l.n.value(from, *p, false)()
	stat.accepted.Add(1)
	rd := bufio.NewReader(s)
	for {
		msg, err := ReadFrame(rd, p.Limit)
		if err != nil {
			return
		}
		ok, struck := l.in.allow(r, proto, p, len(msg), time.Now())
		if !ok {
			stat.limited.Add(1)
			stat.limitedBytes.Add(uint64(len(msg)))
			if struck {
				l.n.ban(from)
				return
			}
			continue
		}
		stat.received.Add(1)
		stat.receivedBytes.Add(uint64(len(msg)))
		l.cfg.Recv(from, proto, msg)
	}
}

// Known counts the peers whose rates are remembered.
func (l *Links) Known() int {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	return len(l.in.peers)
}

// Strike notes that a peer sent what no correct peer sends. One that goes on
// like this is cut off and kept out for a minute.
func (l *Links) Strike(from base.Key) {
	now := time.Now()
	l.in.mu.Lock()
	r := l.in.of(from, now)
	struck := r == nil || !r.strikes.take(strikes, 1, now)
	l.in.mu.Unlock()
	if struck {
		l.n.ban(from)
	}
}

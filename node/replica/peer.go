package replica

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order/raft"
)

const (
	// maxQueued and maxQueuedBytes bound what waits for one server.
	maxQueued      = 4096
	maxQueuedBytes = 32 << 20
	// maxWrite is what one write to a stream carries, or one message.
	maxWrite    = 256 << 10
	openTimeout = 5 * time.Second
	// The pause after a stream could not be opened.
	minPause = 50 * time.Millisecond
	// dialAfter is how long the server with the greater key waits for the
	// other's stream, looking every dialLook.
	dialAfter = 500 * time.Millisecond
	dialLook  = 10 * time.Millisecond
	maxPause  = time.Second
)

// peer sends to one server over a stream that is kept open, so that the next
// election does not wait for a connection.
type peer struct {
	log *Log
	id  uint64
	key base.Key

	mu    sync.Mutex
	queue [][]byte
	size  int
	wake  chan struct{}
	quit  chan struct{}
}

// put queues a message. It tells whether it had room; if not, all that waits
// is dropped: what is old is of no use to raft, and it sends again.
func (p *peer) put(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := len(p.queue) < maxQueued && p.size+len(b) <= maxQueuedBytes
	if !ok {
		p.queue, p.size = nil, 0
	}
	p.queue = append(p.queue, b)
	p.size += len(b)
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return ok
}

func (p *peer) clear() (any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	any = len(p.queue) > 0
	p.queue, p.size = nil, 0
	return any
}

// take frames what waits, up to maxWrite.
func (p *peer) take(b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, m := range p.queue {
		if len(b) > 0 && len(b)+len(m) > maxWrite {
			break
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m)))
		b = append(b, m...)
		p.size -= len(m)
		n++
	}
	p.queue = p.queue[n:]
	if len(p.queue) == 0 {
		p.queue = nil
	}
	return b
}

func (p *peer) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-p.quit:
		case <-p.log.quit:
		}
		cancel()
	}()
	pause := minPause
	for ctx.Err() == nil {
		p.giveWay(ctx)
		octx, done := context.WithTimeout(ctx, openTimeout)
		s, err := p.log.cfg.Net.Open(octx, p.key, p.log.proto)
		done()
		if err == nil {
			pause = minPause
			p.use(ctx, s)
		}
		if p.clear() {
			p.log.unreachable(p.id)
		}
		select {
		case <-ctx.Done():
		case <-p.log.cfg.Clock.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// giveWay lets the server with the smaller key dial first. Two that dial each
// other at the same moment over TCP make one connection of which each believes
// that it began it: it fails on both sides, and libp2p does not dial again for
// five seconds. An election among servers that had no streams yet could so
// end without a leader.
func (p *peer) giveWay(ctx context.Context) {
	if bytes.Compare(p.log.cfg.Key[:], p.key[:]) < 0 {
		return
	}
	for left := dialAfter; left > 0 && !p.log.hears(p.key); left -= dialLook {
		select {
		case <-ctx.Done():
			return
		case <-p.log.cfg.Clock.After(dialLook):
		}
	}
}

// hears tells whether a server has a stream to here, and so a connection.
func (l *Log) hears(k base.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inbound[k] > 0
}

// use sends over a stream until it ends. The other side never answers on it:
// when there is something to read, which can only be an end, it has closed its
// log. It must be read, because libp2p throws away without a word what is
// written to a stream that the other side has closed.
func (p *peer) use(ctx context.Context, s Stream) {
	on, end := context.WithCancel(ctx)
	defer end()
	context.AfterFunc(on, func() { s.Close() })
	go func() {
		var b [1]byte
		_, _ = s.Read(b[:])
		end()
	}()
	p.carry(on, s)
	if ctx.Err() == nil {
		p.log.unreachable(p.id) // what was written last may be lost
	}
}

// carry writes until the stream fails or ctx ends.
func (p *peer) carry(ctx context.Context, s Stream) {
	var b []byte
	for ctx.Err() == nil {
		b = p.take(b[:0])
		if len(b) == 0 {
			select {
			case <-p.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if _, err := s.Write(b); err != nil {
			return
		}
		if cap(b) > 4*maxWrite {
			b = nil
		}
	}
}

// serve reads what one server sends.
func (l *Log) serve(from base.Key, s Stream) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.inbound[from]++
	l.streams[s] = struct{}{}
	l.serving.Add(1)
	l.mu.Unlock()
	defer l.serving.Done()
	err := l.read(from, s)
	l.mu.Lock()
	delete(l.streams, s)
	if l.inbound[from]--; l.inbound[from] == 0 {
		delete(l.inbound, from)
	}
	last := l.inbound[from] == 0 && !l.closed
	l.mu.Unlock()
	if err != nil {
		l.event(EventBadMessages, 1)
		l.log.Debug("stream of a server ends", "server", from.Short(), "err", err)
	}
	if last {
		l.PeerDown(from)
	}
}

func (l *Log) read(from base.Key, s Stream) error {
	r := bufio.NewReaderSize(s, 64<<10)
	var head [4]byte
	for strikes := 0; ; {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n == 0 || n > raft.MaxMessage {
			return fmt.Errorf("message of %d bytes", n)
		}
		if n > maxWrite && !l.member(from) {
			return fmt.Errorf("message of %d bytes of a stranger", n)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil
		}
		if err := l.receive(from, b); err != nil {
			l.event(EventRefused, 1)
			l.log.Debug("message refused", "server", from.Short(), "err", err)
			if strikes++; strikes >= maxStrikes {
				return err
			}
		}
	}
}

// maxStrikes is how many messages of one stream are refused before it ends. A
// server that is behind sends a few that an honest one may.
const maxStrikes = 256

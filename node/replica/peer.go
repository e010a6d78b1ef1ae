package replica

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/outbound"
	"github.com/metatopia/metatopia/region/order/raft"
)

const (
	// maxQueuedBytes bounds what waits for one server.
	maxQueuedBytes = 32 << 20
	// maxStranger bounds a message of who is no member.
	maxStranger = 256 << 10
)

// peer is another server, to which a stream is kept open. The log's lock is held
// where it is read or changed.
type peer struct {
	id    uint64
	queue *outbound.Queue
	end   context.CancelFunc
}

// begin gives a server a stream to it. The caller holds the lock.
func (l *Log) begin(id uint64, key base.Key) *peer {
	ctx, end := context.WithCancel(context.Background())
	p := &peer{id: id, end: end}
	p.queue = outbound.New(outbound.Config{
		Self: l.cfg.Key, To: key, MaxBytes: maxQueuedBytes,
		Open:  func(ctx context.Context) (Stream, error) { return l.cfg.Net.Open(ctx, key, l.proto) },
		Heard: func() bool { return l.hears(key) },
		After: l.cfg.Clock.After,
		Lost:  func() { _ = l.with(func() error { l.core.Unreachable(p.id); return nil }) },
	})
	l.peers[key] = p
	l.running.Go(func() { p.queue.Run(ctx) })
	return p
}

// hears tells whether a server has a stream to here, and so a connection.
func (l *Log) hears(k base.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inbound[k] > 0
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
		if n > maxStranger && !l.member(from) {
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

package byzantine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/outbound"
)

const (
	// maxQueuedBytes bounds what waits for one server.
	maxQueuedBytes = 4 * maxMessage
	// maxStrikes is how many messages of one stream are refused before it ends.
	maxStrikes = 64
)

// begin keeps a stream open to every other server, until ctx ends.
func (l *Log) begin(ctx context.Context) {
	for i, k := range l.members {
		if id := uint64(i + 1); id != l.self {
			l.peers[id] = outbound.New(outbound.Config{
				Self: l.cfg.Key, To: k, MaxBytes: maxQueuedBytes,
				Open:  func(ctx context.Context) (Stream, error) { return l.cfg.Net.Open(ctx, k, l.proto) },
				Heard: func() bool { return l.hears(k) },
			})
			l.running.Go(func() { l.peers[id].Run(ctx) })
		}
	}
}

// send queues a message for a server. It never waits.
func (l *Log) send(to uint64, b []byte) {
	if to == 0 || to >= uint64(len(l.peers)) || l.peers[to] == nil {
		return
	}
	if !l.peers[to].Put(b) {
		l.cfg.OnEvent(EventDropped, 1)
	}
}

// hears tells whether a server has a stream to here, and so a connection.
func (l *Log) hears(k base.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inbound[k] > 0
}

// serve reads what one server sends. Strangers are not heard.
func (l *Log) serve(from base.Key, s Stream) {
	id := uint64(0)
	for i, k := range l.members {
		if k == from && uint64(i+1) != l.self {
			id = uint64(i + 1)
		}
	}
	l.mu.Lock()
	if l.closed || id == 0 || l.inbound[from] >= maxStreams {
		l.mu.Unlock()
		return
	}
	l.inbound[from]++
	l.streams[s] = struct{}{}
	l.serving.Add(1)
	l.mu.Unlock()
	defer l.serving.Done()
	err := l.read(id, s)
	l.mu.Lock()
	delete(l.streams, s)
	if l.inbound[from]--; l.inbound[from] == 0 {
		delete(l.inbound, from)
	}
	lost := l.inbound[from] == 0 && !l.closed && l.leader == id
	l.mu.Unlock()
	if err != nil {
		l.log.Debug("stream of a server ends", "server", from.Short(), "err", err)
	}
	if lost {
		l.complain()
	}
}

// maxStreams bounds the streams of one server.
const maxStreams = 4

func (l *Log) read(from uint64, s Stream) error {
	r := bufio.NewReaderSize(s, 64<<10)
	var head [4]byte
	for strikes := 0; ; {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n < headBytes || n > maxMessage {
			l.cfg.OnEvent(EventRefused, 1)
			return fmt.Errorf("message of %d bytes", n)
		}
		b, err := readAll(r, int(n))
		if err != nil {
			return nil
		}
		if err := l.receive(from, b); err != nil {
			l.cfg.OnEvent(EventRefused, 1)
			l.log.Debug("message refused", "server", from, "err", err)
			if strikes++; strikes >= maxStrikes {
				return err
			}
		}
	}
}

// readAll reads n bytes, and allocates as they come.
func readAll(r io.Reader, n int) ([]byte, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// receive takes one message of a server.
func (l *Log) receive(from uint64, b []byte) error {
	d := base.NewDecoder(b)
	epoch, kind, err := parseHead(d)
	if err != nil {
		return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
	}
	if epoch != l.epoch {
		return fmt.Errorf("byzantine: %w: epoch %d", ErrMessage, epoch)
	}
	switch kind {
	case kindAgree:
		var m smartbftprotos.Message
		if err := proto.Unmarshal(d.Raw(d.Len()), &m); err != nil {
			return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
		}
		if err := l.screen(from, &m); err != nil {
			return err
		}
		l.noteVote(from, &m)
		if l.started.Load() {
			if v := m.GetViewChange(); v != nil {
				l.vouch(from, v)
			}
			switch {
			case l.stale(from, &m), m.GetNewView() != nil && l.late(m.GetNewView()), m.GetViewChange() != nil && l.hold(from, &m):
				return nil
			}
			l.cons.HandleMessage(from, &m)
			if m.GetStateTransferResponse() != nil {
				l.mu.Lock()
				l.course.states++
				l.mu.Unlock()
			}
			if v := m.GetViewData(); v != nil {
				l.help(from, v)
			}
		}
	case kindForward:
		f, err := parseForward(d)
		if err != nil {
			return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
		}
		for i := range f.entries {
			if l.cfg.Verify != nil {
				if err := l.cfg.Verify(f.entries[i].body); err != nil {
					return fmt.Errorf("byzantine: %w: entry %d: %w", ErrMessage, i, err)
				}
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.others[from].put(f.first, f.entries)
		l.others[from].drop(l.counters[from-1]) // it may come late
	case kindFetch:
		t := base.Tick(d.U64())
		if err := d.Done(); err != nil {
			return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answerFetch(from, t)
	case kindDecisions:
		a, err := parseAnswer(d)
		if err != nil {
			return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
		}
		a.from = from
		l.mu.Lock()
		c := l.fetching
		l.mu.Unlock()
		if c == nil {
			l.helped(&a)
			return nil
		}
		select {
		case c <- a:
		default:
		}
	}
	return nil
}

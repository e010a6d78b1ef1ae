package regionbench

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/replica"
)

// far is a network whose streams deliver late: what is read, the end of a
// stream included, was there one delay ago.
type far struct {
	p2p.Streams
	delay time.Duration
}

func (f far) Handle(proto string, fn func(base.Key, replica.Stream)) {
	f.Streams.Handle(proto, func(from base.Key, s io.ReadWriteCloser) {
		if f.delay > 0 {
			s = later(s, f.delay)
		}
		fn(from, s)
	})
}

// Open leaves writes alone: the reader is late.
func (f far) Open(ctx context.Context, to base.Key, proto string) (replica.Stream, error) {
	return f.Streams.Open(ctx, to, proto)
}

type chunk struct {
	at  time.Time
	b   []byte
	err error
}

// late hands on what a stream has after a delay.
type late struct {
	io.ReadWriteCloser
	chunks chan chunk
	quit   chan struct{}
	once   sync.Once
	now    chunk
}

func later(s io.ReadWriteCloser, delay time.Duration) *late {
	l := &late{ReadWriteCloser: s, chunks: make(chan chunk, 1024), quit: make(chan struct{})}
	go func() {
		for {
			b := make([]byte, 16<<10)
			n, err := s.Read(b)
			select {
			case l.chunks <- chunk{time.Now().Add(delay), b[:n], err}:
			case <-l.quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

func (l *late) Read(p []byte) (int, error) {
	for len(l.now.b) == 0 {
		if l.now.err != nil {
			return 0, l.now.err
		}
		select {
		case l.now = <-l.chunks:
		case <-l.quit:
			return 0, io.ErrClosedPipe
		}
		select {
		case <-time.After(time.Until(l.now.at)):
		case <-l.quit:
			return 0, io.ErrClosedPipe
		}
	}
	n := copy(p, l.now.b)
	l.now.b = l.now.b[n:]
	return n, nil
}

func (l *late) Close() error {
	l.once.Do(func() { close(l.quit) })
	return l.ReadWriteCloser.Close()
}

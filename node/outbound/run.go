package outbound

import (
	"bytes"
	"context"
	"io"
	"time"
)

const (
	openTimeout = 5 * time.Second
	// The pause after a stream could not be opened, or has ended.
	minPause = 50 * time.Millisecond
	maxPause = time.Second
	// dialAfter is how long the server with the greater key waits for the
	// other's stream, looking every dialLook.
	dialAfter = 500 * time.Millisecond
	dialLook  = 10 * time.Millisecond
)

// Run sends until ctx ends. It keeps a stream open also while there is nothing to
// send, so that the next election does not wait for a connection.
func (q *Queue) Run(ctx context.Context) {
	pause := minPause
	for ctx.Err() == nil {
		q.giveWay(ctx)
		octx, done := context.WithTimeout(ctx, openTimeout)
		s, err := q.cfg.Open(octx)
		done()
		if err == nil {
			pause = minPause
			q.use(ctx, s)
		}
		if q.Clear() {
			q.cfg.Lost()
		}
		select {
		case <-ctx.Done():
		case <-q.cfg.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// giveWay lets the server with the smaller key dial first. Two that dial each
// other at the same moment over TCP make one connection of which each believes
// that it began it: it fails on both sides, and libp2p does not dial again for
// five seconds. An election among servers that had no streams yet could so
// end without a leader.
func (q *Queue) giveWay(ctx context.Context) {
	if bytes.Compare(q.cfg.Self[:], q.cfg.To[:]) < 0 {
		return
	}
	for left := dialAfter; left > 0 && !q.cfg.Heard(); left -= dialLook {
		select {
		case <-ctx.Done():
			return
		case <-q.cfg.After(dialLook):
		}
	}
}

// use sends over a stream until it ends. The other side never answers on it:
// when there is something to read, which can only be an end, it has closed its
// log. It must be read, because libp2p throws away without a word what is
// written to a stream that the other side has closed.
func (q *Queue) use(ctx context.Context, s io.ReadWriteCloser) {
	on, end := context.WithCancel(ctx)
	defer end()
	context.AfterFunc(on, func() { s.Close() })
	go func() {
		var b [1]byte
		_, _ = s.Read(b[:])
		end()
	}()
	q.carry(on, s)
	if ctx.Err() == nil {
		q.cfg.Lost() // what was written last may not have come
	}
}

// carry writes until the stream fails or ctx ends.
func (q *Queue) carry(ctx context.Context, s io.Writer) {
	var b []byte
	for ctx.Err() == nil {
		b = q.take(b[:0])
		if len(b) == 0 {
			select {
			case <-q.wake:
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

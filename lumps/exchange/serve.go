package exchange

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/semaphore"

	"github.com/metatopia/metatopia/lumps"
)

// server answers wants on streams from the store, within bounds for each peer
// and for all of them. A peer that does not ask costs nothing; one that does
// not read is cut off.
type server struct {
	x     *Exchange
	lumps *semaphore.Weighted // in memory now

	mu     sync.Mutex
	peers  map[peer.ID]*asker
	total  int // streams
	closed bool
	work   sync.WaitGroup
}

// asker is a peer with open streams.
type asker struct {
	streams int
	lumps   *semaphore.Weighted
	ctx     context.Context // of all its streams
	end     context.CancelFunc
}

func newServer(x *Exchange) *server {
	return &server{x: x, lumps: semaphore.NewWeighted(serveLumps), peers: map[peer.ID]*asker{}}
}

// enter counts a stream; nil when there is no room for it.
func (s *server) enter(id peer.ID) *asker {
	if !s.x.welcome(id) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.peers[id]
	if s.closed || s.total == serveStreams || c != nil && c.streams == peerStreams {
		return nil
	}
	if c == nil {
		c = &asker{lumps: semaphore.NewWeighted(peerLumps)}
		c.ctx, c.end = context.WithCancel(s.x.ctx)
		s.peers[id] = c
	}
	c.streams++
	s.total++
	s.work.Add(1)
	return c
}

func (s *server) leave(id peer.ID, c *asker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if c.streams--; c.streams == 0 {
		c.end()
		delete(s.peers, id)
	}
	s.work.Done()
}

// close refuses new streams and waits for the open ones, which end with the
// exchange's context.
func (s *server) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.work.Wait()
}

// handle serves one stream.
func (s *server) handle(st network.Stream) {
	id := st.Conn().RemotePeer()
	c := s.enter(id)
	if c == nil {
		s.x.meters.refused.Add(1)
		_ = st.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = st.Write(appendHead(nil, frameBusy, 0)) // a courtesy: the end says it as well
		_ = st.Close()
		return
	}
	defer s.leave(id, c)
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = st.Reset() })()
	answers := make(chan answer, serveAhead)
	go s.load(ctx, st, c, answers)
	err := s.write(st, id, answers)
	cancel()
	for a := range answers { // load ends with ctx
		a.release()
	}
	if err == nil {
		_ = st.Close()
		return
	}
	_ = st.Reset()
	var slow net.Error
	switch {
	case c.ctx.Err() != nil: // ended already
	case errors.Is(err, errWire):
		s.x.judge.fault(id, Garbled)
		c.end()
	case errors.As(err, &slow) && slow.Timeout():
		s.x.meters.stalled.Add(1)
		s.x.accounts.stall(id)
		c.end()
	}
}

// answer is a frame to be written, or the error that ends the stream.
type answer struct {
	kind    byte
	b       []byte
	err     error
	release func()
}

// load reads wants and finds the answers: the next ones while the last one is
// being written.
func (s *server) load(ctx context.Context, st network.Stream, c *asker, out chan<- answer) {
	defer close(out)
	var buf [wantLen]byte
	for {
		_ = st.SetReadDeadline(time.Now().Add(serveIdle))
		if _, err := io.ReadFull(st, buf[:]); err != nil {
			return // nothing more is asked
		}
		a := s.answer(ctx, c, buf[:])
		select {
		case out <- a:
		case <-ctx.Done():
			a.release()
			return
		}
		if a.err != nil || a.kind == frameBusy {
			return
		}
	}
}

func (s *server) answer(ctx context.Context, c *asker, b []byte) answer {
	free := func() {}
	kind, ref, err := parseWant(b)
	if err != nil {
		return answer{err: err, release: free}
	}
	if kind == wantWord {
		if ok, err := s.x.store.Has(ctx, ref); err != nil || !ok {
			return answer{kind: frameAbsent, err: err, release: free}
		}
		return answer{kind: frameHere, release: free}
	}
	wait, cancel := context.WithTimeout(ctx, serveWait)
	defer cancel()
	if c.lumps.Acquire(wait, 1) != nil {
		s.x.meters.refused.Add(1)
		return answer{kind: frameBusy, release: free}
	}
	if s.lumps.Acquire(wait, 1) != nil {
		c.lumps.Release(1)
		s.x.meters.refused.Add(1)
		return answer{kind: frameBusy, release: free}
	}
	buf := takeBuffer(lumps.ChunkSize)
	free = func() {
		freeBuffer(buf)
		s.lumps.Release(1)
		c.lumps.Release(1)
	}
	lump, err := lumps.Lend(ctx, s.x.store, ref, buf)
	switch {
	case missing(err) || errors.Is(err, lumps.ErrBadRef):
		s.x.meters.absent.Add(1)
		return answer{kind: frameAbsent, release: free}
	case err != nil:
		return answer{err: err, release: free}
	}
	return answer{kind: frameLump, b: lump, release: free}
}

// write sends the answers. A peer that does not read one in time is given
// up.
func (s *server) write(st network.Stream, id peer.ID, answers <-chan answer) error {
	// The head goes out with the first bytes of the lump.
	out := bufio.NewWriterSize(st, 16<<10)
	var head [headLen]byte
	for a := range answers {
		err := a.err
		if err == nil {
			_ = st.SetWriteDeadline(time.Now().Add(s.x.cfg.Stall * serveParts / stallParts))
			_, err = out.Write(appendHead(head[:0], a.kind, len(a.b)))
		}
		if err == nil {
			_, err = out.Write(a.b)
		}
		if err == nil {
			err = out.Flush()
		}
		a.release()
		if err != nil {
			return err
		}
		if n := int64(len(a.b)); a.kind == frameLump {
			s.x.meters.served.add(len(a.b))
			s.x.accounts.with(id, func(acc *account) { acc.Sent += n })
		}
	}
	return nil
}

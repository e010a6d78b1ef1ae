package exchange

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// sieve stands between the host and bitswap and looks at every message before
// the library parses it: what is parsed costs some ten times its length in
// memory, and everything in it is looked up in the store.
type sieve struct {
	host.Host
	judge *judge
	ipfs  bool // bitswap's public name counts as ours

	mu    sync.Mutex
	peers map[peer.ID]*inflow
}

// inflow is what one peer has coming in. It stays while a stream is open.
type inflow struct {
	streams int
	large   chan struct{} // one for each large buffer in use
	tokens  float64       // entries that may come now
	at      time.Time     // when tokens was true
}

func newSieve(h host.Host, j *judge, ipfs bool) *sieve {
	return &sieve{Host: h, judge: j, ipfs: ipfs, peers: map[peer.ID]*inflow{}}
}

// SetStreamHandler implements host.Host for bitswap.
func (h *sieve) SetStreamHandler(id protocol.ID, next network.StreamHandler) {
	handle := func(s network.Stream) {
		p := s.Conn().RemotePeer()
		if h.judge.shunned(p) {
			s.Reset()
			return
		}
		in := h.enter(p)
		if in == nil {
			h.judge.fault(p, Flood)
			s.Reset()
			return
		}
		defer h.leave(p, in)
		// Bitswap's handler returns when the stream has ended.
		next(&sifted{Stream: s, h: h, in: in, from: p, rd: bufio.NewReader(s)})
	}
	h.Host.SetStreamHandler(id, handle)
	if h.ipfs {
		h.Host.SetStreamHandler(bitswapVersion, handle)
	}
}

// NewStream implements host.Host for bitswap.
func (h *sieve) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if !h.ipfs || len(ids) != 1 {
		return h.Host.NewStream(ctx, p, ids...)
	}
	s, err := h.Host.NewStream(ctx, p, ids[0], bitswapVersion)
	if err != nil {
		return nil, err
	}
	return renamed{s, ids[0]}, nil
}

// renamed is a stream under another name of the same protocol: bitswap knows
// only the names that it was told.
type renamed struct {
	network.Stream
	id protocol.ID
}

// Protocol implements network.Stream.
func (r renamed) Protocol() protocol.ID { return r.id }

func (h *sieve) enter(p peer.ID) *inflow {
	h.mu.Lock()
	defer h.mu.Unlock()
	in := h.peers[p]
	if in == nil {
		in = &inflow{large: make(chan struct{}, maxLarge), tokens: entryBurst, at: h.judge.now()}
		h.peers[p] = in
	}
	if in.streams >= maxStreams {
		return nil
	}
	in.streams++
	return in
}

func (h *sieve) leave(p peer.ID, in *inflow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// A peer that opens a stream for every message keeps its bucket: the
	// record goes when it would be full anyway.
	if in.streams--; in.streams == 0 && h.refill(in) >= entryBurst {
		delete(h.peers, p)
	}
	if len(h.peers) > 2*maxJudged {
		for q, other := range h.peers { //lint:sorted all that are idle go
			if other.streams == 0 {
				delete(h.peers, q)
			}
		}
	}
}

func (h *sieve) refill(in *inflow) float64 {
	now := h.judge.now()
	in.tokens = min(in.tokens+now.Sub(in.at).Seconds()*entryRate, entryBurst)
	in.at = now
	return in.tokens
}

// charge takes n entries from the peer's bucket; false when it is empty.
func (h *sieve) charge(in *inflow, n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refill(in) < float64(n) {
		return false
	}
	in.tokens -= float64(n)
	return true
}

// sifted is a stream that gives whole messages that were looked at.
type sifted struct {
	network.Stream
	h    *sieve
	in   *inflow
	from peer.ID
	rd   *bufio.Reader

	msg   []byte // what is left of a message, its length before it
	whole []byte // the buffer that msg is in
}

// Read implements io.Reader.
func (s *sifted) Read(p []byte) (int, error) {
	for len(s.msg) == 0 {
		s.release()
		if err := s.next(); err != nil {
			s.release()
			return 0, err
		}
	}
	n := copy(p, s.msg)
	s.msg = s.msg[n:]
	return n, nil
}

// Large buffers are kept for the next message, of whatever stream.
var largeBuffers = sync.Pool{New: func() any { return new([maxMessage + binary.MaxVarintLen64]byte) }}

func (s *sifted) release() {
	if cap(s.whole) > smallMessage+binary.MaxVarintLen64 {
		largeBuffers.Put((*[maxMessage + binary.MaxVarintLen64]byte)(s.whole[:cap(s.whole)]))
		<-s.in.large
	}
	s.whole, s.msg = nil, nil
}

var errSifted = errors.New("lumps/exchange: message refused")

// next reads a message and looks at it.
func (s *sifted) next() error {
	size, err := s.length()
	if err != nil {
		return err
	}
	// A message that has begun must end; between two a stream may rest.
	if err := s.SetReadDeadline(time.Now().Add(messageTime)); err != nil {
		return err
	}
	head := binary.MaxVarintLen64
	s.whole = make([]byte, head+int(min(size, smallMessage)))
	body := s.whole[head:]
	if _, err := io.ReadFull(s.rd, body); err != nil {
		return noEOF(err)
	}
	if size > smallMessage {
		if body, err = s.grow(body, int(size)); err != nil {
			return err
		}
	}
	if err := s.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	n, fault, err := sift(body)
	if err == nil && !s.h.charge(s.in, n) {
		fault, err = Flood, fmt.Errorf("%w: too many entries in a short time", errSifted)
	}
	if err != nil {
		s.h.judge.fault(s.from, fault)
		return err
	}
	var length [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(length[:], size)
	copy(s.whole[head-k:], length[:k])
	s.msg = s.whole[head-k : head+int(size)]
	return nil
}

// length reads the length of the next message. One that may be sent
// takes at most five bytes.
func (s *sifted) length() (n uint64, err error) {
	for i := 0; ; i++ {
		b, err := s.rd.ReadByte()
		if err != nil {
			if i > 0 {
				err = noEOF(err)
			}
			return 0, err // between two messages, or the stream was reset
		}
		n |= uint64(b&0x7f) << (7 * i)
		if n > maxMessage || i == 4 && b >= 0x80 {
			s.h.judge.fault(s.from, Garbled)
			return 0, fmt.Errorf("%w: too long", errSifted)
		}
		if b < 0x80 {
			return n, nil
		}
	}
}

// grow goes on in a large buffer: only a peer that has sent the first part
// makes us take one, and it waits for its own others.
func (s *sifted) grow(first []byte, size int) ([]byte, error) {
	wait := time.NewTimer(messageTime)
	defer wait.Stop()
	select {
	case s.in.large <- struct{}{}:
	case <-wait.C:
		return nil, fmt.Errorf("%w: no room", errSifted)
	}
	head := binary.MaxVarintLen64
	s.whole = largeBuffers.Get().(*[maxMessage + binary.MaxVarintLen64]byte)[:]
	body := s.whole[head : head+size]
	_, err := io.ReadFull(s.rd, body[copy(body, first):])
	return body, noEOF(err)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

package p2p

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/metatopia/metatopia/internal/base"
)

// Stream is one libp2p stream. Close ends both directions at once for this
// side; what was written before still goes out, to a peer that reads. One that
// does not is cut off by a write deadline.
type Stream struct{ s network.Stream }

func (s Stream) Read(p []byte) (int, error) { return s.s.Read(p) }

func (s Stream) Write(p []byte) (int, error) {
	_ = s.s.SetWriteDeadline(time.Now().Add(writeTimeout))
	return s.s.Write(p)
}

func (s Stream) Close() error {
	err := s.s.Close()
	// A reset at once would overtake what was written last.
	time.AfterFunc(writeTimeout, func() { _ = s.s.Reset() })
	return err
}

// Paced is a stream whose user sets the deadlines: one write may take as long
// as the other side needs to store what it reads.
type Paced struct{ Stream }

func (p Paced) Write(b []byte) (int, error) { return p.s.Write(b) }

// SetReadDeadline ends reads at t.
func (p Paced) SetReadDeadline(t time.Time) error { return p.s.SetReadDeadline(t) }

// SetWriteDeadline ends writes at t.
func (p Paced) SetWriteDeadline(t time.Time) error { return p.s.SetWriteDeadline(t) }

// Relayed reports whether the stream goes through a relay.
func (s Stream) Relayed() bool { return s.s.Conn().Stat().Limited }

// Reset ends both directions at once; what was not read yet is lost.
func (s Stream) Reset() { _ = s.s.Reset() }

// CloseWrite says that nothing more will be written.
func (s Stream) CloseWrite() error { return s.s.CloseWrite() }

var _ io.ReadWriteCloser = Stream{}

type inboundKey struct {
	proto string
	id    peer.ID
}

// Handle serves a protocol; fn runs in its own goroutine per stream and the
// stream is closed when it returns. Streams of foreign peers, and those
// beyond the bound per peer, are refused.
func (n *Net) Handle(proto string, fn func(remote base.Key, s Stream)) {
	n.host.SetStreamHandler(protocol.ID(proto), func(s network.Stream) {
		id := s.Conn().RemotePeer()
		k, err := keyOf(id)
		if err != nil || !n.enter(inboundKey{proto, id}) {
			_ = s.Reset()
			return
		}
		defer n.leave(inboundKey{proto, id})
		st := Stream{s}
		defer st.Close()
		fn(k, st)
	})
}

// Unhandle stops serving a protocol; open streams go on.
func (n *Net) Unhandle(proto string) { n.host.RemoveStreamHandler(protocol.ID(proto)) }

func (n *Net) enter(k inboundKey) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.inbound[k] >= maxInbound {
		return false
	}
	n.inbound[k]++
	return true
}

func (n *Net) leave(k inboundKey) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.inbound[k]--; n.inbound[k] <= 0 {
		delete(n.inbound, k)
	}
}

// Open opens a stream to a node, dialling it when needed.
func (n *Net) Open(ctx context.Context, k base.Key, proto string) (Stream, error) {
	if err := n.DialKey(ctx, k); err != nil {
		return Stream{}, err
	}
	id, err := idOf(k)
	if err != nil {
		return Stream{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	s, err := n.host.NewStream(network.WithAllowLimitedConn(ctx, proto), id, protocol.ID(proto))
	if err != nil {
		return Stream{}, fmt.Errorf("p2p: open %s to %s: %w", proto, k.Short(), err)
	}
	return Stream{s}, nil
}

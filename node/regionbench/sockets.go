package regionbench

import (
	"net"
	"sync"
	"sync/atomic"
)

// sockets are those of one server's QUIC. They can be muted: then nothing leaves
// them any more, as when the process has gone.
type sockets struct {
	mu   sync.Mutex
	list []*socket
	dead bool
}

type socket struct {
	*net.UDPConn
	dead atomic.Bool
}

// open is p2p.Config.UDP.
func (s *sockets) open(at *net.UDPAddr) (net.PacketConn, error) {
	c, err := net.ListenUDP("udp4", at)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &socket{UDPConn: c}
	x.dead.Store(s.dead)
	s.list = append(s.list, x)
	return x, nil
}

func (s *sockets) mute() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	for _, x := range s.list {
		x.dead.Store(true)
	}
}

func (x *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	if x.dead.Load() {
		return len(b), nil
	}
	return x.UDPConn.WriteTo(b, to)
}

// WriteMsgUDP is what QUIC uses where the system can send several packets at
// once.
func (x *socket) WriteMsgUDP(b, oob []byte, to *net.UDPAddr) (int, int, error) {
	if x.dead.Load() {
		return len(b), len(oob), nil
	}
	return x.UDPConn.WriteMsgUDP(b, oob, to)
}

package udpnet

import (
	"fmt"
	"net/netip"
)

// Mapping says which outside port a NAT gives a socket (RFC 4787, 4.1).
type Mapping uint8

const (
	// PerSocket: one port for a socket, whomever it sends to
	// (endpoint-independent). Hole punching works through it.
	PerSocket Mapping = iota
	// PerPeer: another port for every receiver (address and port dependent,
	// "symmetric"). Nobody can guess the port, and punching fails.
	PerPeer
)

// NAT joins a home network to the open one. Both mappings come with the
// strictest filter (RFC 4787, 5): a datagram comes in only from an address and
// port that the socket has sent to.
type NAT struct {
	net    *Net
	public netip.Addr
	kind   Mapping

	// guarded by net.mu
	inside map[netip.AddrPort]*Conn
	ports  map[flow]uint16 // outside port by socket and, for PerPeer, receiver
	owner  map[uint16]netip.AddrPort
	passed map[pass]bool
	next   uint16
}

type flow struct{ socket, peer netip.AddrPort }

type pass struct {
	port uint16
	peer netip.AddrPort
}

// firstPort is where a NAT starts to count; no socket of a test listens there.
const firstPort = 40000

// NAT makes a home network behind a public address.
func (n *Net) NAT(public netip.Addr, kind Mapping) *NAT {
	t := &NAT{
		net: n, public: public, kind: kind, inside: map[netip.AddrPort]*Conn{}, ports: map[flow]uint16{},
		owner: map[uint16]netip.AddrPort{}, passed: map[pass]bool{}, next: firstPort,
	}
	n.mu.Lock()
	n.nats[public] = t
	n.mu.Unlock()
	return t
}

// Listen opens a socket of the home network.
func (t *NAT) Listen(at netip.AddrPort) (*Conn, error) {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	if t.inside[at] != nil {
		return nil, fmt.Errorf("%w: %s", errInUse, at)
	}
	c := newConn(t.net, t, at)
	t.inside[at] = c
	return c, nil
}

// out translates a sender and lets answers in. net.mu is held.
func (t *NAT) out(socket, peer netip.AddrPort) netip.AddrPort {
	f := flow{socket: socket}
	if t.kind == PerPeer {
		f.peer = peer
	}
	port := t.ports[f]
	if port == 0 {
		port = t.next
		t.next++
		t.ports[f], t.owner[port] = port, socket
	}
	t.passed[pass{port, peer}] = true
	return netip.AddrPortFrom(t.public, port)
}

// in finds the socket that a datagram is for, if it is let in. net.mu is held.
func (t *NAT) in(from, to netip.AddrPort) (*Conn, bool) {
	if !t.passed[pass{to.Port(), from}] {
		return nil, false
	}
	return t.inside[t.owner[to.Port()]], true
}

package udpnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// backlog is how many datagrams a socket holds that is not read, like the
// receive buffer of a kernel.
const backlog = 2048

type datagram struct {
	from netip.AddrPort
	b    []byte
}

// Conn is a socket of the network: a net.PacketConn.
type Conn struct {
	net *Net
	nat *NAT // nil in the open network
	at  netip.AddrPort

	mu       sync.Mutex
	queue    []datagram
	ready    chan struct{} // holds a token while a reader should look again
	closed   bool
	deadline time.Time
	timer    *time.Timer
}

var _ net.PacketConn = (*Conn)(nil)

func newConn(n *Net, nat *NAT, at netip.AddrPort) *Conn {
	return &Conn{net: n, nat: nat, at: at, ready: make(chan struct{}, 1)}
}

func (c *Conn) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *Conn) deliver(d datagram) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.queue) >= backlog {
		return false
	}
	c.queue = append(c.queue, d)
	c.signal()
	return true
}

// ReadFrom takes the next datagram; what does not fit in p is cut off.
func (c *Conn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		c.mu.Lock()
		switch {
		case c.closed:
			c.signal() // for other readers
			c.mu.Unlock()
			return 0, nil, net.ErrClosed
		case len(c.queue) > 0:
			d := c.queue[0]
			c.queue[0] = datagram{}
			if c.queue = c.queue[1:]; len(c.queue) > 0 {
				c.signal()
			} else {
				c.queue = nil
			}
			c.mu.Unlock()
			return copy(p, d.b), net.UDPAddrFromAddrPort(d.from), nil
		case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
			c.signal()
			c.mu.Unlock()
			return 0, nil, os.ErrDeadlineExceeded
		}
		c.mu.Unlock()
		<-c.ready
	}
}

// WriteTo sends a datagram. Like UDP it never says whether it arrived.
func (c *Conn) WriteTo(p []byte, to net.Addr) (int, error) {
	ap, err := addrPort(to)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	c.net.send(c, ap, append([]byte(nil), p...))
	return len(p), nil
}

// Close ends reading and writing.
func (c *Conn) Close() error {
	c.mu.Lock()
	was := c.closed
	c.closed, c.queue = true, nil
	if c.timer != nil {
		c.timer.Stop()
	}
	c.signal()
	c.mu.Unlock()
	if !was {
		c.net.forget(c)
	}
	return nil
}

// LocalAddr is the address that the socket was opened with.
func (c *Conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.at) }

// SetReadDeadline ends a waiting ReadFrom at t; the zero time never does.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if c.deadline = t; !t.IsZero() && !c.closed {
		c.timer = time.AfterFunc(time.Until(t), func() {
			c.mu.Lock()
			c.signal()
			c.mu.Unlock()
		})
	}
	return nil
}

// SetWriteDeadline does nothing: sending never waits.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is SetReadDeadline.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadBuffer and SetWriteBuffer take any size; QUIC asks for large ones.
func (c *Conn) SetReadBuffer(int) error  { return nil }
func (c *Conn) SetWriteBuffer(int) error { return nil }

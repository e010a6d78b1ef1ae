package regionbench

import (
	"net"
	"sync"
	"time"
)

// link is what a node's connections share: so many bytes a second each way.
type link struct {
	rate float64 // bytes a second
	up   lane
	down lane
}

// lane is one way of a link.
type lane struct {
	mu    sync.Mutex
	free  time.Time // when what was sent is through
	bytes int64
}

const (
	// linkBurst is how much goes through at once, after a pause.
	linkBurst = 64 << 10
	linkChunk = 16 << 10
)

// pass waits until n bytes are through.
func (l *lane) pass(n int, rate float64) {
	l.mu.Lock()
	now := time.Now()
	if least := now.Add(-time.Duration(linkBurst / rate * 1e9)); l.free.Before(least) {
		l.free = least
	}
	l.free = l.free.Add(time.Duration(float64(n) / rate * 1e9))
	l.bytes += int64(n)
	wait := l.free.Sub(now)
	l.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
}

func (l *lane) total() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// wrap puts a connection on the link.
func (l *link) wrap(c net.Conn) net.Conn { return &linked{c, l} }

type linked struct {
	net.Conn
	l *link
}

func (c *linked) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b[:min(len(b), linkChunk)])
	c.l.down.pass(n, c.l.rate)
	return n, err
}

func (c *linked) Write(b []byte) (sent int, err error) {
	for len(b) > 0 && err == nil {
		n := min(len(b), linkChunk)
		c.l.up.pass(n, c.l.rate)
		n, err = c.Conn.Write(b[:n])
		sent, b = sent+n, b[n:]
	}
	return sent, err
}

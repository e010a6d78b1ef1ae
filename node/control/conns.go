package control

import (
	"net"
	"sync"
)

// limitConns holds back Accept while n connections are open: a client that
// opens connections without end waits instead of taking the node's memory.
func limitConns(ln net.Listener, n int) net.Listener {
	return &limitedListener{Listener: ln, slots: make(chan struct{}, n), done: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	slots chan struct{}
	once  sync.Once
	done  chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	if u, ok := c.(*net.UnixConn); ok {
		return &limitedUnix{UnixConn: u, release: l.release()}, nil
	}
	return &limitedConn{Conn: c, release: l.release()}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

func (l *limitedListener) release() func() {
	return sync.OnceFunc(func() { <-l.slots })
}

type limitedConn struct {
	net.Conn
	release func()
}

func (c *limitedConn) Close() error { defer c.release(); return c.Conn.Close() }

// limitedUnix keeps the socket reachable for the credential check.
type limitedUnix struct {
	*net.UnixConn
	release func()
}

func (c *limitedUnix) Close() error { defer c.release(); return c.UnixConn.Close() }

package control

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// watcher is a backend whose Watch says something after a while.
type watcher struct {
	Backend
	wait time.Duration
}

func (b watcher) Watch(ctx context.Context, _ *WatchRequest, send func(*Frame) error) error {
	select {
	case <-time.After(b.wait):
		return send(&Frame{Me: "late"})
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestStrangersDoNotStay: without the token nobody keeps a connection by not
// sending a body or not reading an answer; with it a stream has no end.
func TestStrangersDoNotStay(t *testing.T) {
	const patience = 200 * time.Millisecond
	s, err := NewServer(Config{Backend: watcher{wait: 3 * patience}})
	if err != nil {
		t.Fatal(err)
	}
	s.patience = patience
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := &closeTeller{Listener: tcp, closed: make(chan string, 16)}
	big := &fstest.MapFile{Data: []byte(strings.Repeat("x", 32<<20))} // more than the kernel holds for a reader
	if _, err := s.ServeWeb(ln, fstest.MapFS{"index.html": {Data: []byte("page")}, "big.js": big}); err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context()) //nolint:errcheck // nothing to lose
	host := ln.Addr().String()
	for name, request := range map[string]string{
		"no token":     "POST " + Service + "Say HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
		"another host": "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n",
		"page":         "GET / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 1000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := knock(t, host, request)
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Errorf("the connection stays open: %v", err)
			}
		})
	}
	t.Run("an answer nobody reads", func(t *testing.T) {
		c := knock(t, host, "GET /big.js HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		for {
			select {
			case who := <-ln.closed:
				if who == c.LocalAddr().String() {
					return
				}
			case <-time.After(time.Minute):
				t.Fatal("the connection stays open")
			}
		}
	})
	t.Run("a stream with the token", func(t *testing.T) {
		body := "\x00\x00\x00\x00\x02{}"
		c := knock(t, host, fmt.Sprintf("POST %sWatch HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/connect+json\r\nContent-Length: %d\r\n\r\n%s", Service, host, s.Token(), len(body), body))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(got), "late") {
			t.Errorf("the stream gave %q, %v", got, err)
		}
	})
}

// closeTeller tells whose connections the server has closed.
type closeTeller struct {
	net.Listener
	closed chan string
}

func (l *closeTeller) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &toldConn{c, l.closed}, nil
}

type toldConn struct {
	net.Conn
	closed chan string
}

func (c *toldConn) Close() error {
	select {
	case c.closed <- c.RemoteAddr().String():
	default:
	}
	return c.Conn.Close()
}

func knock(t *testing.T, addr, request string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c
}

package udpnet

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

var (
	one   = netip.MustParseAddrPort("1.0.0.1:1")
	two   = netip.MustParseAddrPort("1.0.0.2:2")
	three = netip.MustParseAddrPort("1.0.0.3:3")
)

func listen(t *testing.T, n interface {
	Listen(netip.AddrPort) (*Conn, error)
}, at netip.AddrPort) *Conn {
	t.Helper()
	c, err := n.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func say(c *Conn, to netip.AddrPort, text string) {
	_, _ = c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(to))
}

// hear waits for one datagram; none is "".
func hear(t *testing.T, c *Conn) (text string, from netip.AddrPort) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	var b [64]byte
	n, a, err := c.ReadFrom(b[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", from
	}
	if err != nil {
		t.Fatal(err)
	}
	from, _ = addrPort(a)
	return string(b[:n]), from
}

func TestLatencyAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{Delay: func(_, _ netip.AddrPort) time.Duration { return 30 * time.Millisecond }})
		defer n.Close()
		a, b := listen(t, n, one), listen(t, n, two)
		began := time.Now()
		say(a, two, "x")
		say(a, two, "y")
		if s, from := hear(t, b); s != "x" || from != one || time.Since(began) != 30*time.Millisecond {
			t.Fatal(s, from, time.Since(began))
		}
		if s, _ := hear(t, b); s != "y" {
			t.Fatal(s)
		}
		if s, _ := hear(t, b); s != "" {
			t.Fatal(s)
		}
		if _, err := n.Listen(two); err == nil {
			t.Fatal("one address twice")
		}
	})
}

func TestLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{Loss: 0.25, Seed: 7})
		defer n.Close()
		a := listen(t, n, one)
		listen(t, n, two)
		for range 1000 {
			say(a, two, "x")
		}
		if s := n.Stats(); s.Sent != 1000 || s.Lost < 200 || s.Lost > 300 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestCloseEndsARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{})
		a := listen(t, n, one)
		failed := make(chan error)
		go func() {
			_, _, err := a.ReadFrom(make([]byte, 1))
			failed <- err
		}()
		synctest.Wait()
		n.Close()
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	})
}

// What comes in through a NAT is what was asked for; its outside port is one
// for all or another for each peer.
func TestNAT(t *testing.T) {
	for _, kind := range []Mapping{PerSocket, PerPeer} {
		synctest.Test(t, func(t *testing.T) {
			n := New(Config{})
			defer n.Close()
			nat := n.NAT(netip.MustParseAddr("5.5.5.5"), kind)
			in := listen(t, nat, netip.MustParseAddrPort("10.0.0.2:9"))
			a, b := listen(t, n, two), listen(t, n, three)

			say(in, two, "hi")
			s, outA := hear(t, a)
			if s != "hi" || outA.Addr() != netip.MustParseAddr("5.5.5.5") {
				t.Fatal(s, outA)
			}
			say(a, outA, "answer")
			if s, from := hear(t, in); s != "answer" || from != two {
				t.Fatal(s, from)
			}
			say(b, outA, "uninvited")
			if s, _ := hear(t, in); s != "" || n.Stats().Filtered != 1 {
				t.Fatal(s, n.Stats())
			}
			say(in, three, "hi")
			_, outB := hear(t, b)
			if same := outA == outB; same != (kind == PerSocket) {
				t.Fatal(outA, outB)
			}
			// A private address means nothing outside.
			say(a, netip.MustParseAddrPort("10.0.0.2:9"), "x")
			if s, _ := hear(t, in); s != "" {
				t.Fatal(s)
			}
			neighbour := listen(t, nat, netip.MustParseAddrPort("10.0.0.3:9"))
			say(neighbour, netip.MustParseAddrPort("10.0.0.2:9"), "hello")
			if s, from := hear(t, in); s != "hello" || from.Addr() != netip.MustParseAddr("10.0.0.3") {
				t.Fatal(s, from)
			}
		})
	}
}

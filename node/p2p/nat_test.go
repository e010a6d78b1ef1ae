package p2p

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/udpnet"
)

// homes is a public node that relays and two nodes behind NATs of their own
// that know only it.
type homes struct {
	*pair
	relay *Net
}

func inHomes(t *testing.T, kinds [2]udpnet.Mapping, fn func(h *homes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(25)})
		defer u.Close()
		h := &homes{pair: &pair{t: t, udp: u}}
		h.relay = simStart(t, u, 1, "1.0.0.1", func(c *Config) { c.Reach = ReachPublic })
		defer h.relay.Close()
		private := func(c *Config) { c.Reach, c.Bootstrap = ReachPrivate, h.relay.Addrs() }
		h.a = simStart(t, u.NAT(netip.MustParseAddr("5.0.0.1"), kinds[0]), 2, "10.0.0.2", private)
		defer h.a.Close()
		h.b = simStart(t, u.NAT(netip.MustParseAddr("6.0.0.1"), kinds[1]), 3, "10.0.0.2", private)
		defer h.b.Close()
		fn(h)
	})
}

func (n *Net) via(p *Net) string {
	for _, x := range n.Peers() {
		if x.Key == p.key {
			return x.Transport
		}
	}
	return "none"
}

// meet waits until a has a relayed address, tells b, and sends to and fro.
func (h *homes) meet() (la, lb *Links, ga, gb chan heard) {
	t := h.t
	began := time.Now()
	circuit := func() bool {
		return slices.ContainsFunc(h.a.Addrs(), func(a string) bool { return strings.Contains(a, "/p2p-circuit") })
	}
	for !circuit() {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("no relay was found: %v", h.a.Addrs())
		}
		time.Sleep(time.Second)
	}
	t.Logf("a relay after %v: %v", time.Since(began), h.a.Addrs())
	rec, err := h.a.AddrRecord(1024)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.b.LearnRecord(h.a.Key(), rec); err != nil {
		t.Fatal(err)
	}
	la, ga, fa := h.links(h.a, testProto)
	lb, gb, fb := h.links(h.b, testProto)
	lb.Send(h.a.Key(), 0, Outgoing{Msg: []byte("ping")})
	<-ga
	la.Send(h.b.Key(), 0, Outgoing{Msg: []byte("pong")})
	<-gb
	if len(fa)+len(fb) > 0 {
		t.Fatal("a send failed")
	}
	t.Logf("to and fro via %s", h.b.via(h.a))
	return la, lb, ga, gb
}

// Two nodes behind NATs that keep one port per socket meet through a third and
// end up with a direct connection.
func TestHolePunching(t *testing.T) {
	inHomes(t, [2]udpnet.Mapping{udpnet.PerSocket, udpnet.PerSocket}, func(h *homes) {
		la, lb, ga, gb := h.meet()
		began := time.Now()
		for h.b.via(h.a) != "quic-v1" || h.a.via(h.b) != "quic-v1" {
			if time.Since(began) > time.Minute {
				t.Fatalf("still via %s and %s", h.b.via(h.a), h.a.via(h.b))
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("direct after %v", time.Since(began))
		// The next messages move the streams over, and the relay is not needed
		// any more.
		to := func(l *Links, n *Net, got chan heard, text string) {
			l.Send(n.Key(), 0, Outgoing{Msg: []byte(text)})
			select {
			case m := <-got:
				if m.msg != text {
					t.Fatalf("%q came instead of %q", m.msg, text)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%q did not come", text)
			}
		}
		to(la, h.b, gb, "direct")
		to(lb, h.a, ga, "too")
		h.relay.Close()
		time.Sleep(time.Second)
		to(la, h.b, gb, "without the relay")
		to(lb, h.a, ga, "as well")
		if s := statsOf(la); s["t_opened"] != 2 || s["t_broken"] != 0 {
			t.Fatal(s)
		}
		time.Sleep(time.Minute)
		if h.b.via(h.a) != "quic-v1" {
			t.Fatalf("via %s without the relay", h.b.via(h.a))
		}
	})
}

// Behind NATs that take another port for each peer punching cannot work: the
// relayed connection stays and carries.
func TestRelayRemains(t *testing.T) {
	inHomes(t, [2]udpnet.Mapping{udpnet.PerPeer, udpnet.PerPeer}, func(h *homes) {
		h.meet()
		time.Sleep(5 * time.Minute)
		if v := h.b.via(h.a); v != "circuit" {
			t.Fatalf("via %s", v)
		}
	})
}

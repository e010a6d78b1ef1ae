package p2p

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/udpnet"
)

// testProto is what the tests of links speak.
var testProto = Protocol{ID: "/t/1", Name: "t", Limit: 1024, Value: 1}

func keyFor(i int) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i), byte(i >> 8)}, ed25519.SeedSize/2))
}

// listener is the open network of a udpnet, or a home behind a NAT.
type listener interface {
	Listen(netip.AddrPort) (*udpnet.Conn, error)
}

func udpOf(l listener) func(*net.UDPAddr) (net.PacketConn, error) {
	return func(a *net.UDPAddr) (net.PacketConn, error) {
		ap := a.AddrPort()
		return l.Listen(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
	}
}

// simStart starts a node with real QUIC over simulated UDP. It must be closed
// before the bubble ends.
func simStart(t *testing.T, l listener, i int, ip string, change func(*Config)) *Net {
	t.Helper()
	cfg := Config{
		Key: keyFor(i), Listen: []string{fmt.Sprintf("/ip4/%s/udp/4001/quic-v1", ip)},
		UDP: udpOf(l), Lean: true, Protocols: []Protocol{testProto},
	}
	if change != nil {
		change(&cfg)
	}
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ms(n int) func(_, _ netip.AddrPort) time.Duration {
	return func(_, _ netip.AddrPort) time.Duration { return time.Duration(n) * time.Millisecond }
}

// Two hosts speak QUIC in virtual time.
func TestSimulatedHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		a := simStart(t, u, 1, "1.0.0.1", nil)
		defer a.Close()
		b := simStart(t, u, 2, "1.0.0.2", nil)
		defer b.Close()
		if _, err := b.Dial(t.Context(), a.Addrs()[0]); err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 10)
		if _, err := a.Links(LinksConfig{Protocols: []Protocol{testProto}, Recv: func(_ base.Key, _ int, m []byte) { got <- string(m) }}); err != nil {
			t.Fatal(err)
		}
		l, err := b.Links(LinksConfig{Protocols: []Protocol{testProto}})
		if err != nil {
			t.Fatal(err)
		}
		l.Send(a.Key(), 0, Outgoing{Msg: []byte("hello")})
		if s := <-got; s != "hello" {
			t.Fatal(s)
		}
		m := map[string]uint64{}
		l.LinkStats(m)
		t.Log(m, time.Now())
	})
}

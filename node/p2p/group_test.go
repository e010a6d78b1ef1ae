package p2p

import (
	"testing"

	"github.com/multiformats/go-multiaddr"
)

func TestGroups(t *testing.T) {
	of := func(s string) uint32 { return groupOf(multiaddr.StringCast(s)) }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"/ip4/8.8.8.1/udp/1/quic-v1", "/ip4/8.8.8.200/tcp/9", true},
		{"/ip4/8.8.8.1/udp/1/quic-v1", "/ip4/8.8.9.1/udp/1/quic-v1", false},
		{"/ip6/2a00:1:2:3::1/tcp/1", "/ip6/2a00:1:2:ffff::9/udp/2/quic-v1", true},
		{"/ip6/2a00:1:2:3::1/tcp/1", "/ip6/2a00:1:3:3::1/tcp/1", false},
	} {
		if a, b := of(c.a), of(c.b); a == 0 || b == 0 || (a == b) != c.same {
			t.Errorf("%s is of %x, %s of %x", c.a, a, c.b, b)
		}
	}
	for _, none := range []string{
		"/ip4/127.0.0.1/tcp/1", "/ip4/10.1.2.3/tcp/1", "/ip4/192.168.1.1/udp/1/quic-v1", "/ip6/::1/tcp/1", "/ip6/fe80::1/tcp/1",
		"/ip6/fd00::1/tcp/1", "/dns4/example.com/tcp/1",
		"/ip4/8.8.8.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit",
	} {
		if g := of(none); g != 0 {
			t.Errorf("%s is of group %x", none, g)
		}
	}
	if groupOf(nil) != 0 {
		t.Error("no address has a group")
	}
}

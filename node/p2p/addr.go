package p2p

import (
	"net/netip"

	manet "github.com/multiformats/go-multiaddr/net"
)

// Addr is where the other end of the stream connects from; the zero Addr when a
// relay stands between, for its address says nothing of who is behind it.
func (s Stream) Addr() netip.Addr {
	a := s.s.Conn().RemoteMultiaddr()
	if a == nil || relayed(a) {
		return netip.Addr{}
	}
	ip, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}

package p2p

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/metatopia/metatopia/internal/base"
)

// Group is the part of the internet that a connected node comes from: equal
// for all of one /24 of IPv4 or one /48 of IPv6, what one customer of a
// provider is given. It is 0 for a node that is not connected directly, or
// from a private address: those say nothing of who shares them.
func (n *Net) Group(k base.Key) uint32 {
	id, err := idOf(k)
	if err != nil {
		return 0
	}
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if g := groupOf(c.RemoteMultiaddr()); g != 0 {
			return g
		}
	}
	return 0
}

func groupOf(a multiaddr.Multiaddr) uint32 {
	if a == nil || relayed(a) || !manet.IsPublicAddr(a) {
		return 0
	}
	ip, err := manet.ToIP(a)
	if err != nil {
		return 0 // a name
	}
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return 0
	}
	if addr = addr.Unmap(); addr.Is4() {
		b := addr.As4()
		return 1<<24 | binary.BigEndian.Uint32(b[:])>>8
	}
	b := addr.As16()
	h := fnv.New32a()
	h.Write(b[:6])
	return max(h.Sum32(), 1)
}

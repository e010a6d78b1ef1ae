package door

import (
	"encoding/binary"
	"net/netip"
)

// Net is the network of an address for the limits on tries: the /24 of an IPv4
// address, the /56 of an IPv6 one. All peers without an address (behind a relay
// that tells none) are one network.
func Net(a netip.Addr) uint64 {
	a = a.Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return uint64(binary.BigEndian.Uint32(b[:])>>8) | 1<<56
	case a.Is6():
		b := a.As16()
		return binary.BigEndian.Uint64(b[:8])>>8 | 2<<56
	}
	return 0
}

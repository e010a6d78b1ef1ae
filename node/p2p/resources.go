package p2p

import (
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
)

// streamMemory is what one stream may hold of received bytes that are not read
// yet: the transports' largest window for a stream.
const streamMemory = 16 << 20

// limitsFor gives libp2p's resource manager its bounds: the library's own,
// scaled to the machine, and tighter ones for what we know.
func limitsFor(protos []Protocol) rcmgr.ConcreteLimitConfig {
	l := rcmgr.DefaultLimits
	// Bitswap, the DHT and our links together stay far below this, and it
	// keeps one peer from holding every stream of the node.
	l.ProtocolPeerBaseLimit.StreamsInbound = 64
	l.ProtocolPeerBaseLimit.StreamsOutbound = 128
	l.ProtocolPeerBaseLimit.Streams = 192
	none := rcmgr.BaseLimitIncrease{}
	for _, p := range protos {
		l.AddProtocolLimit(protocol.ID(p.ID), rcmgr.BaseLimit{
			Streams: 4 * maxLinkPeers, StreamsInbound: 2 * maxLinkPeers, StreamsOutbound: 2 * maxLinkPeers,
			Memory: 256 << 20,
		}, none)
		l.AddProtocolPeerLimit(protocol.ID(p.ID), rcmgr.BaseLimit{
			Streams: 2 * maxInbound, StreamsInbound: maxInbound, StreamsOutbound: maxInbound,
			Memory: streamMemory,
		}, none)
	}
	return l.AutoScale()
}

// knows reports whether a protocol was named at the start.
func (n *Net) knows(id string) bool {
	for _, p := range n.cfg.Protocols {
		if p.ID == id {
			return true
		}
	}
	return false
}

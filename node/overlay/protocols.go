package overlay

import (
	"time"

	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
)

// The overlay's protocols. What concerns neighbours is apart from what is
// bulky or comes in bursts, so that a move never waits behind a lookup.
const (
	near  = iota // neighbours: leases, moves, health, offers
	rps          // random peer sampling: shuffles
	find         // lookups and closures, and their answers
	route        // routed payloads and their acknowledgements
)

// The rates are several times what a correct node sends to one peer. At its
// fastest a mover sends 10 moves and 5 rounds of offer, want and give a
// second, and a starting node shuffles every second; a lookup has 3 questions
// in flight. A route is carried for others, so any number may come from one
// neighbour: its rate is what one node should carry.
var protocols = [...]p2p.Protocol{
	near: {ID: "/metatopia/raynet/near/1", Name: "raynet_near", Limit: wire.MaxMessage, Idle: time.Minute, Value: 10,
		Messages: p2p.Rate{PerSecond: 60, Burst: 300}, Bytes: p2p.Rate{PerSecond: 64 << 10, Burst: 512 << 10}},
	rps: {ID: "/metatopia/raynet/rps/1", Name: "raynet_rps", Limit: wire.MaxMessage, Idle: 30 * time.Second, Value: 2,
		Messages: p2p.Rate{PerSecond: 4, Burst: 40}, Bytes: p2p.Rate{PerSecond: 32 << 10, Burst: 384 << 10}},
	find: {ID: "/metatopia/raynet/find/1", Name: "raynet_find", Limit: wire.MaxMessage, Idle: 20 * time.Second, Value: 1,
		Messages: p2p.Rate{PerSecond: 40, Burst: 400}, Bytes: p2p.Rate{PerSecond: 128 << 10, Burst: 1 << 20}},
	route: {ID: "/metatopia/raynet/route/1", Name: "raynet_route", Limit: wire.MaxMessage, Idle: 30 * time.Second, Value: 1,
		Messages: p2p.Rate{PerSecond: 100, Burst: 400}, Bytes: p2p.Rate{PerSecond: 256 << 10, Burst: 1 << 20}},
}

// Protocols are what p2p.Config.Protocols must name for a node with an overlay.
func Protocols() []p2p.Protocol { return protocols[:] }

// protocolOf says on which protocol a message travels. One that comes on
// another is refused.
func protocolOf(t wire.Type) int {
	switch t {
	case wire.TypeShuffleReq, wire.TypeShuffleRep:
		return rps
	case wire.TypeFind, wire.TypeCloser, wire.TypeClosure, wire.TypeClosureRep:
		return find
	case wire.TypeRoute, wire.TypeRouteAck:
		return route
	}
	return near
}

func classOf(c raynet.Class) p2p.Class {
	switch c {
	case raynet.LatestWins:
		return p2p.Latest
	case raynet.Bulk:
		return p2p.Bulk
	}
	return p2p.Reliable
}

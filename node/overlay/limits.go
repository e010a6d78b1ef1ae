package overlay

import "time"

const (
	// maxMessages bounds the messages that wait for the core; more are
	// dropped, which the protocol survives. It is a second's worth for a node
	// that a crowd leases from.
	maxMessages = 1024
	// maxControl bounds what else waits: connections that came and went, sends
	// that failed. Each needs a peer of its own.
	maxControl = 8192
	// maxAsked bounds the lookups and routes whose answer somebody waits for;
	// the core has 32 lookups at a time.
	maxAsked = 256

	// maxKept is how many nodes are remembered on disk, maxKeptBytes what
	// their file may take: each at most a record of 154 bytes, an address
	// record of 1,024, and 10 more.
	maxKept      = 500
	maxKeptBytes = len(keptMagic) + maxKept*1200
	// keepEvery is how often the file is written; a node that is killed
	// forgets no more than that. The first time comes sooner.
	keepFirst = 10 * time.Second
	keepEvery = 3 * time.Minute
	// bootstrapFrom is how many remembered nodes the core is told of at once:
	// its random view.
	bootstrapFrom = 24

	// While the node has no place among others, or no peer, it knocks at the
	// remembered ones: knockWidth at a time, until knockEnough answered, and
	// again after knockEvery, then after twice that, up to knockLast.
	knockWidth  = 8
	knockEnough = 4
	knockFirst  = time.Second
	knockEvery  = 30 * time.Second
	knockLast   = 8 * time.Minute

	// addrEvery is how often the own addresses are looked at again.
	addrEvery = 10 * time.Second
	// protectTag names, to the connection manager, why a connection is kept.
	protectTag = "raynet"
)

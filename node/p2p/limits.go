package p2p

import "time"

const (
	// MaxFrame bounds one framed message on any of our streams. The largest is
	// a region's first delta, which a crowd of 500 things keeps below 64 KiB.
	MaxFrame = 256 << 10

	// maxGossip bounds one pubsub message: a border batch of 128 ghosts is
	// 12 KiB, an offer with slots at most 128 KiB.
	maxGossip = 160 << 10

	// Gossip drops silently at the library's default depth of 32; these hold
	// two seconds of a busy border (libp2p/go-libp2p-pubsub issues 152, 217).
	gossipQueue = 1024

	// maxPeerTopics bounds the topics that a peer may announce in one message:
	// the borders of a world's regions.
	maxPeerTopics = 2048
)

// Of connections. An overlay node speaks with up to 20 near, 64 that lease
// from it, about 16 long and 24 random peers; the rest is the DHT's and the
// regions'. A connection costs some 200 kB.
const (
	connLow  = 160
	connHigh = 240

	connGrace   = 30 * time.Second
	dialTimeout = 8 * time.Second
	// streamTimeout bounds opening a stream and negotiating its protocol.
	streamTimeout = 5 * time.Second
	// writeTimeout bounds one write to a peer that reads nothing.
	writeTimeout = 5 * time.Second

	// maxInbound bounds the streams that one peer may hold open towards one
	// of our protocols. Links need one, and a second while a peer that was
	// cut off has come back and the old one has not timed out.
	maxInbound = 8
)

// Of looking for dead connections, when a peer has several.
const (
	// A round waits probeWait for answers. A connection is closed after
	// probeMisses rounds in which another of the same peer answered: with a
	// fifth of all datagrams lost one that lives is heard in them.
	probeWait   = 500 * time.Millisecond
	probeMisses = 4
	// probeRounds bounds what one look costs, where no connection answers.
	probeRounds = 10
	// probePause is how soon a peer's connections are looked at again, if it
	// opened more of them.
	probePause = 5 * time.Second
	// maxProbing bounds the peers that are looked at at the same time, and
	// maxProbed the connections of each.
	maxProbing = 32
	maxProbed  = 16
)

// Of links.
const (
	// maxQueued messages and maxQueuedBytes bound what waits for one stream
	// in each class. A peer that is further behind does not read.
	maxQueued      = 256
	maxQueuedBytes = 256 << 10
	// maxSubjects bounds the Latest messages that wait: the newest per
	// subject, and the oldest subject goes first.
	maxSubjects = 64
	// maxWrite is what one write carries: bulk that waits behind it is late
	// by no more than this.
	maxWrite = 32 << 10
	// maxLinkPeers bounds the peers with an outbound stream or a queue.
	// When all are in use the one unused longest is closed.
	maxLinkPeers = 512
	// maxOpening bounds the dials for links at the same time.
	maxOpening = 48
	// stallAfter is a write that waited for the peer's window long enough to
	// count as back-pressure.
	stallAfter = 100 * time.Millisecond
	// defaultIdle closes an outbound stream that carried nothing for so long.
	defaultIdle = 60 * time.Second
	// keepRates is how long a peer's rates are remembered after its last
	// stream closed, so that opening another does not fill its buckets.
	keepRates = time.Minute
	// maxRated bounds the peers whose rates are remembered.
	maxRated = 4096
)

// strikes are what a peer may do wrong: messages over its rate, or such as no
// correct peer sends. One that goes on is cut off and kept out for banFor.
var strikes = Rate{PerSecond: 1, Burst: 100}

const (
	banFor  = time.Minute
	maxBans = 1024
)

// Of relayed connections, on nodes that others reach and that relay for those
// whom nobody reaches. Two neighbours exchange some 300 bytes a second, a
// player and a region up to 20 kB/s; the library's own bound of 128 KiB in two
// minutes would break both again and again.
const (
	relayFor       = 30 * time.Minute
	relayBytes     = 16 << 20
	relaySlots     = 64
	relayPerPeer   = 32
	relayPerSubnet = 16

	// A node that nobody reaches asks its peers for a relay after
	// relayPatience, again every relayLook, and the same one not sooner than
	// relayBackoff after it refused.
	relayPatience = 2 * time.Second
	relayLook     = 3 * time.Second
	relayBackoff  = 2 * time.Minute
)

// Of address records.
const (
	// maxRecordAddrs bounds the addresses of one record: two transports on
	// a handful of interfaces, and two relays.
	maxRecordAddrs = 16
	// learnFor is how long an address that a peer told of another is believed.
	learnFor = 10 * time.Minute
)

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

	// linkQueue is how many reliable messages may wait for one peer. A peer
	// that is further behind is not listening, and its link is reset.
	linkQueue = 512

	// maxPeerTopics bounds the topics that a peer may announce in one message:
	// the borders of a world's regions.
	maxPeerTopics = 2048

	connLow  = 96
	connHigh = 192

	connGrace   = 30 * time.Second
	dialTimeout = 8 * time.Second
	// streamTimeout bounds opening a stream and negotiating its protocol.
	streamTimeout = 5 * time.Second
	// writeTimeout bounds one write to a peer that reads nothing.
	writeTimeout = 5 * time.Second

	// maxInboundLinks bounds the framed streams that one peer may hold open
	// towards one of our protocols.
	maxInboundLinks = 8
)

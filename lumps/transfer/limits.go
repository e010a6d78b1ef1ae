package transfer

import (
	"time"

	"github.com/metatopia/metatopia/lumps"
)

const (
	// MaxNote is the longest note of a sender, in bytes: a file's name and a
	// few words.
	MaxNote = 200

	// MaxPeers bounds the peers that the ledger knows: one file of at most
	// 260 kB each, all in memory.
	MaxPeers = 1024
	// MaxContents bounds what one peer may have here at a time, in contents,
	// those under way included: each is a pin and an entry of the ledger.
	MaxContents = 1024
	// MaxQuota is the largest quota, in bytes.
	MaxQuota = lumps.MaxContent
	// DefaultQuota is for owners who do not say, in bytes.
	DefaultQuota = 1 << 30

	// maxIncoming bounds the contents that come at the same time, maxFrom
	// those of one peer, maxOutgoing what this node sends. Each holds two
	// lumps at most: 4 MiB.
	maxIncoming = 4
	maxFrom     = 2
	maxOutgoing = 8
	// maxAsking bounds the streams whose offer was not read yet.
	maxAsking = 32

	// offerWait is how long a peer that opened a stream may take to say what
	// it wants.
	offerWait = 10 * time.Second
	// stall is how long one lump may take on its way: 2 MiB in it are 35 kB/s.
	stall = time.Minute
	// answerWait is how long a receiver may take to answer. It reads all it
	// has already before it says that it has it: 1 GiB between two answers.
	answerWait = 2 * time.Minute
	// minRate, in bytes a second, bounds the whole: a peer that sends small
	// lumps with long pauses would hold its place for ever.
	minRate = 16 << 10

	// reserveFor is how long the room of a content that was interrupted is
	// kept for its sender, and counts against its quota.
	reserveFor = 15 * time.Minute

	// flushEvery is how many lumps become durable together.
	flushEvery = 64
)

// wholeWait bounds a transfer of size bytes.
func wholeWait(size int64) time.Duration {
	return answerWait + time.Duration(size/minRate)*time.Second
}

// nodeRoom is how many bytes the nodes of a content of size bytes may have
// beyond its own: a link has at most 80 bytes, and their number is bounded by
// MinMeanLeaf. The tree is held to that by its reader; this is the bound if it
// were not.
func nodeRoom(size int64) int64 {
	return 128 * (size/lumps.MinMeanLeaf + lumps.SpareBlocks)
}

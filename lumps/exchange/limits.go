package exchange

import "time"

const (
	// DefaultPrefix keeps our bitswap apart from the public IPFS one.
	DefaultPrefix = "/metatopia"

	// DefaultStall ends a fetch during which no lump arrived for so long.
	// Looking up providers and dialling takes a few seconds; at this bound a
	// lump of 2 MiB needs 70 kB/s.
	DefaultStall = 30 * time.Second

	// DefaultReprovideEvery is under half of what the DHT keeps a provider
	// record (48 h), so that one missed round loses nothing.
	DefaultReprovideEvery = 11 * time.Hour

	// window is how many lumps one reader asks for ahead. It holds at most
	// window * lumps.MaxLump = 16 MiB.
	window = 8

	// addWorkers is how many lumps one Add writes at a time, to overlap the
	// flushes of a disk store. It holds one chunk each, and one being read.
	addWorkers = 4

	// announceQueue bounds the roots waiting to be announced. A root that
	// finds it full is announced by the next Reprovide, if it is pinned.
	announceQueue = 1024

	// announceTimeout bounds one announcement; over a slow DHT 0.5 s is usual.
	announceTimeout = time.Minute

	// An announcement fails at once while the node knows nobody. It is tried
	// again after announceRetry, twice that, and so on to announceRetryMax;
	// after announceTries (some 20 s) others have their turn.
	announceRetry    = 250 * time.Millisecond
	announceRetryMax = 5 * time.Second
	announceTries    = 8

	// MaxProviders bounds an answer of Providers.
	MaxProviders = 20

	// searchDelay is how long connected peers have before providers are
	// looked up as well; researchDelay, how often the lookup is repeated
	// while a lump is missing.
	searchDelay   = 250 * time.Millisecond
	researchDelay = 5 * time.Second

	// The serving side. A peer may have servePeerBytes under way to it (two
	// of the largest lumps) and serveWants wants queued; more wants are
	// dropped, newest first. serveReaders and serveSenders bound all peers
	// together: at most serveSenders * 4 MiB of messages are in memory.
	servePeerBytes = 4 << 20
	serveWants     = 256
	serveReaders   = 8
	serveSenders   = 8

	// maxCID bounds the names in a peer's wants; ours have 36 bytes.
	maxCID = 64
)

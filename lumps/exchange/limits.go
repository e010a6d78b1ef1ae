package exchange

import (
	"time"

	"github.com/metatopia/metatopia/lumps"
)

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

	// Of the judge. Points fade by one a second, so shunAt is also how many
	// seconds the faults of a peer count. The longest term is an hour: keys
	// cost nothing, and whoever was broken may be repaired. maxJudged records
	// are 100 kB.
	shunAt    = 100
	shunFor   = time.Minute
	shunMost  = time.Hour
	maxJudged = 1024

	// Of what comes in by bitswap, before it is parsed. A correct message
	// carries one lump of MaxLump and some 20 kB beside it. A large buffer,
	// maxMessage, is taken when smallMessage have come, and a peer may hold
	// maxLarge of them; it opens a stream for every message with lumps, and
	// eight senders each have one that ends and one that begins.
	maxMessage   = lumps.MaxLump + 256<<10
	smallMessage = 64 << 10
	maxLarge     = 4
	maxStreams   = 32
	messageTime  = 2 * time.Minute // at this bound a message needs 20 kB/s

	// maxEntries bounds the wants, presences and blocks of one message, and
	// maxName a name among them; ours have 36 bytes, some tools send short
	// contents as names. entryRate and entryBurst are what a peer may send in
	// a second and at once: a fetch of 256 MiB in lumps of 256 KiB sends 2048
	// wants and as many cancels. An entry costs some 10 us.
	maxEntries = 4096
	maxName    = 256
	entryRate  = 4000
	entryBurst = 4 * maxEntries

	// maxAsks bounds what is remembered of what was asked of peers (10 MB);
	// askKeep is how long it counts when it is not wanted any more.
	maxAsks = 64 << 10
	askKeep = time.Minute
	// stallAfter is how long a peer may keep a lump waiting that another one
	// then sends. Bitswap asks another after 2 s and some round trips.
	stallAfter = 1500 * time.Millisecond

	// Of provider records. A search gives searchBurst of them to be dialled
	// at once, then one each searchPace. Who denies having a lump is not
	// dialled for it again for recordFalse, and who cannot be dialled at all
	// not for recordAway. maxRecords bounds what is remembered of each kind.
	searchBurst = 16
	searchPace  = 50 * time.Millisecond
	recordFalse = 10 * time.Minute
	recordAway  = time.Minute
	maxRecords  = 4096
)

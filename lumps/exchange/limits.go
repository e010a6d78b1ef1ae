package exchange

import (
	"time"

	"github.com/metatopia/metatopia/lumps"
)

const (
	// DefaultPrefix keeps our protocols apart from the public IPFS ones.
	DefaultPrefix = "/metatopia"

	// DefaultStall ends a fetch during which no lump arrived for so long.
	// Looking up providers and dialling takes a few seconds; at this bound a
	// lump of 2 MiB needs 70 kB/s.
	DefaultStall = 30 * time.Second

	// DefaultReprovideEvery is under half of what the DHT keeps a provider
	// record (48 h), so that one missed round loses nothing.
	DefaultReprovideEvery = 11 * time.Hour

	// One reader asks for windowLumps ahead, of windowBytes together: what
	// 100 MB/s deliver in the round trip of a long way, 150 ms.
	windowLumps = 256
	windowBytes = 16 << 20

	// addWorkers is how many lumps one Add writes at a time. It holds one
	// chunk each, and one being read.
	addWorkers = 4

	// settleBatch is how many lumps are flushed together, while the next as
	// many are written.
	settleBatch = 64

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

	// holdersAsked bounds the nodes that Holders asks besides those.
	holdersAsked = 64

	// searchDelay is how long connected peers have before providers are
	// looked up as well; researchDelay, how often the lookup is repeated
	// while a lump is missing.
	searchDelay   = 250 * time.Millisecond
	researchDelay = 5 * time.Second

	// The serving side of bitswap. A peer may have servePeerBytes under way to
	// it (two of the largest lumps) and serveWants wants queued; more wants
	// are dropped, newest first. serveReaders and serveSenders bound all peers
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

	// A peer that claims to have a lump, is asked for it and sends nothing at
	// all for silentAfter is not asked for silentRest, when somebody else
	// claims to have it: at this bound the first lump of a content, 1 MiB,
	// needs 1 MB/s. Up to hedgePeers others are asked at the same time, once
	// every watchTick.
	silentAfter = time.Second
	silentRest  = 10 * time.Second
	hedgePeers  = 4
	watchTick   = 250 * time.Millisecond

	// Of provider records. A search gives searchBurst of them to be dialled
	// at once, then one each searchPace. Who denies having a lump is not
	// dialled for it again for recordFalse, and who cannot be dialled at all
	// not for recordAway. maxRecords bounds what is remembered of each kind.
	searchBurst = 16
	searchPace  = 25 * time.Millisecond
	recordFalse = 10 * time.Minute
	recordAway  = time.Minute
	maxRecords  = 4096
)

// Of the serving side of streams.
const (
	// A peer may have peerStreams open, all together serveStreams. One costs
	// some 20 kB while nothing is asked on it.
	peerStreams  = 8
	serveStreams = 128

	// serveLumps are in memory at a time, at most 48 MiB, of which peerLumps
	// for one peer. A want waits serveWait for its turn. One stream has at most
	// three: one being sent, serveAhead that wait for it, one being read.
	serveLumps = 24
	peerLumps  = 6
	serveAhead = 1
	serveWait  = 2 * time.Second

	// A peer may take serveParts/stallParts of Config.Stall to read one lump,
	// 20 s, and ask for nothing for serveIdle. Who reads nothing loses all
	// its streams and is refused for stallRest.
	serveParts, stallParts = 2, 3
	serveIdle              = time.Minute
)

// Of the fetching side of streams.
const (
	// One content is fetched on maxLanes streams, from as many peers; one of
	// at most smallContent on a single stream.
	maxLanes     = 4
	smallContent = 4 << 20

	// seekPeers connected peers are asked whether they have a content, of
	// them seekAtOnce at a time; seekProviders is how many of those that
	// routing names. Whoever is left without a stream looks again after
	// seekAgain.
	seekPeers     = 32
	seekAtOnce    = 8
	seekProviders = 8
	seekAgain     = 5 * time.Second

	// laneOpen bounds opening a stream and the first answer, dialTimeout
	// connecting to a provider. After helpAfter without a stream bitswap is
	// asked.
	laneOpen    = 5 * time.Second
	dialTimeout = 10 * time.Second
	helpAfter   = 500 * time.Millisecond

	// What may be on its way on one stream: laneFirst, one chunk more with
	// every lump that comes, up to laneMost.
	laneFirst = 2 * lumps.ChunkSize
	laneMost  = 8 * lumps.ChunkSize

	// laneStores lumps of one stream are checked and stored at a time: where
	// many files were deleted lately, ext4 needs 0.7 ms to create one.
	laneStores = 2

	// A peer that owes lumps and sends less than laneLeast in a period, which
	// is Config.Stall / lanePeriods, is left: 64 kB/s, or bitswap will do.
	lanePeriods = 6
	laneLeast   = 320 << 10

	// laneAbsent answers in a row that a lump is not there end a stream.
	laneAbsent = 16

	// stealAfter is the least time before a lump that another peer owes is
	// asked for a second time by one that has nothing else to do; stealTick
	// is how often that one looks.
	stealAfter = 50 * time.Millisecond
	stealTick  = 25 * time.Millisecond

	// How long no stream is opened to, or accepted from, a peer that stalled;
	// that had no room. For worse it is judged, and shunned.
	stallRest = time.Minute
	busyRest  = 5 * time.Second

	// maxAccounts bounds the peers that are remembered.
	maxAccounts = 512
)

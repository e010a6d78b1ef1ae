package presence

const (
	// maxPeers bounds the direct relations: the pairs that were told of each
	// other are bits, 256 for each peer.
	maxPeers = 256
	// maxHearsay bounds what digests can make a node remember, 48 bytes each:
	// twice the largest crowd that is promised.
	maxHearsay = 4096
	// maxExtrapolate bounds how far a pose is thought on. It covers the
	// longest heartbeat, so that a walker does not stop between two.
	maxExtrapolate = 2500 * millisecond
	// maxFeed bounds the overlay's neighbours that are looked at: a near view
	// of 20 and some it holds besides.
	maxFeed = 64
	// maxAOI bounds the area of interest in metres: what a mark can express.
	maxAOI = 1000
	// maxReach bounds the distances that others ask about, in units: the
	// largest area of interest with its margin.
	maxReach = (maxAOI + maxAOI/16) * 1024
	// minBudget still carries heartbeats and leases for 128 relations.
	minBudget = 4000
	// burst is how much of the budget may be saved up, as time.
	burst = 250 * millisecond
	// ringSize is how many of the own poses are remembered, to know what a
	// receiver computes. At 14 a second it is longer than the slowest beat.
	ringSize = 48

	// maxPending bounds the questions open to avatars that only hints name,
	// maxPendingBy those due to one source: what a liar can make a node do.
	maxPending   = 48
	maxPendingBy = 12
	// maxWaiting bounds the hints that wait for their time: who runs through
	// a crowd is told of more than it can subscribe to.
	maxWaiting = 96
	// maxRefused bounds the avatars that are not asked again for a while.
	maxRefused = 64
	// maxWho bounds the keys asked for at one review.
	maxWho = 32
	// maxNotices bounds the entries sent in notices at one review.
	maxNotices = 64
	// maxAnswers bounds the entries that answer one Ask.
	maxAnswers = 12
	// maxPairs bounds the pairs compared at one review, and so its time:
	// some 50 microseconds. It is all pairs of 150 peers.
	maxPairs = 12000
	// maxPerSource bounds what one sensor can make a node remember; it may
	// be the only one of somebody at the edge of a crowd of 1,000.
	maxPerSource = 1024
	// maxRate bounds what one peer may send in a second: a pose each 100 ms,
	// the digests of a crowd of 1,000 through one sensor, notices and
	// questions, twice over. Beyond it messages are dropped.
	maxRate = 80
	// maxStrangers bounds the messages of all peers without a relation in a
	// second: the first questions of a crowd that arrives at once.
	maxStrangers = 300
	// maxIgnored is how often a peer may be over maxRate, in messages,
	// before it is reported.
	maxIgnored = 400
)

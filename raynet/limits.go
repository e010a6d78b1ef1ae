package raynet

// Bounds of what one node keeps, whatever its peers send. Together they hold a
// node under 150 kB: a peer is 100 bytes, a record 200, a neighbour 300 more.
const (
	// maxPeers bounds MaxPeers, the table of known peers. All views and leases at
	// their largest are 32+48+64+64+64; the rest is the pool that records
	// wait in.
	maxPeers = 320
	// maxNear, maxRandom, maxPassive and maxLeases bound the views a
	// config may ask for.
	maxNear    = 32
	maxRandom  = 48
	maxPassive = 64
	maxLeases  = 64
	// maxPerOctave times 32 octaves of distance bounds the long view; maxLong
	// is what a world of 2^30 units really leaves.
	maxPerOctave = 4
	maxLong      = 64
	// maxTombs bounds the tombstones; the oldest goes first.
	maxTombs = 256
	// maxMarks is how many hinted records are remembered per peer, so that
	// the next offer names others.
	maxMarks = 48
	// maxFinds, maxRoutes and maxHelps bound the work in progress: own
	// lookups, routes waiting for the next hop's ack, pings done for others.
	maxFinds  = 32
	maxRoutes = 128
	maxHelps  = 32
	// maxSeen bounds the memory of routes already taken over.
	maxSeen = 512
	// findWidth is how many queries of one lookup are in flight; findKeep
	// how many candidates it holds; findQuorum how many of the closest must
	// have answered; findBudget how many queries it may send.
	findWidth  = 3
	findKeep   = 24
	findQuorum = 3
	findBudget = 40
	// closureWidth and closureBudget are the same for one closure.
	closureWidth  = 4
	closureBudget = 48
)

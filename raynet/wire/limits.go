package wire

// Version is byte 0 of every message and of every record.
const Version = 1

// Bounds of what may arrive. A message over a bound is malformed as a whole.
const (
	// MaxMessage bounds one message: eight entries with full addresses are
	// 9,456 bytes, and a route's payload is smaller than that.
	MaxMessage = 16 << 10
	// MaxAddr bounds an address record. A signed libp2p peer record with a
	// dozen addresses is 300 to 700 bytes.
	MaxAddr = 1024
	// MaxEntries is the most full records in one message: half a shuffle
	// of 24, and more than a ray selection usually has to add at once.
	MaxEntries = 8
	// MaxHints is the most hints in one offer.
	MaxHints = 8
	// MaxWants is the most records asked for at once. It equals MaxEntries,
	// so that one NearGive always answers one NearWant.
	MaxWants = MaxEntries
	// MaxWinners is the most ids a Closure may list: the whole near view
	// and a margin.
	MaxWinners = 32
	// MaxCloser is the most entries that answer one Find.
	MaxCloser = 4
	// MaxPayload bounds a routed payload, so that a route costs each hop
	// no more than an exchange of records does.
	MaxPayload = 4096
	// MaxTTL bounds the hops of a route. Greedy routes at a million nodes
	// take about eleven.
	MaxTTL = 64
)

// RecordSize and SignedSize are the bytes of a record with and without its
// signature; HintSize is the bytes of a hint.
const (
	SignedSize = 90
	RecordSize = SignedSize + 64
	HintSize   = 30
)

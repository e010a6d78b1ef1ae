package law

import "time"

const (
	// BeatEvery is how often the region's clock is told to go on. An hour is the
	// most that one beat counts (region/succession).
	BeatEvery = 10 * time.Minute

	// retryEvery is how soon what other servers were asked for in vain is tried
	// again.
	retryEvery = 15 * time.Second

	// seatEvery is how often a court looks whether the region has other voters.
	seatEvery = 2 * time.Second

	// seatRefused is how long it waits when it is too soon for a temporary admin.
	seatRefused = 5 * time.Minute

	// submitWait bounds how long a court waits for an entry of its own: where
	// more than half of the servers are away nothing is agreed on.
	submitWait = 10 * time.Second

	// askWait bounds a question to another server.
	askWait = 5 * time.Second

	// loginEvery is how long, in ms of the region, a login tells nothing new.
	loginEvery = 10 * 60_000

	// presenceMost bounds the players of whom one beat tells.
	presenceMost = 64

	// ringSize is how many states back a server still signs a certificate.
	ringSize = 256

	// MaxKept bounds the entries in a book, beats included: with one every ten
	// minutes four years. The oldest go first.
	MaxKept = 1 << 18

	// MaxPage bounds the entries of one answer.
	MaxPage = 64

	// MaxFrame bounds an answer, in bytes.
	MaxFrame = 2 << 20
	// MaxAsk bounds a question: a certificate of 256 admins is the longest.
	MaxAsk = 16 << 10

	// reportEvery is how old what anybody is told of the roles may be: to make it
	// all players are looked at between two ticks.
	reportEvery = time.Second
)

package slots

import "time"

// Limits are the smallest of all engines, so that what works on one works on
// the others: etcd takes 1.5 MB and 128 operations in a transaction, and
// FoundationDB, whose rules are the model, 10 kB keys, 100 kB values and five
// seconds. What is larger belongs into a lump, and its name here.
const (
	MaxKey     = 1 << 10  // bytes of a key; it has at least one
	MaxValue   = 64 << 10 // bytes of a value
	MaxWrites  = 100      // keys written by a transaction
	MaxWritten = 1 << 20  // bytes of all keys and values written by a transaction
	MaxReads   = 4096     // keys and ranges read by a transaction
	MaxRange   = 1000     // items of one range
	MaxRead    = 8 << 20  // bytes read by a transaction

	// MaxTime is what one try of a transaction may take. An engine's server
	// ends what takes longer, so that a client that hangs holds no lock.
	MaxTime = 5 * time.Second
	// MaxAttempts are the tries of one Run. With the pauses below that is
	// half a minute against others on other machines; in one process a
	// transaction that has failed FairAfter times is let run alone.
	MaxAttempts = 64
	FairAfter   = 4
	minPause    = time.Millisecond
	maxPause    = time.Second
)

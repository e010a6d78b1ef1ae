package slots

import "errors"

var (
	// ErrConflict: what was read has been written by another. Run tries again
	// and gives it only after MaxAttempts.
	ErrConflict = errors.New("slots: others write the same keys")
	// ErrUnknown: it is not known whether the transaction took effect. Run
	// again with the same idempotency key to find out.
	ErrUnknown = errors.New("slots: not known whether the transaction took effect")
	// ErrCompacted: the version is older than what the store remembers.
	ErrCompacted = errors.New("slots: the version is compacted away")
	// ErrFuture: there is no such version yet.
	ErrFuture = errors.New("slots: the version is not there yet")
	// ErrLimit: a key, value or transaction is larger than limits.go allows.
	ErrLimit = errors.New("slots: over a limit")
	// ErrNumber: Add to a value that is no number, or past what one holds.
	ErrNumber = errors.New("slots: not a number, or too large to add to")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("slots: the store is closed")
	// ErrCorrupt: what the engine gave is not what was written there.
	ErrCorrupt = errors.New("slots: the store is damaged, or of another format")
)

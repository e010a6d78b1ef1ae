package slots

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"iter"
)

// Version numbers the committed transactions of a store. It rises with each of
// them, not always by one. Zero is before the first.
type Version uint64

// ID is an idempotency key: one for each thing to be done, the same for every
// attempt at it. The zero ID is none.
type ID [16]byte

// NewID draws a key at random.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails: it ends the program first
	return id
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Item is a key with its value and the version of the transaction that wrote it.
type Item struct {
	Key     string
	Value   []byte
	Version Version
}

// Change is what one transaction wrote to the keys that are watched, sorted by
// key. An item without a value (nil) was deleted; an empty one is not nil.
type Change struct {
	Version Version
	Items   []Item
}

// Reader reads one state of the store.
type Reader interface {
	// Version is that of the state.
	Version() Version
	// Get gives nil and version 0 for a key that is not there. The value must
	// not be written to.
	Get(key string) (value []byte, at Version, err error)
	// Range gives the first items whose keys begin with prefix, in the order of
	// keys, at most limit and MaxRange.
	Range(prefix string, limit int) ([]Item, error)
	// From is Range without what stands before key start.
	From(prefix, start string, limit int) ([]Item, error)
}

// Tx is a transaction: what it reads holds until it commits, phantoms
// included, and it sees its own writes (with the version of what it replaces).
type Tx interface {
	Reader
	// SnapshotGet reads without a claim that the value stays as it is: for
	// hints. It does not see the transaction's own writes.
	SnapshotGet(key string) (value []byte, at Version, err error)
	Set(key string, value []byte) error
	Delete(key string) error
	// Add adds to a number (Number), 0 when it is not there. It conflicts with
	// nobody who adds too.
	Add(key string, n int64) error
}

// About says what an engine is.
type About struct {
	Engine    string  // bolt, postgres, etcd
	Server    string  // its version
	Place     string  // where, without secrets
	Isolation string  // what the engine itself is asked for
	Head      Version // newest
	Compacted Version // what came before it is forgotten
}

// Store is a place for slots. The contract is in the package comment.
type Store interface {
	// Run carries out fn in a transaction, as often as needed. An error of fn
	// ends it without effect and is returned as it is. A transaction that
	// writes nothing leaves no idempotency key. Other errors: ErrConflict,
	// ErrUnknown, ErrLimit, ErrNumber, ErrClosed, or what the engine says.
	Run(ctx context.Context, idem ID, fn func(Tx) error) (Version, error)
	// View reads the state at a version, 0: the newest. ErrCompacted,
	// ErrFuture.
	View(ctx context.Context, at Version, fn func(Reader) error) error
	// Watch gives every later change of keys that begin with prefix, in the
	// order of versions, none left out, until the context ends or the loop
	// does. To go on, give the version of the last change that was dealt with.
	// It ends with an error: the context's, ErrCompacted when changes after
	// from are forgotten, ErrFuture when from is ahead of the store.
	Watch(ctx context.Context, prefix string, from Version) iter.Seq2[Change, error]
	// Compact forgets older states, changes and idempotency keys up to a
	// version.
	Compact(ctx context.Context, upTo Version) error
	About(ctx context.Context) (About, error)
	Close() error
}

// Number is how Add keeps a number: 8 bytes, little-endian.
func Number(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// ParseNumber reads one; no value is 0. The error is ErrNumber.
func ParseNumber(b []byte) (int64, error) {
	switch len(b) {
	case 0:
		return 0, nil
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), nil
	}
	return 0, ErrNumber
}

// Plus adds to a value as Add does. Engines use it.
func Plus(value []byte, n int64) ([]byte, error) {
	old, err := ParseNumber(value)
	sum := old + n
	if err != nil || (n > 0) != (sum > old) && n != 0 {
		return nil, ErrNumber
	}
	return Number(sum), nil
}

// End is the first key behind all that begin with prefix; "" when there is none.
func End(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}

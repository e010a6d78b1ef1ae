package slots

import (
	"context"
	"iter"
)

// Engine is what a store is made of. The words of the contract that bind it:
//
//   - Snapshot(0) shows every commit that was answered before it was called.
//   - Commit checks and writes in one atomic step, and gives versions in the
//     order in which commits take effect.
//   - What an error other than those named says is that the outcome is not
//     known.
type Engine interface {
	// Snapshot opens the state at a version, 0: the newest. ErrCompacted,
	// ErrFuture.
	Snapshot(ctx context.Context, at Version) (Snapshot, error)
	// Commit writes, unless its ID is known: then it gives that one's version.
	// ErrConflict when something read has been written after At, ErrNumber;
	// with both of them nothing was written.
	Commit(ctx context.Context, c *Commit) (Version, error)
	// Changes is Store.Watch.
	Changes(ctx context.Context, prefix string, from Version) iter.Seq2[Change, error]
	Compact(ctx context.Context, upTo Version) error
	About(ctx context.Context) (About, error)
	Close() error
}

// Snapshot is a state that does not change. One goroutine uses it.
type Snapshot interface {
	Version() Version
	Get(ctx context.Context, key string) (Item, bool, error)
	// Range gives the first items of a span, at most limit.
	Range(ctx context.Context, s Span, limit int) ([]Item, error)
	// Done tells whether a transaction of this key is in the state.
	Done(ctx context.Context, idem ID) (Version, bool, error)
	Close()
}

// Span is all keys from From on and before To; To "" is no bound.
type Span struct{ From, To string }

// Has tells whether a key is in the span.
func (s Span) Has(key string) bool { return key >= s.From && (s.To == "" || key < s.To) }

// Op is what a write does.
type Op uint8

const (
	OpSet Op = iota
	OpDelete
	OpAdd
)

// Write is one key's new value.
type Write struct {
	Key   string
	Op    Op
	Value []byte
	Add   int64
}

// Commit is a transaction to be checked and written.
type Commit struct {
	At     Version // of the snapshot that it read
	Idem   ID      // zero: none
	Reads  []Span  // what was read there, sorted by From, apart from each other
	Writes []Write // sorted by key, each key once, at least one
}

// Reads1 is the span of one key.
func Reads1(key string) Span { return Span{key, key + "\x00"} }

// Saw tells whether the transaction has read a key.
func (c *Commit) Saw(key string) bool {
	// Reads are few; most commits that are checked against have one key.
	for _, s := range c.Reads {
		if s.From > key {
			return false
		}
		if s.Has(key) {
			return true
		}
	}
	return false
}

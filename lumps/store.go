package lumps

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Getter reads.
type Getter interface {
	// Get gives the bytes of a lump, verified; the caller owns the slice.
	//
	// Outcomes: the bytes; ErrNotFound; ErrCorrupt (set aside, absent from now
	// on); ErrClosed; a wrapped error of the environment or of ctx.
	Get(ctx context.Context, r Ref) ([]byte, error)
}

// Haser asks without reading.
type Haser interface {
	// Has tells whether a lump is here. It does not read the bytes: Get may
	// still find them corrupt.
	Has(ctx context.Context, r Ref) (bool, error)

	// Size is the length of a lump in bytes, or ErrNotFound. Not verified.
	Size(ctx context.Context, r Ref) (int64, error)
}

// Putter writes.
type Putter interface {
	// Put stores b under r and returns when it would survive a crash.
	// Putting what is there already succeeds, and repairs it when it was
	// damaged. The store keeps no reference to b.
	//
	// Outcomes: nil; ErrMismatch, ErrTooLarge, ErrBadRef, ErrFull (nothing
	// stored); ErrClosed; a wrapped error of the environment.
	Put(ctx context.Context, r Ref, b []byte) error
}

// Cacher writes without a promise, for what other nodes have as well.
type Cacher interface {
	// PutCached does what Put does, but returns before the lump would survive
	// a power cut. A process that is killed loses nothing; after a power cut
	// the lump may be absent or damaged, which reading finds out.
	PutCached(ctx context.Context, r Ref, b []byte) error
	// Flush returns when the lumps, which must be here, would survive a crash
	// as if Put had stored them. ErrNotFound when one is absent. Whoever
	// acknowledges a whole content flushes its lumps, children before parents
	// where a parent must not outlive them.
	Flush(ctx context.Context, refs []Ref) error
}

// Lender reads for others who check what they get.
type Lender interface {
	// Lend is Get into buf, when the lump fits; otherwise into a new slice. It
	// may leave out the check when it has made it a short while ago and the
	// file has not been changed since.
	Lend(ctx context.Context, r Ref, buf []byte) ([]byte, error)
}

// Lend lends from a store, or gets from one that is no Lender.
func Lend(ctx context.Context, s Getter, r Ref, buf []byte) ([]byte, error) {
	if l, ok := s.(Lender); ok {
		return l.Lend(ctx, r, buf)
	}
	return s.Get(ctx, r)
}

// Deleter removes.
type Deleter interface {
	// Delete removes a lump, pinned or not (whoever sweeps asks about pins);
	// removing what is absent succeeds.
	Delete(ctx context.Context, r Ref) error
	// DeleteIdle does so only if nobody has put or read the lump since a
	// time, and gives the bytes that became free: 0 when it stayed or was
	// absent. A store notes a use to UseGrain.
	DeleteIdle(ctx context.Context, r Ref, since time.Time) (int64, error)
}

// UseGrain is how exactly a store knows when a lump was last used: a use within
// UseGrain of the one before may not be noted.
const UseGrain = 5 * time.Minute

// Lister walks.
type Lister interface {
	// List yields every lump with its length in bytes, in no particular order
	// and in constant memory. Lumps put or deleted meanwhile may or may not
	// appear. After a non-nil error nothing more is yielded.
	List(ctx context.Context) iter.Seq2[Entry, error]
}

// Pinner remembers which contents must stay. A pin names a root and stands
// for everything the root reaches; the store does not follow links, whoever
// sweeps does.
type Pinner interface {
	// Pin marks r durably, whether or not the lump is here. Idempotent.
	Pin(ctx context.Context, r Ref) error
	// Unpin removes the mark durably. Idempotent.
	Unpin(ctx context.Context, r Ref) error
	// Pinned tells whether r itself is marked.
	Pinned(ctx context.Context, r Ref) (bool, error)
	// Pins yields every marked reference, as List does.
	Pins(ctx context.Context) iter.Seq2[Ref, error]
}

// Holder is a store that sweeps by itself. Whoever assembles or reads a content
// holds it: what is put or read before release, and a grain before Hold, stays.
type Holder interface{ Hold() (release func()) }

// Store is a whole store. All methods may be called from any goroutine.
type Store interface {
	Getter
	Haser
	Putter
	Cacher
	Deleter
	Lister
	Pinner
	// Bytes is the sum of all lumps.
	Bytes() int64
	// Close frees the store; later calls report ErrClosed. Idempotent.
	io.Closer
}

// Entry is one lump in a listing.
type Entry struct {
	Ref  Ref
	Size int64 // bytes of this lump
	Used time.Time
}

// Stat describes a content: a lump and everything it links to.
type Stat struct {
	Ref    Ref
	Size   int64 // bytes of the content
	Blocks int64 // lumps of the content that are here, counting repeats
	Pinned bool
	Local  bool // every lump of it is here
}

// Info accompanies content that is being read.
type Info struct {
	Size   int64  // bytes of the content, as its root declares; held to while reading
	Source string // SourceDisk, or the peer id that sent the first lump
}

// SourceDisk is the Source of content that was here already.
const SourceDisk = "disk"

// Found turns the outcome of Size into that of Has.
func Found(_ int64, err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

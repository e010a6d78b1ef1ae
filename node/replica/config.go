package replica

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// Errors of a Log.
var (
	// ErrClosed: the log was closed, or stopped with an error (Log.Err).
	ErrClosed = errors.New("replicated log is closed")
	// ErrNotLeader: only the leader changes servers; ask Log.Leader.
	ErrNotLeader = raft.ErrNotLeader
	// ErrUnsure: the machine went down without a clean end, so that writes of
	// the last moments may be lost: the server may not come back under its
	// raft id. It joins as a new learner, in an empty directory.
	ErrUnsure = errors.New("the log may have lost its end; join again as a new server")
	// ErrCorrupt: what is on disk is not what was written.
	ErrCorrupt = errors.New("replicated log is damaged")
	// ErrRemoved: this server's raft id was taken out of the region.
	ErrRemoved = errors.New("this server was removed from the region")
	// ErrBusy: another change of the servers is under way.
	ErrBusy = raft.ErrBusy
)

// Stream carries messages to or from one server.
type Stream = io.ReadWriteCloser

// Net is what a Log needs of the network; node/p2p's Streams fulfils it. The
// keys are proven by the connection.
type Net interface {
	// Handle serves a protocol: fn runs in a goroutine of its own per stream,
	// which is closed when fn returns.
	Handle(proto string, fn func(from base.Key, s Stream))
	Unhandle(proto string)
	// Open opens a stream, dialling when needed.
	Open(ctx context.Context, to base.Key, proto string) (Stream, error)
}

// Clock is the time the driver goes by. The real one is used when Config.Clock
// is nil.
type Clock interface {
	Now() time.Time
	// After sends once, at or after d from now.
	After(d time.Duration) <-chan time.Time
}

// Config of a Log. Region, Key, Dir and Net are required.
type Config struct {
	Region base.ID
	Key    base.Key // this server's node key
	Dir    string   // of this log alone; made when missing

	// Base is where a new log begins, and Self this server's raft id there:
	// raft.Found for a new region or epoch, Log.BaseAt of another server for
	// one that joins. They are not used when Dir holds a log.
	Base *raft.Base
	Self uint64

	// Sign signs the records that this server makes, while Signing says so;
	// nil: it signs nothing.
	Sign *order.Signer

	Net   Net
	Clock Clock
	Log   *slog.Logger
	// OnEvent counts: see the Event names. It may be called from several
	// goroutines.
	OnEvent func(name string, n uint64)

	// Tick is raft's clock: a leader that is silent for 10 to 20 ticks is
	// replaced; 0 = 20 ms. All servers of a region should have the same.
	Tick time.Duration
}

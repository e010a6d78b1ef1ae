package byzantine

import (
	"errors"
	"log/slog"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replica"
)

// Errors of a Log.
var (
	// ErrClosed: the log was closed, or stopped with an error (Log.Err).
	ErrClosed = errors.New("byzantine log is closed")
	// ErrMember: this server is none of the log's, or their number is not 4 to 7.
	ErrMember = errors.New("bad servers of a byzantine log")
	// ErrCorrupt: what is on disk is not what was written.
	ErrCorrupt = errors.New("byzantine log is damaged")
	// ErrUnsure: the machine went down without a clean end, so that votes of the
	// last moments may be lost: the server might vote otherwise a second time.
	ErrUnsure = errors.New("the byzantine log may have lost its end")
	// ErrLibrary: the library found itself in a state that it cannot go on from.
	ErrLibrary = errors.New("the agreement cannot go on")
	// ErrProof: a decision without enough signatures, or one that does not fit.
	ErrProof = errors.New("bad decision")
	// ErrMessage: bytes that are not a message of these servers.
	ErrMessage = errors.New("bad message of a server")
)

// Net is what a Log needs of the network, as node/replica does.
type Net = replica.Net

// Stream carries messages to or from one server.
type Stream = replica.Stream

// Config of a Log. Region, Key, Sign, Dir and Net are required.
type Config struct {
	Region base.ID
	Key    base.Key // this server's node key
	// Sign signs with the private half of Key, Ed25519. It may be called from
	// several goroutines.
	Sign func(msg []byte) []byte
	Dir  string // of this log alone; made when missing
	// Base is where a new log begins: Found, or Log.BaseAt of another server.
	// It is not used when Dir holds a log.
	Base *Base
	Net  Net
	// Verify says whether an entry is one that honest servers put into a
	// record: its form, and the signature of whoever it speaks for. It may be
	// called from several goroutines; nil: every entry is.
	Verify func(entry []byte) error
	// Pace is the length of a tick: records that come faster, over a burst of 40,
	// are refused. 0: any pace.
	Pace time.Duration
	// Timeout is how long a leader may be silent before the others choose the
	// next one; 0 = 250 ms. One that speaks and makes no tick has four times as
	// long.
	Timeout time.Duration
	Log     *slog.Logger
	// OnEvent counts: see the Event names. It may be called from several
	// goroutines.
	OnEvent func(name string, n uint64)

	warp warp // a server that lies; for tests
}

// Names given to Config.OnEvent.
const (
	EventRefused  = "byzantine_refused"   // messages of servers refused
	EventBad      = "byzantine_proposals" // proposals refused
	EventLeaders  = "byzantine_leaders"   // changes of the leader seen
	EventFetched  = "byzantine_fetched"   // decisions fetched from others
	EventDropped  = "byzantine_dropped"   // queues for a server that were dropped
	EventBadProof = "byzantine_bad_proof" // fetched decisions refused
)

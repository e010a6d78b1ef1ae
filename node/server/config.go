package server

import (
	"errors"
	"log/slog"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// Clock is the time the driver goes by. The real one is used when Config.Clock
// is nil.
type Clock interface {
	Now() time.Time
	// After sends once, at or after d from now.
	After(d time.Duration) <-chan time.Time
}

// Config of a server. Region and Dir are required.
type Config struct {
	Region region.Config
	Dir    string // directory of region.db; made when missing
	Clock  Clock

	// Publish sends a message to the border topic of the region named, which
	// is always this one. It must not block for long; an error is counted.
	Publish func(topicRegion base.ID, msg []byte) error

	// Load makes a module ready for Region.Scripts, or says why it cannot; for a
	// name with region.SourcePrefix it makes sure that the source is here. It
	// is called from a goroutine of its own, and by Open for the modules that
	// the log needs: it should find those on this machine. nil: every module
	// counts as loaded.
	Load func(module string) error

	// Furnish gives the first entries of the log; it is called for a new
	// region only. All are taken, or the region does not open. nil: none.
	Furnish func() ([]region.ControlEntry, error)

	// Checkpoint is told of every checkpoint once it is on disk, the last one
	// by Close. It is called on a goroutine of its own: it must not wait. nil:
	// nobody is told.
	Checkpoint func(Checkpoint)

	// Law is told of the entries of the region's roles, in the order of the log,
	// before they are on disk in it: what it keeps has no gaps, but its end may
	// be ahead of the log after a crash. It is called on the writer's goroutine;
	// its error stops the region. nil: nobody keeps them.
	Law func([]region.LawDone) error

	// Took is told after each tick how long it was from the moment it was due
	// until what it left could be seen. nil: nobody.
	Took func(tick base.Tick, d time.Duration)

	// Replica joins the other servers of the region, once the state on disk
	// has been restored: it gives the log after tick, whose last record had
	// that sum. nil: the region has this one server. Self is this server's key.
	Replica func(tick base.Tick, sum order.Sum) (Replica, error)
	Self    base.Key
	// Turn judges what would end a shared log: Run then ends with ErrTurned. It is
	// called on the sim's goroutine; sim is for reading. nil: nothing ends it.
	Turn Turner
	// Sign signs as Self what this server says of modules, and all that it brings
	// into the log where the region's owner takes the servers for accountable. nil:
	// it says and brings in nothing then.
	Sign func(msg []byte) []byte

	Log *slog.Logger
	// OnEvent counts: see the Event names. It may be called from several
	// goroutines.
	OnEvent func(name string, n uint64)
	// Trace is called on the sim's goroutine after each tick, before the tick
	// is durable, and by Open for the ticks it replays. For tests.
	Trace func(tick base.Tick, hash region.Hash)
	// Applied is called on the sim's goroutine after each tick, before it is
	// durable, with its record; sim is for reading, until Applied returns. An
	// error ends Run, and the state is not kept: what is on the disk is from before.
	// nil: nobody is told.
	Applied func(rec *order.Encoded, hash region.Hash, sim *region.Sim) error
	// Asked is told after each tick what scripts have asked of the region's
	// store. It is called on the sim's goroutine: it must not wait. nil: nobody
	// carries it out here.
	Asked func(*Asked)
	// Passed is told of every thing that goes over a border, on the sim's
	// goroutine, in the tick that decides it. nil: nobody. For measuring.
	Passed func(region.Passage)
}

// Checkpoint is the state of a region after a tick.
type Checkpoint struct {
	Tick   base.Tick
	State  region.Hash // the state hash
	Sum    order.Sum   // of the record of Tick
	Base   []byte      // of a shared log: where it goes on
	Still  *region.Still
	Pieces []region.Piece // of it
}

// Names given to Config.OnEvent.
const (
	EventTicks          = "region_ticks"
	EventInputs         = "region_inputs"          // taken
	EventRefused        = "region_refused"         // inputs refused, for any reason
	EventForged         = "region_forged"          // signature does not fit
	EventReplayed       = "region_replayed"        // sequence number used before
	EventMessages       = "messages"               // spoken lines times listeners
	EventScripts        = "scripts_run"            // script events handled
	EventScriptFaults   = "script_faults"          // script events that failed
	EventHandoffsOut    = "handoffs_out"           // things released to a neighbour
	EventHandoffs       = "handoffs"               // things taken over from a neighbour
	EventCrossings      = "crossings"              // those of them that are avatars
	EventBorderBad      = "border_bad"             // border messages refused
	EventRelaysOut      = "relays_out"             // messages of things said to a neighbour, each as often as it was
	EventRelaysIn       = "relays_in"              // taken from a neighbour
	EventRelaysLost     = "relays_lost"            // given up: too many, or the neighbour is away
	EventPublishFailed  = "border_publish_failed"  // Publish gave an error
	EventFrameBad       = "region_bad_frames"      // frames too long or malformed
	EventClientsDropped = "region_clients_dropped" // clients that did not read
	EventLinesDropped   = "region_lines_dropped"   // spoken lines a slow client did not get
	EventOverload       = "region_ticks_slipped"   // ticks the sim was late by
)

// Status is what a server tells about itself.
type Status struct {
	ID      base.ID
	Name    string
	Tick    base.Tick   // last tick made
	Hash    region.Hash // state after it
	Durable base.Tick   // last tick on disk
	Players int
	Things  int
	Ghosts  int
	Clients int
	Limbo   int // things released to a neighbour that has not confirmed yet
	Rules   region.Rules
	Origins []region.Origin // where it comes from, the oldest first
	Trust   agree.Trust
	Guilty  []region.Conviction // the last ones, the oldest first
	Barred  []base.Key          // servers that have lied and may not serve, sorted
	Leading bool                // this server cuts the ticks
	Shared  bool                // the region has, or may have, other servers
	Frozen  bool                // too few of them can be reached: nothing happens
}

// Errors of Open and of the methods.
var (
	// ErrCorrupt: the log or the checkpoint on disk is not what was written.
	// Nothing is repaired or skipped.
	ErrCorrupt = errors.New("region log is corrupt")
	ErrClosed  = errors.New("region server is closed")
	ErrUnsure  = errors.New("it is not known whether it counted: look before you ask again")
	ErrNoLaw   = errors.New("region has no owner, and so no roles")
	ErrBusy    = errors.New("region server has too much to do")
)

package server

import (
	"errors"
	"log/slog"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
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
	// by Close. It is called on the writer's goroutine: it must not wait. nil:
	// nobody is told.
	Checkpoint func(Checkpoint)

	Log *slog.Logger
	// OnEvent counts: see the Event names. It may be called from several
	// goroutines.
	OnEvent func(name string, n uint64)
	// Trace is called on the sim's goroutine after each tick, before the tick
	// is durable, and by Open for the ticks it replays. For tests.
	Trace func(tick base.Tick, hash region.Hash)
}

// Checkpoint is the state of a region after a tick. Whoever is told of it must
// not change Snapshot.
type Checkpoint struct {
	Tick     base.Tick
	Hash     region.Hash // SHA-256 of Snapshot
	Snapshot []byte
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
}

// Errors of Open and of the methods.
var (
	// ErrCorrupt: the log or the checkpoint on disk is not what was written.
	// Nothing is repaired or skipped.
	ErrCorrupt = errors.New("region log is corrupt")
	ErrClosed  = errors.New("region server is closed")
	ErrBusy    = errors.New("region server has too much to do")
)

package region

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Names of script events.
const (
	EventTouch = "touch" // somebody touched the thing, or something bumped into it
	EventHeard = "heard" // somebody spoke within HearRadius; Text is the line
	EventTick  = "tick"  // the ticks named by slot "every" have passed
)

// ScriptEvent is one event for a thing's script.
type ScriptEvent struct {
	Name     string
	From     base.ID // who or what caused it; zero for "tick"
	FromName string
	Text     string
	Tag      int64
	Self     base.ID     // the thing
	Tick     base.Tick   // of the region
	At       spatial.Pos // of the thing, as the tick began
	Vel      spatial.Vec // of the thing, m/s
	Loose    bool        // whether it can be pushed
	Impulse  float32     // of the bump that a touch tells of, N·s; 0 when a hand touched it
	Answer   *Answer     // what the store said, for "answer"; else nil
	// Look finds the first thing on the straight way from a place of the
	// world, as the tick began, but not the thing itself. It is bounded by
	// limits.go; beyond that it finds nothing and says ErrLook.
	Look func(from spatial.Pos, way spatial.Vec) (Sight, error)
	// Peek reads a slot of a thing of this region, with what tells its value
	// from others it has had, as the tick began. It is false when the thing is
	// not here; no slot is a value of SlotNone. nil in an "upgrade".
	Peek func(thing base.ID, slot string) (v SlotValue, version uint64, ok bool)
}

// Sight is what a script's look meets.
type Sight struct {
	Found bool
	Thing base.ID // zero: ground, wall or ceiling
	At    spatial.Pos
}

// ErrLook: a look from too far away, too long, or one too many in an event.
var ErrLook = errors.New("look out of bounds")

// ScriptResult is what the script wants done: writes to its own slots, lines
// said aloud, a push of its own thing; messages to others, proposals and
// transactions to their slots, timers, requests to the store. Those five are void
// in an "upgrade". All of it is bounded by limits.go; more is a fault.
type ScriptResult struct {
	Set []SlotWrite
	Say []string
	Log []string
	Gas uint64
	// Push is what is added to the velocity of a loose thing, m/s, at most
	// MaxPush. The pushes of a tick add up, to no more than that.
	Push    spatial.Vec
	Send    []Send
	Propose []Proposal
	Txns    []Txn
	Timers  []SetTimer
	Asks    []Ask
}

// Scripts runs a module's event handler. It must be a pure function of its
// arguments: the same on every server and in every replay. An error is a
// fault: the result is void but for its Log, the error's text is kept with the thing. The
// text is part of the replicated state, so it must be a function of the
// arguments too (no addresses, no times).
//
// Handle may be called from several goroutines when Config.Parallel uses them.
type Scripts interface {
	Handle(module string, ev ScriptEvent, slots func(name string) (SlotValue, bool), seed uint64, gas uint64) (ScriptResult, error)
}

package region

import (
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
	Tick     base.Tick   // of the region
	At       spatial.Pos // of the thing, as the tick began
	Vel      spatial.Vec // of the thing, m/s
	Loose    bool        // whether it can be pushed
}

// ScriptResult is what the script wants done: writes to its own slots, lines
// said aloud, a push of its own thing. All of it is bounded by limits.go; more is a fault.
type ScriptResult struct {
	Set []SlotWrite
	Say []string
	Log []string
	Gas uint64
	// Push is what is added to the velocity of a loose thing, m/s, at most
	// MaxPush. The pushes of a tick add up, to no more than that.
	Push spatial.Vec
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

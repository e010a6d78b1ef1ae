package region

import "github.com/metatopia/metatopia/internal/base"

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
}

// ScriptResult is what the script wants done: writes to its own slots and
// lines said aloud. All of it is bounded by limits.go; more is a fault.
type ScriptResult struct {
	Set []SlotWrite
	Say []string
	Log []string
	Gas uint64
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

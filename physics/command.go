package physics

import (
	"fmt"

	"github.com/metatopia/metatopia/spatial"
)

// CommandKind tells a Command apart. Values may be stored by callers: extend
// at the end only.
type CommandKind uint8

const (
	// CmdAdd adds Body. Refused when the id is 0 or taken, the world is full
	// or a value is out of range.
	CmdAdd CommandKind = 1 + iota
	// CmdRemove removes ID. Whoever touched it gets an EvEnd.
	CmdRemove
	// CmdSet gives ID the Pos, Rot, Vel and Spin of Body and nothing else. A
	// static body takes only the pose.
	CmdSet
	// CmdImpulse pushes ID at its centre with Vec N·s. The speed that
	// results is capped at MaxSpeed.
	CmdImpulse
	// CmdDrive makes the upright body ID walk: it holds the horizontal
	// velocity Vec (m/s) with at most F m/s², a quarter of that in the air,
	// until the next CmdDrive; F = 0 lets go. Vec.Y > 0 makes it jump once,
	// with that speed, if it is standing now; in the air it is ignored. A
	// driven body has no friction: its legs are its grip.
	CmdDrive
)

// Command is one change, applied before a step.
type Command struct {
	Kind CommandKind
	ID   BodyID // CmdAdd may leave it 0: Body.ID counts
	Body Body   // CmdAdd and CmdSet
	Vec  spatial.Vec
	F    float32
}

// CommandError is one refused command of a Step; the others were applied.
type CommandError struct {
	Index int // in the commands given
	ID    BodyID
	Err   error
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("physics: command %d on body %d: %v", e.Index, e.ID, e.Err)
}

func (e *CommandError) Unwrap() error { return e.Err }

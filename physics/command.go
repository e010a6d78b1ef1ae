package physics

import (
	"fmt"

	"github.com/metatopia/metatopia/physics/shape"
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
	// CmdOwn makes ID a Ghost, or ends that, as the Ghost flag of Body says:
	// its owner changed and its motion did not. Nothing wakes, no contact
	// ends.
	CmdOwn
	// CmdJoint adds Joint, which is read and not kept. Refused when its id is
	// 0 or taken, an end is unknown, neither can move, the world is full or a
	// value is out of range. Both ends wake.
	CmdJoint
	// CmdUnjoint removes the joint of Joint.ID.
	CmdUnjoint
	// CmdMotor gives the joint of Joint.ID the Spring and the Motor of Joint,
	// and a motor joint also its FrameA, the target.
	CmdMotor
	// CmdGeometry adds Geometry, for bodies that are added after it in the
	// same step. A world keeps a geometry while a body refers to it.
	CmdGeometry
	// CmdVehicle puts body ID on the wheels of Vehicle, which is read and not
	// kept; nil takes them away.
	CmdVehicle
	// CmdSteer holds the controls of vehicle ID until the next one: Vec.X the
	// steering (-1 to 1, positive towards the body's X), Vec.Y the throttle (-1
	// to 1, negative backwards), Vec.Z the brake (0 to 1).
	CmdSteer
	// CmdField adds Field, which is read and not kept, and CmdUnfield removes
	// the one of Field.ID. Both wake what is in it.
	CmdField
	CmdUnfield
)

// Command is one change, applied before a step.
type Command struct {
	Kind CommandKind
	ID   BodyID // CmdAdd may leave it 0: Body.ID counts
	Body Body   // CmdAdd, CmdSet and CmdOwn
	Vec  spatial.Vec
	F    float32

	Joint    *Joint          // CmdJoint, CmdUnjoint and CmdMotor
	Geometry *shape.Geometry // CmdGeometry
	Vehicle  *Vehicle        // CmdVehicle
	Field    *Field          // CmdField and CmdUnfield
}

// CommandError is one refused command of a Step; the others were applied.
type CommandError struct {
	Index int // in the commands given
	ID    BodyID
	Joint JointID // of a joint command
	Err   error
}

func (e *CommandError) Error() string {
	if e.Joint != 0 {
		return fmt.Sprintf("physics: command %d on joint %d: %v", e.Index, e.Joint, e.Err)
	}
	return fmt.Sprintf("physics: command %d on body %d: %v", e.Index, e.ID, e.Err)
}

func (e *CommandError) Unwrap() error { return e.Err }

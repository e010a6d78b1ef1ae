package shard

import "errors"

var (
	// ErrUnknown: the body is not owned here.
	ErrUnknown = errors.New("body is not owned here")
	// ErrInput: an input of unknown kind or with values out of bounds.
	ErrInput = errors.New("bad input")
	// ErrFull: no room for another body.
	ErrFull = errors.New("no room")
	// ErrMessage: bytes that no correct neighbour sends.
	ErrMessage = errors.New("bad border message")
	// ErrSnapshot: not a snapshot of this version.
	ErrSnapshot = errors.New("bad shard snapshot")
)

// Fault is why a neighbour was judged. Values are stored: extend at the end.
type Fault uint8

const (
	FaultGarbage Fault = 1 + iota // does not parse
	FaultFalse                    // a body that cannot be, or is not the neighbour's
	FaultJump                     // a body that moved as none can
	FaultPush                     // pushes that come from nowhere
	FaultDigest                   // says it told what it did not
)

var faultNames = [...]string{FaultGarbage: "garbage", FaultFalse: "false body", FaultJump: "jump", FaultPush: "push", FaultDigest: "digest"}

func (f Fault) String() string {
	if int(f) < len(faultNames) && faultNames[f] != "" {
		return faultNames[f]
	}
	return "unknown fault"
}

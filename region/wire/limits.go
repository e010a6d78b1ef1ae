package wire

import "github.com/metatopia/metatopia/region"

// Bounds of a frame. A server reads small frames only: the largest is a slot
// write. A client takes whole deltas and inspections.
const (
	MaxClientFrame = region.MaxInputBytes + 256
	MaxServerFrame = 192 << 10

	// MaxUpserts and MaxPoses split a delta so that it fits MaxServerFrame;
	// a server sends several deltas of the same tick when there is more.
	MaxUpserts = 256
	MaxPoses   = 1024
	MaxGone    = 1024

	// MaxRadius bounds what a client may ask to see, in metres.
	MaxRadius = 512

	// A look at the physics is for debugging and costs the server a copy of
	// it: a place's worth, ten times a second. 512 bodies and 768 touches fit
	// MaxServerFrame.
	MaxLookRate    = 10
	MaxLookRadius  = 64 // metres
	MaxLookBodies  = 512
	MaxLookTouches = 768
	maxTouchPoints = 4

	Version = 2
)

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

	Version = 1
)

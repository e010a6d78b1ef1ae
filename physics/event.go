package physics

import (
	"cmp"

	"github.com/metatopia/metatopia/spatial"
)

// EventKind tells an Event apart.
type EventKind uint8

const (
	// EvBegin: A and B touch, and did not after the step before.
	EvBegin EventKind = 1 + iota
	// EvHit: A and B met at more than HitSpeed. A hit that falls on the edge
	// of two steps may be reported in both; its Impulses add up.
	EvHit
	// EvEnd: A and B touched after the step before and no longer do, or B was
	// removed.
	EvEnd
	// EvBroke: Joint, between A and B, bore more than it can and is gone. The
	// Impulse is what it bore over the step, at Point; Normal is the way it
	// pulled A.
	EvBroke
	// EvEnter: A and B overlap, and did not after the step before; one of them
	// is a Sensor. Point is where B is.
	EvEnter
	// EvLeave: A and B overlapped after the step before and no longer do, or B
	// was removed; one of them is a Sensor.
	EvLeave
	// EvOut: A left the bounds of an Open world, or came to be where no number
	// tells. It stays at Point, the edge or the last place known, with the
	// flag Out, meets nobody and is found by no query, until CmdSet.
	EvOut
	// EvSleep: A, at Point, came to rest with all it touches, and moves no more
	// until EvWake. A body that was added asleep, by Restore, is not reported.
	EvSleep
	// EvWake: A, at Point, slept and was pushed, met or lost its support.
	EvWake
)

// HitSpeed is the approach speed above which a touch is a hit, m/s. Below it
// lies what settling and walking produce.
const HitSpeed = 1

// Event is what happened to A. Every pair is reported once to each side that
// is not a Ghost, never with a ghost as A. B is Ground for ground and walls.
type Event struct {
	Kind    EventKind
	A, B    BodyID
	Impulse float32     // N·s along Normal, the sum over the step; 0 for EvEnd
	Point   spatial.Vec // where, m; the mean of the touching points
	Normal  spatial.Vec // unit, the way A is pushed
	Joint   JointID     // EvBroke
}

// compareEvents orders a step's events by (A, B, Kind, Joint); B = Ground may come
// once for each plane, told apart by the normal, in plane order.
func compareEvents(a, b Event) int {
	return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Joint, b.Joint))
}

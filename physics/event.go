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
}

// compareEvents orders a step's events by (A, B, Kind); B = Ground may come
// once for each plane, told apart by the normal, in plane order.
func compareEvents(a, b Event) int {
	return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.Kind, b.Kind))
}

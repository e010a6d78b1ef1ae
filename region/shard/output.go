package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// Output is what Begin or End did, each list in the order it happened.
type Output struct {
	Events   []Event   // End
	Border   []Message // messages to publish
	Left     []Left    // Begin
	Arrived  []Arrived // Begin
	Settled  []Settled
	Refused  []Refused
	Renewed  []handoff.Ref // owned here as before, at these epochs from now on
	Evidence []Evidence
	Stale    []base.ID // not here any more: others own them at a higher epoch
	Refusals int       // commands that physics refused: each a fault of the caller
	Counts   Counts
}

// Event is what happened to an owned body A: a physics.Event in the region's
// names. B is zero for the ground. EpochB is not 0 when B is a ghost: its
// owner reports the same from the other side.
type Event struct {
	Kind           physics.EventKind
	A, B           base.ID
	EpochA, EpochB uint64
	Joint          physics.JointID
	Impulse        float32
	Point, Normal  spatial.Vec
}

// Message is for one neighbour, on the region's border topic.
type Message struct {
	To   base.ID
	Data []byte
	Sync bool // leaves when this tick is on disk
}

// Left is a body that belongs to To from this tick on. It stays as a ghost.
type Left struct {
	ID    base.ID
	Epoch uint64 // the new one
	To    base.ID
}

// Arrived is a body that belongs here from this tick on.
type Arrived struct {
	ID      base.ID
	Epoch   uint64
	From    base.ID
	Body    physics.Body // as it is now
	Payload []byte
	Replace bool      // an older life of it was here and is gone
	Tick    base.Tick // from which it belongs here, in this region's ticks
	Jump    float32   // m, between the ghost it was and what it is now
}

// Settled: the new owner has confirmed that it has these bodies, at these
// epochs.
type Settled struct {
	Items []handoff.Ref
	To    base.ID
}

// Refused: a hand-off did not happen; the bodies are still here.
type Refused struct {
	Items  []handoff.Ref
	To     base.ID
	Reason handoff.Reason
}

// Evidence is a message that no honest neighbour sends, for the node to keep
// with its signature. Of a geometry that came in pieces it is the beginning.
type Evidence struct {
	From base.ID
	Why  Fault
	Data []byte
}

// Counts of one Begin or End.
type Counts struct {
	Bad        int // messages that did not parse or were against the rules
	Ignored    int // records about bodies that did not count
	Ghosts     int // ghosts made
	Corrected  int // ghosts whose owner knew better
	Paired     int // contacts across a border that both sides reported
	Unpaired   int // contacts across a border that one side alone reported
	BodyBytes  int // of messages about bodies
	Told       int // bodies awake that a neighbour knows of: one for each neighbour
	Shapes     int // geometries that came from neighbours
	ShapeBytes int // of them, and of those that are on their way
	HandoffIn  int
	HandoffOut int
}

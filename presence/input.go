package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Input is one thing that happened, given to Step.
type Input interface{ isInput() }

// Recv is one message as bytes. They are read during Step and not kept.
type Recv struct {
	From  base.Key
	Bytes []byte
}

// Message is one message already parsed. It is not kept beyond Step and not
// changed, so a simulator may share it between receivers.
type Message struct {
	From base.Key
	Msg  wire.Message
}

// Tick says only that time has passed; give it at the time WakeAt asked for.
type Tick struct{}

// SetPose gives the own avatar's place, its velocity in m/s and its area of
// interest in metres (at most 1,000). A velocity that is not repeated within
// a second counts as zero from then on.
type SetPose struct {
	Pos spatial.Pos
	Vel spatial.Vec
	AOI uint16
}

// Neighbour is an avatar the overlay knows of, with the age of its pose.
type Neighbour struct {
	Key   base.Key
	Pos   spatial.Pos
	Vel   spatial.Vec
	AOI   uint16
	AgeNs int64
}

// Neighbours replaces what the overlay has said before. At most 64 are looked
// at, so the nearest come first. The slice is read during Step and not kept.
type Neighbours struct{ List []Neighbour }

// PeerGone says that a peer cannot be reached or was found dead.
type PeerGone struct{ Key base.Key }

// Leave says farewell to all peers. The node answers nothing afterwards.
type Leave struct{}

func (Recv) isInput()       {}
func (Message) isInput()    {}
func (Tick) isInput()       {}
func (SetPose) isInput()    {}
func (Neighbours) isInput() {}
func (PeerGone) isInput()   {}
func (Leave) isInput()      {}

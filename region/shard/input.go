package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// InputKind tells an Input apart. Values are recorded: extend at the end.
type InputKind uint8

const (
	// InSpawn makes ID at Epoch with Body, owned here from now on. Refused
	// when the id is known at that epoch or a higher one, or there is no room.
	InSpawn InputKind = 1 + iota
	// InRemove ends ID. An offer of it is withdrawn.
	InRemove
	// InCommand does Command to the owned body ID: impulse, set, drive,
	// joint and what else physics knows but CmdAdd, CmdRemove and CmdOwn. The
	// body ids in it are filled in. A joint goes from ID to Other, which must
	// be owned too, or to the ground; its JointID must be the same in every
	// region it comes to, so it follows best from the ids of its ends. A
	// geometry and a field are of the whole world and take no ID.
	InCommand
	// InNeighbours replaces the table of neighbours.
	InNeighbours
	// InHold registers ID at Epoch without a body: something that takes no
	// part in physics and is still this region's, at this epoch.
	InHold
)

// Input is one wish of the main sim.
type Input struct {
	Kind       InputKind
	ID, Other  base.ID
	Epoch      uint64
	Body       physics.Body // InSpawn; its ID is ignored
	Command    physics.Command
	Neighbours []Neighbour
}

// Neighbour is a region on the other side of a border.
type Neighbour struct {
	ID   base.ID
	Site spatial.Pos
}

// Mail is one message of a neighbour, in the order of the region's log.
type Mail struct {
	From base.ID
	Data []byte
}

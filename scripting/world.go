package scripting

import (
	"context"
	"errors"
)

// ErrUnavailable is for World and LumpReader implementations to wrap when
// the node has no world or no avatar yet: the guest may try again later.
var ErrUnavailable = errors.New("unavailable")

// ErrNotFound is for World and LumpReader implementations to wrap when the
// thing or the lump named does not exist here.
var ErrNotFound = errors.New("not found")

// World is what a node lets its processes do with the node's own avatar.
// Methods are called from process goroutines, several at once; they should
// return soon, because a process cannot be killed inside one.
type World interface {
	// Where tells where the avatar is.
	Where() (Place, error)
	// Nearby lists what the avatar can see, nearest first, at most max.
	Nearby(max int) ([]Seen, error)
	// Walk starts walking towards a place of the ground plane, in metres.
	Walk(x, z float64) error
	// Say says one line of 1-512 bytes of UTF-8.
	Say(text string) error
	// Throw throws a thing within reach with a velocity in metres per second.
	Throw(thing string, vx, vy, vz float64) error
	// Touch touches a thing: its script gets a "touch" event.
	Touch(thing string) error
}

// Place is a position in metres and the name of the region that owns it.
type Place struct {
	X, Y, Z float64
	Region  string
}

// Seen is one thing near the avatar.
type Seen struct {
	ID, Kind, Name, Region string
	X, Y, Z                float64
}

// LumpReader gives a process the content of a lump. The limit is in bytes;
// a larger lump is an error. ctx ends when the process is killed.
type LumpReader interface {
	ReadLump(ctx context.Context, cid string, limit int64) ([]byte, error)
}

package control

import (
	"errors"
	"fmt"
)

// ShardRequest asks for the physics around my avatar, as the regions near it
// have it, Rate times a second (default 5, bounds 1-10). It is for debugging.
type ShardRequest struct {
	Rate   int `json:"rate,omitempty"`
	Radius int `json:"radius,omitempty"` // metres, default 32, at most 64
}

// Shard is what one region's physics holds near my avatar.
type Shard struct {
	Region  string      `json:"region"` // id
	Tick    uint64      `json:"tick"`
	Bodies  []ShardBody `json:"bodies"`
	Touches []Touching  `json:"touches"`
}

// ShardBody is a body as a region simulates it. One whose owner is another
// region is a ghost: this region only follows it.
type ShardBody struct {
	ID     string     `json:"id"`    // thing
	Owner  string     `json:"owner"` // region
	Epoch  string     `json:"epoch"` // decimal; rises with every hand-off, an avatar's begins at 65536 times a time
	Shape  string     `json:"shape"` // sphere | box
	Size   [3]float64 `json:"size"`  // full extents, metres
	Pos    [3]float64 `json:"p"`
	Rot    [4]float64 `json:"r"`
	Vel    [3]float64 `json:"v"`
	Fixed  bool       `json:"fixed,omitempty"`
	Asleep bool       `json:"asleep,omitempty"`
	Age    int        `json:"age,omitempty"` // of a ghost: ticks since its owner spoke of it
}

// Touching is where two bodies meet; "" is the ground or a wall.
type Touching struct {
	A       string       `json:"a,omitempty"`
	B       string       `json:"b"`
	Normal  [3]float64   `json:"n"`      // unit, from A to B
	Impulse float64      `json:"i"`      // N·s in the last physics step
	Points  [][3]float64 `json:"points"` // world, metres
}

// ShardRecordRequest asks for the next steps of the physics of a region
// served here, 60 a second, with the whole state every so many of them (0:
// only at the start).
type ShardRecordRequest struct {
	Region string `json:"region,omitempty"` // name or id; "" is the only one
	Steps  int    `json:"steps"`
	Every  int    `json:"every,omitempty"`
}

// ShardPiece is the next piece of a recording (package physics/record).
type ShardPiece struct {
	Data []byte `json:"data"`
}

func (r *ShardRequest) check() error {
	if r.Rate < 0 || r.Rate > MaxShardRate || r.Radius < 0 || r.Radius > MaxShardRadius {
		return fmt.Errorf("rate %d and radius %d, at most %d and %d", r.Rate, r.Radius, MaxShardRate, MaxShardRadius)
	}
	return nil
}

func (r *ShardRecordRequest) check() error {
	switch {
	case r.Steps < 1 || r.Steps > MaxShardSteps:
		return fmt.Errorf("%d steps, between 1 and %d", r.Steps, MaxShardSteps)
	case r.Every < 0:
		return errors.New("a state every so many steps must not be negative")
	}
	return text("the region", r.Region, 0, MaxNameBytes)
}

// TieRequest holds a loose thing to another one, or to a place of the world:
// for the owner of both, within reach, or for the node that serves the region.
type TieRequest struct {
	Thing string  `json:"thing"`           // id or name
	Other string  `json:"other,omitempty"` // id or name; "": the world
	By    string  `json:"by,omitempty"`    // ball | hinge | slider | fixed (default) | distance
	At    *Point  `json:"at,omitempty"`    // where; default: in the middle of the two, or at the thing
	Axis  Point   `json:"axis"`            // of a hinge or slider; default: upright
	Break float64 `json:"break,omitempty"` // newtons that end it; 0: it never breaks
}

// UntieRequest ends what holds a thing to another; without one, to anything.
type UntieRequest struct {
	Thing string `json:"thing"`
	Other string `json:"other,omitempty"`
}

func (r *TieRequest) check() error {
	if r.Break < 0 || r.Break > 1e9 {
		return fmt.Errorf("it breaks at %g N, between 0 and 1e9", r.Break)
	}
	at := Point{}
	if r.At != nil {
		at = *r.At
	}
	return first(text("the thing", r.Thing, 1, MaxIDBytes), text("the other thing", r.Other, 0, MaxIDBytes), text("the kind of tie", r.By, 0, MaxNameBytes),
		point("the place", at, MaxCoordinate), point("the axis", r.Axis, MaxSpeed))
}

func (r *UntieRequest) check() error {
	return first(text("the thing", r.Thing, 1, MaxIDBytes), text("the other thing", r.Other, 0, MaxIDBytes))
}

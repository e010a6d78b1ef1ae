package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Shape is what a thing looks like and collides as.
type Shape uint8

const (
	Sphere Shape = 1
	Box    Shape = 2
)

const kindAvatar = "avatar"

// Thing is an object of the world. A Thing that has been published is never
// changed: a tick makes a new one, so readers may keep the pointer. Its pose
// lives in physics unless Hollow; see Sim.Each.
type Thing struct {
	ID     base.ID
	Epoch  uint64 // rises by one with every hand-off
	Kind   string
	Name   string
	Owner  base.Key
	Player base.Key // not zero: this is that player's avatar
	Shape  Shape
	Size   spatial.Vec // full extents in metres
	Color  uint32
	Fixed  bool
	Hollow bool
	At     spatial.Vec  // pose of a hollow thing, relative to the site
	Turn   spatial.Quat // same
	Slots  Slots

	Borrower base.Key  // not zero: who may use it until Loan
	Loan     base.Tick // when it is given back

	// Brought: a neighbour has brought it and its owner has not taken it since. It
	// is the neighbour's word alone that it is the owner's: see speaksFor.
	Brought bool

	Timers    []Timer // that run, sorted; never changed in place
	Runs      uint64  // script events handled
	LastError string  // of its script
	LastTouch base.Tick
	Since     base.Tick // tick at which it came to this region

	// What follows from the above, set by put, or is no state at all.
	scripted bool
	every    int64  // ticks between "tick" events; 0: none
	fuel     uint64 // instructions that its script took lately: a guess at the next time
}

// derive sets what follows from the rest.
func (t *Thing) derive() {
	t.scripted, t.every = t.Script() != "", 0
	if v, ok := t.Slots.Get(SlotEvery); ok && v.Type == SlotInt && v.Int >= MinEvery && t.scripted {
		t.every = v.Int
	}
}

// Script is the CID of the module that handles the thing's events, or "". An
// avatar has none, whatever its slots say: what it says counts as spoken by a
// person, and two that answer each other would never end.
func (t *Thing) Script() string {
	if t.avatar() {
		return ""
	}
	v, ok := t.Slots.Get(SlotScript)
	if !ok || v.Type != SlotLump {
		return ""
	}
	return v.Lump
}

// Tint is the colour to show: slot "color" when it is an int, else Color; at
// a third of its brightness while slot "lit" is false.
func (t *Thing) Tint() uint32 {
	c := t.Color
	if v, ok := t.Slots.Get(SlotColor); ok && v.Type == SlotInt && v.Int >= 0 && v.Int <= 0xffffff {
		c = uint32(v.Int)
	}
	if v, ok := t.Slots.Get(SlotLit); ok && v.Type == SlotBool && !v.Bool {
		c = (c>>16&0xff)/3<<16 | (c>>8&0xff)/3<<8 | (c&0xff)/3
	}
	return c
}

func (t *Thing) avatar() bool { return !t.Player.IsZero() }
func (t *Thing) loose() bool  { return !t.Fixed && !t.Hollow && !t.avatar() }

// appendTo writes everything but the pose.
func (t *Thing) appendTo(e *base.Encoder) {
	e.ID(t.ID)
	e.U64(t.Epoch)
	e.Str(t.Kind)
	e.Str(t.Name)
	e.Key(t.Owner)
	e.Key(t.Player)
	e.U8(uint8(t.Shape))
	t.Size.AppendTo(e)
	e.U32(t.Color)
	e.Bool(t.Fixed)
	e.Bool(t.Hollow)
	appendSlots(e, t.Slots)
	e.U64(t.Runs)
	e.Str(t.LastError)
}

func readThing(d *base.Decoder) *Thing {
	t := &Thing{ID: d.ID(), Epoch: d.U64(), Kind: d.Str(MaxKind), Name: d.Str(MaxName), Owner: d.Key(), Player: d.Key(),
		Shape: Shape(d.U8()), Size: spatial.ReadVec(d), Color: d.U32(), Fixed: d.Bool(), Hollow: d.Bool(),
		Slots: readSlots(d), Runs: d.U64(), LastError: d.Str(MaxText)}
	if d.Err() != nil {
		return t
	}
	spec := ThingSpec{Kind: t.Kind, Name: t.Name, Shape: t.Shape, Size: t.Size, Color: t.Color}
	if t.avatar() {
		if t.ID != base.AvatarID(t.Player) {
			d.Fail(fmt.Errorf("avatar %v is not the one of player %s", t.ID, t.Player.Short()))
			return t
		}
		spec.Kind = "person" // the kind "avatar" is reserved to these
	}
	if err := spec.check(); err != nil {
		d.Fail(err)
	}
	return t
}

func appendQuat(e *base.Encoder, q spatial.Quat) {
	e.F32(q.X)
	e.F32(q.Y)
	e.F32(q.Z)
	e.F32(q.W)
}

func readQuat(d *base.Decoder) spatial.Quat {
	return spatial.Quat{X: d.F32(), Y: d.F32(), Z: d.F32(), W: d.F32()}
}

package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// ControlKind says what the region's own node asks for. Only drivers write control
// entries into the log. Of several servers any one is believed, but for ControlModule
// and ControlHave (have.go); they sign where they are accountable (vouch.go).
type ControlKind uint8

const (
	ControlCreate     ControlKind = iota + 1 // Thing
	ControlRemove                            // ID: not an avatar
	ControlNeighbours                        // Neighbours: replaces the list
	ControlModule                            // Module, Text: loaded ("" ) or why not; where one server keeps the log
	ControlAway                              // Player: the node went silent, take the avatar away
	ControlSet                               // ID, Slot
	ControlRules                             // Rules: replaces those in force
	ControlRaise                             // Life: the log is one whose end may be lost
	ControlTie                               // Tie
	ControlUntie                             // Tie.A, Tie.B
	ControlLaw                               // Law: an entry of the region's roles, signed in itself
	ControlAccess                            // Access: an entry of region/access, signed in itself
	ControlUndo                              // Undo: for admins only, who sign for it (succession.Act)
	ControlStore                             // Store: which store the region has; zero: none
	ControlAnswer                            // Answer: to a request that waits
	ControlOrigin                            // Origins: where the region comes from; in its first tick
	ControlTerms                             // Terms: signed by the region's owner
	ControlCharge                            // Charge: signed in itself
	ControlHave                              // Module, Since, Text: a server has it ("") or why not; signed by it
)

// Neighbour is a region that shares a border, or may.
type Neighbour struct {
	ID   base.ID
	Name string
	Site spatial.Pos
}

// ThingSpec describes a thing to make. Pos is relative to the region's site.
type ThingSpec struct {
	Kind, Name  string
	Owner       base.Key
	Shape       Shape
	Size        spatial.Vec // full extents; a sphere's diameter is X
	Color       uint32      // 0xRRGGBB
	Pos         spatial.Vec
	Rot         spatial.Quat // zero is upright
	Fixed       bool         // never moves
	Hollow      bool         // no body: shown, but nothing collides with it
	Mass        float32      // kg; zero: by size
	Friction    float32
	Restitution float32
	Slots       Slots // sorted by name
}

// ControlEntry is one control entry; only the fields named at Kind count.
type ControlEntry struct {
	Kind       ControlKind
	Thing      ThingSpec
	ID         base.ID
	Player     base.Key
	Module     string
	Text       string
	Since      base.Tick // since when the region wants Module
	Slot       SlotWrite
	Neighbours []Neighbour
	Rules      Rules
	Life       uint64
	Tie        Tie
	Undo       *Undo
	Origins    []Origin
	Law        []byte // succession.Entry
	Access     []byte // access.Entry
	Store      base.ID
	Answer     *Answer
	Terms      []byte // for Config.Terms
	Charge     []byte // agree.Charge
}

// AppendTo writes the canonical form.
func (c ControlEntry) AppendTo(e *base.Encoder) {
	e.U8(uint8(c.Kind))
	switch c.Kind {
	case ControlCreate:
		c.Thing.appendTo(e)
	case ControlRemove:
		e.ID(c.ID)
	case ControlNeighbours:
		e.U32(uint32(len(c.Neighbours)))
		for _, n := range c.Neighbours {
			e.ID(n.ID)
			e.Str(n.Name)
			n.Site.AppendTo(e)
		}
	case ControlModule:
		e.Str(c.Module)
		e.Str(c.Text)
	case ControlAway:
		e.Key(c.Player)
	case ControlSet:
		e.ID(c.ID)
		AppendSlotWrite(e, c.Slot)
	case ControlRules:
		e.U8(uint8(c.Rules))
	case ControlTie:
		c.Tie.appendTo(e)
	case ControlUntie:
		e.ID(c.Tie.A)
		e.ID(c.Tie.B)
	case ControlUndo:
		c.Undo.AppendTo(e)
	case ControlOrigin:
		appendOrigins(e, c.Origins)
	case ControlRaise:
		e.U64(c.Life)
	case ControlLaw:
		e.Bytes(c.Law)
	case ControlAccess:
		e.Bytes(c.Access)
	case ControlStore:
		e.ID(c.Store)
	case ControlAnswer:
		c.Answer.AppendTo(e)
	case ControlTerms:
		e.Bytes(c.Terms)
	case ControlCharge:
		e.Bytes(c.Charge)
	case ControlHave:
		e.Str(c.Module)
		e.U64(uint64(c.Since))
		e.Str(c.Text)
	}
}

// ParseControl reads and checks one control entry.
func ParseControl(b []byte) (ControlEntry, error) {
	d := base.NewDecoder(b)
	c := ControlEntry{Kind: ControlKind(d.U8())}
	switch c.Kind {
	case ControlCreate:
		c.Thing = readThingSpec(d)
	case ControlRemove:
		c.ID = d.ID()
	case ControlNeighbours:
		for range d.Count(MaxNeighbours, 16+4+24) {
			c.Neighbours = append(c.Neighbours, Neighbour{ID: d.ID(), Name: d.Str(MaxName), Site: spatial.ReadPos(d)})
		}
	case ControlModule:
		c.Module, c.Text = d.Str(MaxLumpName), d.Str(MaxText)
	case ControlAway:
		c.Player = d.Key()
	case ControlSet:
		c.ID, c.Slot = d.ID(), ReadSlotWrite(d)
	case ControlRules:
		c.Rules = Rules(d.U8())
	case ControlTie:
		c.Tie = readTie(d)
	case ControlUntie:
		c.Tie.A, c.Tie.B = d.ID(), d.ID()
	case ControlUndo:
		c.Undo = readUndo(d)
	case ControlOrigin:
		c.Origins = readOrigins(d)
	case ControlRaise:
		c.Life = d.U64()
	case ControlLaw:
		c.Law = d.Bytes(succession.MaxEntry)
	case ControlAccess:
		c.Access = d.Bytes(access.MaxEntry)
	case ControlStore:
		c.Store = d.ID()
	case ControlAnswer:
		c.Answer = ReadAnswer(d)
	case ControlTerms:
		c.Terms = d.Bytes(MaxTerms)
	case ControlCharge:
		c.Charge = d.Bytes(agree.MaxCharge)
	case ControlHave:
		c.Module, c.Since, c.Text = d.Str(MaxLumpName), base.Tick(d.U64()), d.Str(MaxText)
	default:
		d.Fail(fmt.Errorf("unknown kind %d", c.Kind))
	}
	if err := d.Done(); err != nil {
		return ControlEntry{}, fmt.Errorf("region: parse control entry: %w", err)
	}
	return c, nil
}

func (t ThingSpec) appendTo(e *base.Encoder) {
	e.Str(t.Kind)
	e.Str(t.Name)
	e.Key(t.Owner)
	e.U8(uint8(t.Shape))
	t.Size.AppendTo(e)
	e.U32(t.Color)
	t.Pos.AppendTo(e)
	appendQuat(e, t.Rot)
	e.Bool(t.Fixed)
	e.Bool(t.Hollow)
	e.F32(t.Mass)
	e.F32(t.Friction)
	e.F32(t.Restitution)
	appendSlots(e, t.Slots)
}

func readThingSpec(d *base.Decoder) ThingSpec {
	t := ThingSpec{Kind: d.Str(MaxKind), Name: d.Str(MaxName), Owner: d.Key(), Shape: Shape(d.U8()),
		Size: spatial.ReadVec(d), Color: d.U32(), Pos: spatial.ReadVec(d), Rot: readQuat(d),
		Fixed: d.Bool(), Hollow: d.Bool(), Mass: d.F32(), Friction: d.F32(), Restitution: d.F32(), Slots: readSlots(d)}
	if d.Err() == nil {
		if err := t.check(); err != nil {
			d.Fail(err)
		}
	}
	return t
}

func (t ThingSpec) check() error {
	// Metres. Nothing in a region is larger; physics refuses what is smaller,
	// and a thing without a body could not be restored.
	const least, huge = 2 * physics.MinExtent, 64
	switch {
	case !printable(t.Kind) || t.Kind == kindAvatar:
		return fmt.Errorf("kind %q is empty or reserved", t.Kind)
	case t.Name != "" && !printable(t.Name):
		return fmt.Errorf("name is not printable text")
	case t.Shape != Sphere && t.Shape != Box:
		return fmt.Errorf("unknown shape %d", t.Shape)
	case !(t.Size.X >= least && t.Size.X <= huge && t.Size.Y >= least && t.Size.Y <= huge && t.Size.Z >= least && t.Size.Z <= huge):
		return fmt.Errorf("size %v is not within %g-%d m", t.Size, least, huge)
	case t.Color > 0xffffff:
		return fmt.Errorf("colour %#x is not 0xRRGGBB", t.Color)
	case t.Mass < 0 || t.Mass > 1e5 || t.Friction < 0 || t.Friction > 2 || t.Restitution < 0 || t.Restitution > 1:
		return fmt.Errorf("mass, friction or restitution out of bounds")
	}
	return nil
}

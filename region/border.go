package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// BorderKind says what a border message holds. Extend at the end.
type BorderKind uint8

const (
	BorderGhosts  BorderKind = 1 // Ghosts: bodies near a border
	BorderHandoff BorderKind = 2 // To, Handoff
	BorderSaid    BorderKind = 3 // N, Line: a line spoken near a border
)

// BorderMessage goes to every neighbour over the region's border topic.
// Positions are relative to the sender's site.
//
// Layout: version u8, kind u8, tick u64, then ghosts (count u32, each below),
// or receiver id and handoff.Msg, or number u64 and the line.
type BorderMessage struct {
	Kind    BorderKind
	Tick    base.Tick // of the sender
	Ghosts  []Ghost
	To      base.ID
	Handoff handoff.Msg
	N       uint64
	Line    Line
}

// Ghost is a neighbour's body, near enough to be bumped into.
type Ghost struct {
	ID      base.ID
	Epoch   uint64
	Shape   Shape
	Size    spatial.Vec
	Fixed   bool
	Upright bool
	Body    Motion
	Mass    float32
	Grip    float32 // friction
	Bounce  float32 // restitution
}

// Motion is the exact state of a body.
type Motion struct {
	Pos  spatial.Vec
	Rot  spatial.Quat
	Vel  spatial.Vec
	Spin spatial.Vec
}

func (m Motion) appendTo(e *base.Encoder) {
	m.Pos.AppendTo(e)
	appendQuat(e, m.Rot)
	m.Vel.AppendTo(e)
	m.Spin.AppendTo(e)
}

func readMotion(d *base.Decoder) Motion {
	return Motion{Pos: spatial.ReadVec(d), Rot: readQuat(d), Vel: spatial.ReadVec(d), Spin: spatial.ReadVec(d)}
}

// Line is something said.
type Line struct {
	From   base.ID
	Player base.Key // zero: a thing spoke
	Name   string
	Pos    spatial.Pos
	Text   string
}

func (l Line) appendTo(e *base.Encoder) {
	e.ID(l.From)
	e.Key(l.Player)
	e.Str(l.Name)
	l.Pos.AppendTo(e)
	e.Str(l.Text)
}

func readLine(d *base.Decoder) Line {
	l := Line{From: d.ID(), Player: d.Key(), Name: d.Str(MaxName), Pos: spatial.ReadPos(d), Text: d.Str(MaxText)}
	if d.Err() == nil && (!printable(l.Text) || (l.Name != "" && !printable(l.Name))) {
		d.Fail(fmt.Errorf("line is not printable text"))
	}
	return l
}

const (
	borderVersion = 1
	ghostBytes    = 16 + 8 + 1 + 12 + 1 + 1 + 52 + 12
)

// AppendTo writes the canonical form.
func (m BorderMessage) AppendTo(e *base.Encoder) {
	e.U8(borderVersion)
	e.U8(uint8(m.Kind))
	e.U64(uint64(m.Tick))
	switch m.Kind {
	case BorderGhosts:
		e.U32(uint32(len(m.Ghosts)))
		for _, g := range m.Ghosts {
			e.ID(g.ID)
			e.U64(g.Epoch)
			e.U8(uint8(g.Shape))
			g.Size.AppendTo(e)
			e.Bool(g.Fixed)
			e.Bool(g.Upright)
			g.Body.appendTo(e)
			e.F32(g.Mass)
			e.F32(g.Grip)
			e.F32(g.Bounce)
		}
	case BorderHandoff:
		e.ID(m.To)
		m.Handoff.AppendTo(e)
	case BorderSaid:
		e.U64(m.N)
		m.Line.appendTo(e)
	}
}

// ParseBorder reads and checks one border message.
func ParseBorder(b []byte) (BorderMessage, error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != borderVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	m := BorderMessage{Kind: BorderKind(d.U8()), Tick: base.Tick(d.U64())}
	switch m.Kind {
	case BorderGhosts:
		for range d.Count(maxBorderRefs, ghostBytes) {
			g := Ghost{ID: d.ID(), Epoch: d.U64(), Shape: Shape(d.U8()), Size: spatial.ReadVec(d), Fixed: d.Bool(), Upright: d.Bool(),
				Body: readMotion(d), Mass: d.F32(), Grip: d.F32(), Bounce: d.F32()}
			if d.Err() == nil {
				spec := ThingSpec{Kind: "ghost", Shape: g.Shape, Size: g.Size, Mass: g.Mass, Friction: g.Grip, Restitution: g.Bounce}
				if err := spec.check(); err != nil {
					d.Fail(err)
				}
			}
			m.Ghosts = append(m.Ghosts, g)
		}
	case BorderHandoff:
		m.To, m.Handoff = d.ID(), handoff.ReadMsg(d)
	case BorderSaid:
		m.N, m.Line = d.U64(), readLine(d)
	default:
		d.Fail(fmt.Errorf("unknown kind %d", m.Kind))
	}
	if err := d.Done(); err != nil {
		return BorderMessage{}, fmt.Errorf("region: parse border message: %w", err)
	}
	return m, nil
}

package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// BorderKind says what a border message holds. Extend at the end.
type BorderKind uint8

const (
	BorderSaid  BorderKind = 3 // N, Line: a line spoken near a border
	BorderRelay BorderKind = 5 // Relay: messages between things
	BorderShard BorderKind = 4 // Shard: of the physics, see docs/protocol/border.md
)

// BorderMessage goes to every neighbour over the region's border topic.
//
// Layout: version u8, kind u8, tick u64, then number u64 and the line, bytes of the
// shard, or a Relayed.
type BorderMessage struct {
	Kind  BorderKind
	Tick  base.Tick // of the sender
	Shard []byte    // of region/shard; it says itself for whom
	N     uint64
	Line  Line
	Relay *Relayed
}

// Motion is the exact state of a body.
type Motion struct {
	Pos  spatial.Vec
	Rot  spatial.Quat
	Vel  spatial.Vec
	Spin spatial.Vec
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

const borderVersion = 4

// AppendTo writes the canonical form.
func (m BorderMessage) AppendTo(e *base.Encoder) {
	e.U8(borderVersion)
	e.U8(uint8(m.Kind))
	e.U64(uint64(m.Tick))
	switch m.Kind {
	case BorderShard:
		e.Bytes(m.Shard)
	case BorderSaid:
		e.U64(m.N)
		m.Line.appendTo(e)
	case BorderRelay:
		m.Relay.appendTo(e)
	}
}

// ParseBorder reads and checks one border message. What is for the shard is
// looked at by it.
func ParseBorder(b []byte) (BorderMessage, error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != borderVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	m := BorderMessage{Kind: BorderKind(d.U8()), Tick: base.Tick(d.U64())}
	switch m.Kind {
	case BorderShard:
		m.Shard = d.Bytes(shard.MaxMessage)
	case BorderSaid:
		m.N, m.Line = d.U64(), readLine(d)
	case BorderRelay:
		m.Relay = readRelayed(d)
	default:
		d.Fail(fmt.Errorf("unknown kind %d", m.Kind))
	}
	if err := d.Done(); err != nil {
		return BorderMessage{}, fmt.Errorf("region: parse border message: %w", err)
	}
	return m, nil
}

// For is the region that a border message is for, when it is for one alone.
func (m *BorderMessage) For() (to base.ID, one bool) {
	switch m.Kind {
	case BorderShard:
		return shard.Addressee(m.Shard)
	case BorderRelay:
		return m.Relay.To, true
	}
	return to, false
}

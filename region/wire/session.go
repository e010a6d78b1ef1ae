package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// Hello opens a stream: the first frame of a client. Key must be the key of
// the node that opened the stream. View and Radius say what to send from the
// start, as in View.
type Hello struct {
	Version uint16
	World   string
	Region  base.ID
	Key     base.Key
	View    spatial.Pos
	Radius  uint16 // metres, at most MaxRadius
}

func (*Hello) Kind() Kind { return KindHello }
func (m *Hello) appendTo(e *base.Encoder) {
	e.U16(m.Version)
	e.Str(m.World)
	e.ID(m.Region)
	e.Key(m.Key)
	m.View.AppendTo(e)
	e.U16(m.Radius)
}
func (m *Hello) read(d *base.Decoder) {
	m.Version, m.World, m.Region, m.Key = d.U16(), d.Str(region.MaxWorldName), d.ID(), d.Key()
	m.View, m.Radius = spatial.ReadPos(d), readRadius(d)
}

func readRadius(d *base.Decoder) uint16 {
	r := d.U16()
	if r > MaxRadius {
		d.Fail(fmt.Errorf("radius of %d m, at most %d", r, MaxRadius))
	}
	return r
}

// Welcome answers a Hello. Avatar is set when this region owns the player's
// avatar; Seq is the highest sequence number the region has seen from the
// player, whose next input must be above it.
type Welcome struct {
	Region base.ID
	Name   string
	Site   spatial.Pos
	Owner  base.Key
	Tick   base.Tick
	Rate   uint16 // ticks a second
	Avatar base.ID
	Seq    uint64
}

func (*Welcome) Kind() Kind { return KindWelcome }
func (m *Welcome) appendTo(e *base.Encoder) {
	e.ID(m.Region)
	e.Str(m.Name)
	m.Site.AppendTo(e)
	e.Key(m.Owner)
	e.U64(uint64(m.Tick))
	e.U16(m.Rate)
	e.ID(m.Avatar)
	e.U64(m.Seq)
}
func (m *Welcome) read(d *base.Decoder) {
	m.Region, m.Name, m.Site, m.Owner = d.ID(), d.Str(region.MaxName), spatial.ReadPos(d), d.Key()
	m.Tick, m.Rate, m.Avatar, m.Seq = base.Tick(d.U64()), d.U16(), d.ID(), d.U64()
}

// Input carries one region.SignedInput.
type Input struct{ Signed []byte }

func (*Input) Kind() Kind                 { return KindInput }
func (m *Input) appendTo(e *base.Encoder) { e.Bytes(m.Signed) }
func (m *Input) read(d *base.Decoder)     { m.Signed = d.Bytes(region.MaxInputBytes) }

// Ack is the outcome of the input Seq. When it was a join, say, touch, throw,
// set or leave, its effect is on disk. Tick is the tick that took it. Thing is
// the avatar after a join, the thing after a throw or touch.
type Ack struct {
	Seq   uint64
	Tick  base.Tick
	Code  region.Code
	Thing base.ID
}

func (*Ack) Kind() Kind { return KindAck }
func (m *Ack) appendTo(e *base.Encoder) {
	e.U64(m.Seq)
	e.U64(uint64(m.Tick))
	e.U8(uint8(m.Code))
	e.ID(m.Thing)
}
func (m *Ack) read(d *base.Decoder) {
	m.Seq, m.Tick, m.Code, m.Thing = d.U64(), base.Tick(d.U64()), region.Code(d.U8()), d.ID()
}

// View moves the client's eye: deltas hold what is within Radius metres.
type View struct {
	Pos    spatial.Pos
	Radius uint16
}

func (*View) Kind() Kind                 { return KindView }
func (m *View) appendTo(e *base.Encoder) { m.Pos.AppendTo(e); e.U16(m.Radius) }
func (m *View) read(d *base.Decoder)     { m.Pos, m.Radius = spatial.ReadPos(d), readRadius(d) }

// Said is a line that the player's avatar heard. It comes from the region that
// owns the avatar only, so a client hears every line once.
type Said struct {
	Tick   base.Tick
	From   base.ID // avatar or thing
	Player base.Key
	Name   string
	Region base.ID // where it was said
	Pos    spatial.Pos
	Text   string
}

func (*Said) Kind() Kind { return KindSaid }
func (m *Said) appendTo(e *base.Encoder) {
	e.U64(uint64(m.Tick))
	e.ID(m.From)
	e.Key(m.Player)
	e.Str(m.Name)
	e.ID(m.Region)
	m.Pos.AppendTo(e)
	e.Str(m.Text)
}
func (m *Said) read(d *base.Decoder) {
	m.Tick, m.From, m.Player, m.Name = base.Tick(d.U64()), d.ID(), d.Key(), d.Str(region.MaxName)
	m.Region, m.Pos, m.Text = d.ID(), spatial.ReadPos(d), d.Str(region.MaxText)
}

// Moved: from Tick on the avatar Thing belongs to region To. Inputs that were
// not acknowledged should be sent again there, unchanged: whichever was taken
// before is answered as replayed.
type Moved struct {
	Thing base.ID
	To    base.ID
	Epoch uint64
	Tick  base.Tick
}

func (*Moved) Kind() Kind { return KindMoved }
func (m *Moved) appendTo(e *base.Encoder) {
	e.ID(m.Thing)
	e.ID(m.To)
	e.U64(m.Epoch)
	e.U64(uint64(m.Tick))
}
func (m *Moved) read(d *base.Decoder) {
	m.Thing, m.To, m.Epoch, m.Tick = d.ID(), d.ID(), d.U64(), base.Tick(d.U64())
}

// Refused is the last frame of a stream that the server closes.
type Refused struct {
	Code region.Code
	Text string
}

func (*Refused) Kind() Kind                 { return KindRefused }
func (m *Refused) appendTo(e *base.Encoder) { e.U8(uint8(m.Code)); e.Str(m.Text) }
func (m *Refused) read(d *base.Decoder) {
	m.Code, m.Text = region.Code(d.U8()), d.Str(region.MaxText)
}

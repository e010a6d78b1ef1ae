package wire

import (
	"crypto/sha256"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Find asks for the entries closest to a position.
type Find struct {
	Query  uint32
	Target spatial.Pos
	N      uint8 // 1 to MaxCloser
}

func (m *Find) Type() Type { return TypeFind }
func (m *Find) append(e *base.Encoder) {
	e.U32(m.Query)
	m.Target.AppendTo(e)
	e.U8(m.N)
}
func (m *Find) size() int { return 29 }
func (m *Find) read(d *base.Decoder) {
	m.Query = d.U32()
	m.Target = spatial.ReadPos(d)
	m.N = d.U8()
	if d.Err() == nil && (m.N == 0 || m.N > MaxCloser) {
		d.Fail(ErrField)
	}
}

// Closer answers a Find with the closest entries the sender knows, itself
// among them when it is one of the closest.
type Closer struct {
	Query   uint32
	Entries []Entry // at most MaxCloser
}

func (m *Closer) Type() Type { return TypeCloser }
func (m *Closer) append(e *base.Encoder) {
	e.U32(m.Query)
	appendEntries(e, m.Entries)
}
func (m *Closer) size() int { return 4 + sizeEntries(m.Entries) }
func (m *Closer) read(d *base.Decoder) {
	m.Query = d.U32()
	m.Entries = readEntries(d, MaxCloser)
}

// Route carries a payload towards the node whose cell holds Target. Best is
// the least squared distance (units²) of any node it has visited: each hop
// must lower it, so a route cannot loop.
type Route struct {
	ID        uint64
	Origin    base.Key
	Target    spatial.Pos
	Best      uint64
	TTL       uint8
	Confirmed bool // the last hop looked for anyone closer than the receiver
	Sig       [64]byte
	Payload   []byte // at most MaxPayload
}

func (m *Route) Type() Type { return TypeRoute }
func (m *Route) append(e *base.Encoder) {
	e.U64(m.ID)
	e.Key(m.Origin)
	m.Target.AppendTo(e)
	e.U64(m.Best)
	e.U8(m.TTL)
	e.Bool(m.Confirmed)
	e.Raw(m.Sig[:])
	e.U16(uint16(len(m.Payload)))
	e.Raw(m.Payload)
}
func (m *Route) size() int { return 140 + len(m.Payload) }
func (m *Route) read(d *base.Decoder) {
	m.ID = d.U64()
	m.Origin = d.Key()
	m.Target = spatial.ReadPos(d)
	m.Best = d.U64()
	m.TTL = d.U8()
	m.Confirmed = d.Bool()
	copy(m.Sig[:], d.Raw(len(m.Sig)))
	m.Payload = readBytes(d, MaxPayload)
	if d.Err() == nil && m.TTL > MaxTTL {
		d.Fail(ErrField)
	}
}

const routeDomain = "metatopia/raynet/route/1\x00"

// SigningBytes is what the origin signs: the fields no hop may change.
func (m *Route) SigningBytes(world base.ID) []byte {
	e := base.Encoder{B: []byte(routeDomain)}
	e.ID(world)
	e.U64(m.ID)
	e.Key(m.Origin)
	m.Target.AppendTo(&e)
	h := sha256.Sum256(m.Payload)
	e.Raw(h[:])
	return e.B
}

// RouteAck tells the previous hop that the sender has taken a route over.
type RouteAck struct {
	ID     uint64
	Origin base.Key
}

func (m *RouteAck) Type() Type { return TypeRouteAck }
func (m *RouteAck) append(e *base.Encoder) {
	e.U64(m.ID)
	e.Key(m.Origin)
}
func (m *RouteAck) size() int { return 40 }
func (m *RouteAck) read(d *base.Decoder) {
	m.ID = d.U64()
	m.Origin = d.Key()
}

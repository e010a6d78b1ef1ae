package wire

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// NearSub asks for a lease, or renews it: the receiver will send its moves
// and heartbeats. Have is the newest record of the receiver the sender holds.
type NearSub struct{ Have Stamp }

func (m *NearSub) Type() Type             { return TypeNearSub }
func (m *NearSub) append(e *base.Encoder) { appendStamp(e, m.Have) }
func (m *NearSub) size() int              { return 8 }
func (m *NearSub) read(d *base.Decoder)   { m.Have = readStamp(d) }

// NearUnsub gives a lease back.
type NearUnsub struct{}

func (m *NearUnsub) Type() Type             { return TypeNearUnsub }
func (m *NearUnsub) append(e *base.Encoder) {}
func (m *NearUnsub) size() int              { return 0 }
func (m *NearUnsub) read(d *base.Decoder)   {}

// Busy refuses a lease and names others near the asker.
type Busy struct{ Hints []Hint }

func (m *Busy) Type() Type             { return TypeBusy }
func (m *Busy) append(e *base.Encoder) { appendHints(e, m.Hints) }
func (m *Busy) size() int              { return 1 + len(m.Hints)*HintSize }
func (m *Busy) read(d *base.Decoder)   { m.Hints = readHints(d) }

// Move is the sender's pose, unsigned: the stream it comes on is
// authenticated. Seq counts the moves of an epoch. It is also the heartbeat.
type Move struct {
	Stamp Stamp
	Pos   spatial.Pos
	Vel   Velocity
}

func (m *Move) Type() Type { return TypeMove }
func (m *Move) append(e *base.Encoder) {
	appendStamp(e, m.Stamp)
	m.Pos.AppendTo(e)
	m.Vel.appendTo(e)
}
func (m *Move) size() int { return 38 }
func (m *Move) read(d *base.Decoder) {
	m.Stamp = readStamp(d)
	m.Pos = spatial.ReadPos(d)
	m.Vel = readVelocity(d)
}

// Ping asks for a Pong. Have is as in NearSub.
type Ping struct {
	Nonce uint32
	Have  Stamp
}

func (m *Ping) Type() Type { return TypePing }
func (m *Ping) append(e *base.Encoder) {
	e.U32(m.Nonce)
	appendStamp(e, m.Have)
}
func (m *Ping) size() int { return 12 }
func (m *Ping) read(d *base.Decoder) {
	m.Nonce = d.U32()
	m.Have = readStamp(d)
}

// Pong answers a Ping.
type Pong struct{ Nonce uint32 }

func (m *Pong) Type() Type             { return TypePong }
func (m *Pong) append(e *base.Encoder) { e.U32(m.Nonce) }
func (m *Pong) size() int              { return 4 }
func (m *Pong) read(d *base.Decoder)   { m.Nonce = d.U32() }

// PingReq asks the receiver to ping Target and to say so when it answers.
type PingReq struct {
	Nonce  uint32
	Target base.Key
}

func (m *PingReq) Type() Type { return TypePingReq }
func (m *PingReq) append(e *base.Encoder) {
	e.U32(m.Nonce)
	e.Key(m.Target)
}
func (m *PingReq) size() int { return 36 }
func (m *PingReq) read(d *base.Decoder) {
	m.Nonce = d.U32()
	m.Target = d.Key()
}

// PingAck says that Target answered the ping asked for by PingReq Nonce.
type PingAck struct {
	Nonce  uint32
	Target base.Key
}

func (m *PingAck) Type() Type { return TypePingAck }
func (m *PingAck) append(e *base.Encoder) {
	e.U32(m.Nonce)
	e.Key(m.Target)
}
func (m *PingAck) size() int { return 36 }
func (m *PingAck) read(d *base.Decoder) {
	m.Nonce = d.U32()
	m.Target = d.Key()
}

func appendStamp(e *base.Encoder, s Stamp) {
	e.U32(s.Epoch)
	e.U32(s.Seq)
}

func readStamp(d *base.Decoder) Stamp { return Stamp{d.U32(), d.U32()} }

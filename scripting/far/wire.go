package far

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
)

const version = 1

// Kinds of packets.
const (
	pktHello = iota + 1 // this is my session
	pktOp               // one numbered operation
	pktAck              // what was taken; perhaps a question whether the other is there
	pktBye              // this side ends its session
)

// Kinds of operations. Those from opSend to opDrop name a capability that the
// receiver gave, those from opEnded on one that the sender gave.
const (
	opSend = iota + 1
	opWatch
	opExit
	opKill
	opDrop
	opSpawn
	opSpawned
	opEnded
	opPause
	opResume
	opRefused
)

var errWire = errors.New("far: not what the protocol allows")

// packet is one of the wire's.
type packet struct {
	kind     uint8
	from, to Session
	seq      uint64 // of pktOp, from 1
	ack      uint64 // of pktOp and pktAck: all up to here were taken
	ask      bool   // of pktAck
	op       []byte // of pktOp
}

func (p *packet) encode() []byte {
	e := base.Encoder{B: make([]byte, 0, 64+len(p.op))}
	e.U8(version)
	e.U8(p.kind)
	for _, s := range []Session{p.from, p.to} {
		e.U64(s.Number)
		e.U64(s.Nonce)
	}
	switch p.kind {
	case pktOp:
		e.U64(p.seq)
		e.U64(p.ack)
		e.Raw(p.op)
	case pktAck:
		e.U64(p.ack)
		e.Bool(p.ask)
	}
	return e.B
}

// decodePacket reads what encode writes. The op is part of b.
func decodePacket(b []byte) (p packet, err error) {
	if len(b) > MaxPacket {
		return p, errWire
	}
	d := base.NewDecoder(b)
	if d.U8() != version {
		return p, errWire
	}
	p.kind = d.U8()
	for _, s := range []*Session{&p.from, &p.to} {
		s.Number, s.Nonce = d.U64(), d.U64()
	}
	switch p.kind {
	case pktHello, pktBye:
	case pktOp:
		p.seq, p.ack = d.U64(), d.U64()
		p.op = d.Raw(d.Len())
		if p.seq == 0 || len(p.op) == 0 {
			return p, errWire
		}
	case pktAck:
		p.ack, p.ask = d.U64(), d.Bool()
	default:
		return p, errWire
	}
	if d.Done() != nil || p.from == (Session{}) {
		return p, errWire
	}
	return p, nil
}

// op is an operation.
type op struct {
	kind    uint8
	number  Number
	message wireMessage
	watch   Watch
	reason  Reason
	count   uint32 // of opDrop and opRefused
	code    uint8  // of opRefused
	id      uint64 // of a spawn
	spawn   Spawn
	parent  *wireCap
	spawned Spawned
	child   wireCap
}

// wireCap is a capability on the wire: Mine is the sender's.
type wireCap struct {
	mine   bool
	number Number
	rights Rights
	hops   uint8
}

type wireMessage struct {
	tag  int64
	data []byte
	caps []wireCap
}

func (o *op) encode() []byte {
	var e base.Encoder
	e.U8(o.kind)
	if o.kind != opSpawn && o.kind != opSpawned {
		e.Raw(o.number[:])
	}
	switch o.kind {
	case opSend:
		e.I64(o.message.tag)
		e.Bytes(o.message.data)
		e.U8(uint8(len(o.message.caps)))
		for i := range o.message.caps {
			o.message.caps[i].encode(&e)
		}
	case opWatch:
		e.U8(uint8(o.watch))
	case opExit, opEnded:
		e.U8(o.reason.End)
		e.I32(o.reason.Code)
		e.Str(o.reason.Text)
	case opDrop:
		e.U32(o.count)
	case opSpawn:
		e.U64(o.id)
		e.Str(o.spawn.CID)
		e.Bytes(o.spawn.Arg)
		e.Str(o.spawn.Name)
		e.U8(o.spawn.Flags)
		e.Bool(o.parent != nil)
		if o.parent != nil {
			o.parent.encode(&e)
		}
	case opSpawned:
		e.U64(o.id)
		e.U8(o.spawned.Code)
		if o.spawned.Code == Started {
			o.child.encode(&e)
		} else {
			e.Str(o.spawned.Text)
		}
	case opRefused:
		e.U8(o.code)
		e.U32(o.count)
	}
	return e.B
}

func (c *wireCap) encode(e *base.Encoder) {
	e.Bool(c.mine)
	e.Raw(c.number[:])
	e.U8(uint8(c.rights))
	e.U8(c.hops)
}

func decodeCap(d *base.Decoder) (c wireCap) {
	c.mine = d.Bool()
	copy(c.number[:], d.Raw(len(c.number)))
	c.rights = Rights(d.U8())
	c.hops = d.U8()
	if c.rights&^allRights != 0 || c.hops > MaxHops || !c.mine && c.hops != 0 {
		d.Fail(errWire)
	}
	return c
}

// decodeOp reads what encode writes; what it gives is no part of b.
func decodeOp(b []byte) (o op, err error) {
	d := base.NewDecoder(b)
	o.kind = d.U8()
	if o.kind != opSpawn && o.kind != opSpawned {
		copy(o.number[:], d.Raw(len(o.number)))
	}
	bad := false
	switch o.kind {
	case opSend:
		o.message.tag = d.I64()
		o.message.data = d.Bytes(MaxData)
		n := d.U8()
		if bad = n > MaxCaps; bad {
			break
		}
		for range n {
			o.message.caps = append(o.message.caps, decodeCap(d))
		}
	case opWatch:
		o.watch = Watch(d.U8())
		bad = o.watch > Linked
	case opExit, opEnded:
		o.reason = Reason{End: d.U8(), Code: d.I32(), Text: d.Str(MaxText)}
		bad = o.reason.End > lastEnd
	case opKill, opPause, opResume:
	case opDrop:
		o.count = d.U32()
		bad = o.count == 0
	case opSpawn:
		o.id = d.U64()
		o.spawn = Spawn{CID: d.Str(MaxCID), Arg: d.Bytes(MaxArg), Name: d.Str(MaxName), Flags: d.U8()}
		if d.Bool() {
			c := decodeCap(d)
			o.parent = &c
		}
		bad = o.spawn.Flags > spawnFlags
	case opSpawned:
		o.id, o.spawned.Code = d.U64(), d.U8()
		if o.spawned.Code == Started {
			o.child = decodeCap(d)
			bad = !o.child.mine
		} else {
			o.spawned.Text = d.Str(MaxText)
			bad = o.spawned.Code > lastCode
		}
	case opRefused:
		o.code, o.count = d.U8(), d.U32()
		bad = o.code != codeLost && o.code != codeRevoked || (o.code == codeLost) != (o.count != 0)
	default:
		bad = true
	}
	if bad || d.Done() != nil {
		return op{}, errWire
	}
	return o, nil
}

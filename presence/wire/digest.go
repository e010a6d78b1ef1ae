package wire

import "github.com/metatopia/metatopia/internal/base"

// RelUnit is the resolution of a mark's position, in units: 1/32 m, so that
// 16 bits reach 1,023 m.
const RelUnit = 32

// MarkSpeed is the resolution of a mark's velocity in cm/s: 8 bits reach
// 31.75 m/s.
const MarkSpeed = 25

// Mark is an avatar in 20 bytes: where it should be now, relative to the
// digest's origin, as the pose that it made Age tenths of a second ago says,
// and the low bits of that pose's sequence number.
type Mark struct {
	ID  ShortID
	Seq uint16
	Rel [3]int16 // in RelUnit
	Vel [3]int8  // in MarkSpeed
	Age uint8
}

// Digest tells a subscriber of avatars it does not subscribe to.
type Digest struct {
	Origin Point
	Marks  []Mark
}

func (m *Digest) Type() Type { return TypeDigest }
func (m *Digest) size() int  { return 12 + 1 + len(m.Marks)*MarkSize }
func (m *Digest) append(e *base.Encoder) {
	m.Origin.appendTo(e)
	e.U8(uint8(len(m.Marks)))
	for i := range m.Marks {
		k := &m.Marks[i]
		e.U64(uint64(k.ID))
		e.U16(k.Seq)
		for _, v := range k.Rel {
			e.U16(uint16(v))
		}
		for _, v := range k.Vel {
			e.U8(uint8(v))
		}
		e.U8(k.Age)
	}
}
func (m *Digest) read(d *base.Decoder) {
	m.Origin = readPoint(d)
	n := count(d, MaxMarks, MarkSize)
	if n == 0 {
		return
	}
	m.Marks = make([]Mark, n)
	for i := range m.Marks {
		k := &m.Marks[i]
		k.ID = ShortID(d.U64())
		k.Seq = d.U16()
		for j := range k.Rel {
			k.Rel[j] = int16(d.U16())
		}
		for j := range k.Vel {
			k.Vel[j] = int8(d.U8())
		}
		k.Age = d.U8()
	}
}

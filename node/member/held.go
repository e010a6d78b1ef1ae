package member

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Held is what a server says of how servers are held to what they sign.
type Held struct {
	Trust     uint8 // agree.Trust that is in force
	Dissents  uint64
	Convicted []Convicted
}

// Convicted is a server that has lied.
type Convicted struct {
	Key    base.Key
	Kind   uint8     // agree.ChargeKind
	About  base.Tick // that it lied about
	At     base.Tick // from which it counts nothing
	Barred bool      // it may not serve
}

// maxConvicted bounds the list.
const maxConvicted = 32

// Layout: trust u8, dissents u64, convicted (count u32, each key 32, kind u8,
// about u64, at u64, barred bool).
func (h *Held) appendTo(e *base.Encoder) {
	e.U8(h.Trust)
	e.U64(h.Dissents)
	e.U32(uint32(len(h.Convicted)))
	for _, c := range h.Convicted {
		e.Key(c.Key)
		e.U8(c.Kind)
		e.U64(uint64(c.About))
		e.U64(uint64(c.At))
		e.Bool(c.Barred)
	}
}

func readHeld(d *base.Decoder) Held {
	h := Held{Trust: d.U8(), Dissents: d.U64()}
	for range d.Count(maxConvicted, 32+1+8+8+1) {
		h.Convicted = append(h.Convicted, Convicted{d.Key(), d.U8(), base.Tick(d.U64()), base.Tick(d.U64()), d.Bool()})
	}
	return h
}

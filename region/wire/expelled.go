package wire

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Expelled: the region has taken the player's avatar out of the world at Tick,
// and Code says why. The stream stays open: the player may look on, and come in
// again when nothing stands against it any more.
type Expelled struct {
	Tick base.Tick
	Code region.Code
}

func (*Expelled) Kind() Kind { return KindExpelled }
func (m *Expelled) appendTo(e *base.Encoder) {
	e.U64(uint64(m.Tick))
	e.U8(uint8(m.Code))
}
func (m *Expelled) read(d *base.Decoder) { m.Tick, m.Code = base.Tick(d.U64()), region.Code(d.U8()) }

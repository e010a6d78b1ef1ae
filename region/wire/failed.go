package wire

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Failed tells a thing's owner that its script failed, and why. A server says so
// once a minute of a thing at most.
type Failed struct {
	Tick  base.Tick
	Thing base.ID
	Name  string
	Text  string
}

func (*Failed) Kind() Kind { return KindFailed }
func (m *Failed) appendTo(e *base.Encoder) {
	e.U64(uint64(m.Tick))
	e.ID(m.Thing)
	e.Str(m.Name)
	e.Str(m.Text)
}
func (m *Failed) read(d *base.Decoder) {
	m.Tick, m.Thing, m.Name, m.Text = base.Tick(d.U64()), d.ID(), d.Str(region.MaxName), d.Str(region.MaxLogLine)
}

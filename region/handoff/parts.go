package handoff

import (
	"bytes"
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// assembly is a release whose parts come one by one. It commits to nothing: a
// region that loses it is sent the parts again.
type assembly struct {
	N     uint64
	Items []Ref
	Parts [][]byte // nil: missing
	Until base.Tick
}

// collect adds a part and gives the state when it is whole. A link has one
// assembly; the lowest number goes first, so that one gets done however many
// there are.
func (c *Core) collect(now base.Tick, l *link, m *Msg) (state []byte, whole bool) {
	if m.Parts == 1 {
		return m.State, true
	}
	a := l.Coming
	switch {
	case a == nil || m.N < a.N:
		a = nil
	case m.N > a.N:
		return nil, false
	case len(a.Parts) != int(m.Parts) || !slices.Equal(a.Items, m.Items):
		a = nil // the number was used again after a loss of the log
	}
	if a == nil {
		a = &assembly{N: m.N, Items: m.Items, Parts: make([][]byte, m.Parts)}
		l.Coming = a
	}
	a.Until = now + c.cfg.Times.Prepared
	a.Parts[m.Part] = m.State
	if slices.ContainsFunc(a.Parts, func(p []byte) bool { return p == nil }) {
		return nil, false
	}
	l.Coming = nil
	return bytes.Join(a.Parts, nil), true
}

var errParts = errors.New("a release in parts that cannot be")

func (a *assembly) appendTo(e *base.Encoder) {
	e.U64(a.N)
	appendRefs(e, a.Items)
	e.U64(uint64(a.Until))
	e.U8(uint8(len(a.Parts)))
	for _, p := range a.Parts {
		e.Bytes(p)
	}
}

func readAssembly(d *base.Decoder) *assembly {
	a := &assembly{N: d.U64(), Items: readRefs(d), Until: base.Tick(d.U64())}
	n := d.U8()
	if d.Err() == nil && (n < 2 || n > MaxParts || len(a.Items) == 0) {
		d.Fail(errParts)
	}
	for i := range n {
		p := d.Bytes(MaxState)
		if d.Err() == nil && len(p) != 0 && i < n-1 && len(p) != MaxState {
			d.Fail(errParts)
		}
		if len(p) == 0 {
			p = nil
		}
		a.Parts = append(a.Parts, p)
	}
	return a
}

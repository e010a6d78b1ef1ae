package spatial

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
)

// Box is the space Min <= p <= Max, edges included.
type Box struct{ Min, Max Pos }

// Valid reports whether both corners are and Min is nowhere above Max.
func (b Box) Valid() bool {
	return b.Min.Valid() && b.Max.Valid() &&
		b.Min.X <= b.Max.X && b.Min.Y <= b.Max.Y && b.Min.Z <= b.Max.Z
}

// Contains reports whether p is inside or on an edge.
func (b Box) Contains(p Pos) bool { return b.Clamp(p) == p }

// Clamp is the place in b nearest to p.
func (b Box) Clamp(p Pos) Pos {
	return Pos{
		min(max(p.X, b.Min.X), b.Max.X),
		min(max(p.Y, b.Min.Y), b.Max.Y),
		min(max(p.Z, b.Min.Z), b.Max.Z),
	}
}

// Center is the middle, rounded down to the unit.
func (b Box) Center() Pos {
	return Pos{(b.Min.X + b.Max.X) >> 1, (b.Min.Y + b.Max.Y) >> 1, (b.Min.Z + b.Max.Z) >> 1}
}

// ErrBox: corners that do not make a box.
var ErrBox = errors.New("not a box")

// AppendTo writes the canonical 48 bytes.
func (b Box) AppendTo(e *base.Encoder) { b.Min.AppendTo(e); b.Max.AppendTo(e) }

// ReadBox reads 48 bytes; they must be a Valid box.
func ReadBox(d *base.Decoder) Box {
	b := Box{ReadPos(d), ReadPos(d)}
	if d.Err() == nil && !b.Valid() {
		d.Fail(ErrBox)
		return Box{}
	}
	return b
}

package physics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// FieldID names a field: chosen by the caller, not 0, unique in a world.
type FieldID uint64

// FieldKind tells a Field apart. Values are stored: extend at the end only.
type FieldKind uint8

const (
	// Water lifts what is below y = Level by the weight of what it displaces
	// at Density, slows it at Strength (1/s when all of it is below) and
	// carries it along at Vec, m/s. Of several a body is in, the one of the
	// lowest id counts.
	Water FieldKind = 1 + iota
	// Wind accelerates by Vec, m/s².
	Wind
	// Radial accelerates away from the middle by Strength, m/s²; towards it
	// when that is negative.
	Radial
	// Vortex accelerates around the region's own y axis by Strength, m/s².
	Vortex
	// Drag slows at Strength, 1/s, towards the velocity Vec, and stops spin.
	Drag
	// Gravity takes the place of the world's with Vec, m/s². Of several a body
	// is in, the one of the lowest id counts.
	Gravity
)

// Field is a region of space that pushes what is in it: a body whose centre is
// inside Shape, or above or below it in water. Radial and Vortex weaken from the
// middle of a ball to its rim, and in a box not; within a quarter metre of the
// middle they fade. Fields act on no fixed body and wake nobody but when they
// come and go.
type Field struct {
	ID     FieldID
	Kind   FieldKind
	Shape  Shape // a Sphere or a Box
	Pos    spatial.Vec
	Rot    spatial.Quat // zero = Identity
	Filter Filter       // whom it acts on, as that of a body

	Vec      spatial.Vec
	Strength float32
	Level    float32 // of Water, m
	Density  float32 // of Water, kg/m³
}

// ErrField is a field id that is zero, taken or unknown; test with errors.Is.
var ErrField = errors.New("field id is zero, unknown or taken")

// fields are in id order.
type fields struct {
	fields []field
	pulls  []pull // of each mover in this step
}

// field is a Field made ready.
type field struct {
	Field
	turn det.Mat
}

func (f *Field) check() error {
	if f.ID == 0 {
		return ErrField
	}
	if f.Kind < Water || f.Kind > Gravity {
		return fmt.Errorf("%w: field of kind %d", ErrKind, f.Kind)
	}
	if k := f.Shape.Kind; k != Sphere && k != Box {
		return fmt.Errorf("%w: field of shape %d", ErrKind, k)
	}
	if err := f.Shape.check(true); err != nil {
		return err
	}
	if !within(det.Vec(f.Pos), 2*MaxCoord) {
		return fmt.Errorf("%w: field at %g,%g,%g", ErrValue, f.Pos.X, f.Pos.Y, f.Pos.Z)
	}
	if err := checkRot(&f.Rot); err != nil {
		return err
	}
	most, strong := float32(MaxAcceleration), float32(MaxAcceleration)
	if f.Kind == Water || f.Kind == Drag {
		most, strong = MaxSpeed, MaxDrag
		if !(f.Strength >= 0) {
			return fmt.Errorf("%w: drag %g", ErrValue, f.Strength)
		}
	}
	if !f.Vec.Finite() || !(f.Vec.Len() <= most) || !(det.Abs(f.Strength) <= strong) {
		return fmt.Errorf("%w: field of %g,%g,%g and %g", ErrValue, f.Vec.X, f.Vec.Y, f.Vec.Z, f.Strength)
	}
	if f.Kind != Water {
		f.Level, f.Density = 0, 0
	} else if !(det.Abs(f.Level) <= 2*MaxCoord) || !(f.Density > 0 && f.Density <= MaxDensity) {
		return fmt.Errorf("%w: water of %g kg/m³ up to %g", ErrValue, f.Density, f.Level)
	}
	return nil
}

func (g *fields) find(id FieldID) (int, bool) {
	return slices.BinarySearchFunc(g.fields, id, func(f field, id FieldID) int { return cmp.Compare(f.ID, id) })
}

// fieldCommand carries out CmdField and CmdUnfield.
func (w *World) fieldCommand(c *Command) error {
	if c.Field == nil {
		return fmt.Errorf("%w: command %d without a field", ErrValue, c.Kind)
	}
	i, ok := w.fields.find(c.Field.ID)
	if c.Kind == CmdUnfield {
		if !ok {
			return ErrField
		}
		w.wakeIn(&w.fields.fields[i])
		w.fields.fields = slices.Delete(w.fields.fields, i, i+1)
		return nil
	}
	f := field{Field: *c.Field}
	if err := f.check(); err != nil {
		return err
	}
	if ok {
		return ErrField
	}
	if len(w.fields.fields) >= MaxFields {
		return ErrFull
	}
	f.turn = det.Quat(f.Rot).Matrix()
	w.fields.fields = slices.Insert(w.fields.fields, i, f)
	w.wakeIn(&w.fields.fields[i])
	return nil
}

// wakeIn wakes what a field that comes or goes acts on.
func (w *World) wakeIn(f *field) {
	for i := range w.solids {
		if s := &w.solids[i]; !s.fixed() && f.holds(s) {
			w.wake(s)
		}
	}
}

// Fields calls f with every field in id order until it returns false.
func (w *World) Fields(f func(Field) bool) {
	for i := range w.fields.fields {
		if !f(w.fields.fields[i].Field) {
			return
		}
	}
}

const fieldBytes = 8 + 1 + 1 + 12 + 12 + 16 + 12 + 12 + 4 + 4 + 4

func (w *World) appendFields(e *base.Encoder) {
	e.U32(uint32(len(w.fields.fields)))
	for i := range w.fields.fields {
		w.fields.fields[i].AppendTo(e)
	}
}

// AppendTo writes f as in a snapshot: 90 bytes.
func (f *Field) AppendTo(e *base.Encoder) {
	e.U64(uint64(f.ID))
	e.U8(uint8(f.Kind))
	e.U8(uint8(f.Shape.Kind))
	f.Shape.Half.AppendTo(e)
	f.Pos.AppendTo(e)
	f.Rot.AppendTo(e)
	e.U32(f.Filter.Category)
	e.U32(f.Filter.Mask)
	e.U32(uint32(f.Filter.Group))
	f.Vec.AppendTo(e)
	e.F32(f.Strength)
	e.F32(f.Level)
	e.F32(f.Density)
}

// ReadField reads what AppendTo wrote. The command that adds it checks it.
func ReadField(d *base.Decoder) (f Field) {
	f.ID, f.Kind = FieldID(d.U64()), FieldKind(d.U8())
	f.Shape = Shape{Kind: ShapeKind(d.U8()), Half: spatial.ReadVec(d)}
	f.Pos, f.Rot = spatial.ReadVec(d), spatial.ReadQuat(d)
	f.Filter = Filter{d.U32(), d.U32(), int32(d.U32())}
	f.Vec, f.Strength, f.Level, f.Density = spatial.ReadVec(d), d.F32(), d.F32(), d.F32()
	return f
}

func (w *World) readFields(d *base.Decoder) {
	n := d.Count(MaxFields, fieldBytes)
	for i := 0; i < n && d.Err() == nil; i++ {
		f := field{Field: ReadField(d)}
		if d.Err() != nil {
			return
		}
		if err := f.check(); err != nil {
			d.Fail(err)
		}
		if i > 0 && w.fields.fields[i-1].ID >= f.ID {
			d.Fail(fmt.Errorf("%w: fields out of order", ErrCanonical))
		}
		f.turn = det.Quat(f.Rot).Matrix()
		w.fields.fields = append(w.fields.fields, f)
	}
}

package physics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// GeometryID names the geometry of a Shape: see package shape.
type GeometryID = shape.GeometryID

// ErrGeometry is a body whose geometry the world does not have, or is of
// another kind than its shape; test with errors.Is.
var ErrGeometry = errors.New("geometry is unknown, of another kind, or may only be static")

// geometries are the geometries that bodies refer to, in id order.
type geometries struct {
	shapes []geometryUse
	bytes  int // of all together
}

type geometryUse struct {
	*shape.Geometry
	bodies int
}

func (g *geometries) find(id GeometryID) (int, bool) {
	return slices.BinarySearchFunc(g.shapes, id, func(u geometryUse, id GeometryID) int { return cmp.Compare(u.ID(), id) })
}

// Geometry is the geometry of that id, while a body refers to it.
func (w *World) Geometry(id GeometryID) (*shape.Geometry, bool) {
	i, ok := w.geometries.find(id)
	if !ok {
		return nil, false
	}
	return w.geometries.shapes[i].Geometry, true
}

// Geometries is how many geometries bodies refer to, and their bytes: see
// MaxGeometries and MaxGeometryBytes.
func (w *World) Geometries() (n, bytes int) {
	return len(w.geometries.shapes), w.geometries.bytes
}

// addGeometry is CmdGeometry. One that is there already is no error: two bodies
// of one shape arrive in any order.
func (g *geometries) addGeometry(s *shape.Geometry) error {
	if s == nil {
		return ErrGeometry
	}
	i, ok := g.find(s.ID())
	if ok {
		if !slices.Equal(g.shapes[i].Bytes(), s.Bytes()) {
			return fmt.Errorf("%w: other bytes have that id", ErrGeometry)
		}
		return nil
	}
	if len(g.shapes) >= MaxGeometries || g.bytes+len(s.Bytes()) > MaxGeometryBytes {
		return ErrFull
	}
	g.shapes = slices.Insert(g.shapes, i, geometryUse{s, 0})
	g.bytes += len(s.Bytes())
	return nil
}

// form is what s stands for; use counts the bodies of its geometry, nil when it
// has none.
func (g *geometries) form(s Shape) (f shape.Shape, use *int, err error) {
	f = shape.Shape{Kind: s.Kind, Half: det.Vec(s.Half)}
	if !s.Kind.Composed() {
		return f, nil, nil
	}
	i, ok := g.find(s.Geometry)
	if !ok || g.shapes[i].Kind() != s.Kind {
		return f, nil, ErrGeometry
	}
	f.Geometry = g.shapes[i].Geometry
	return f, &g.shapes[i].bodies, nil
}

// fit gives s the form that its Shape asks for and counts the use of a
// geometry.
func (g *geometries) fit(s *solid) error {
	f, use, err := g.form(s.Shape)
	if err != nil {
		return err
	}
	s.form = f
	if use != nil {
		*use++
	}
	return nil
}

// unfit ends the use of a geometry by a body that goes.
func (g *geometries) unfit(s *solid) {
	if s.form.Geometry == nil {
		return
	}
	i, _ := g.find(s.Shape.Geometry)
	g.shapes[i].bodies--
}

// dropUnused forgets the geometries that no body refers to, after the commands
// of a step.
func (g *geometries) dropUnused() {
	g.shapes = slices.DeleteFunc(g.shapes, func(u geometryUse) bool {
		if u.bodies > 0 {
			return false
		}
		g.bytes -= len(u.Bytes())
		return true
	})
}

func (w *World) appendGeometries(e *base.Encoder) {
	e.U32(uint32(len(w.geometries.shapes)))
	for _, u := range w.geometries.shapes {
		e.Bytes(u.Bytes())
	}
}

// digestGeometries stands for appendGeometries in the state hash: the ids name
// the bytes.
func (w *World) digestGeometries(e *base.Encoder) {
	e.U32(uint32(len(w.geometries.shapes)))
	for _, u := range w.geometries.shapes {
		e.U64(uint64(u.ID()))
	}
}

func (w *World) readGeometries(d *base.Decoder) {
	g := &w.geometries
	n := d.Count(MaxGeometries, 4)
	for i := 0; i < n && d.Err() == nil; i++ {
		s, err := shape.Parse(d.Bytes(min(shape.MaxGeometryBytes, MaxGeometryBytes-g.bytes)))
		if err != nil {
			d.Fail(err)
			return
		}
		if i > 0 && g.shapes[i-1].ID() >= s.ID() {
			d.Fail(fmt.Errorf("%w: geometries out of order", ErrCanonical))
		}
		g.shapes = append(g.shapes, geometryUse{s, 0})
		g.bytes += len(s.Bytes())
	}
}

// checkGeometries fails d when a geometry has no body, which no step leaves.
func (w *World) checkGeometries(d *base.Decoder) {
	for _, u := range w.geometries.shapes {
		if u.bodies == 0 {
			d.Fail(fmt.Errorf("%w: geometry %x has no body", ErrCanonical, u.ID()))
		}
	}
}

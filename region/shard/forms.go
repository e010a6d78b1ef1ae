package shard

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
)

// form is a geometry that is kept though perhaps no body here has it: it came
// from a neighbour, or one that was given a body with it may still ask for it.
type form struct {
	*shape.Geometry
	From base.ID   // against whose quota it counts; zero: nobody's
	Used base.Tick // last tick in which something needed it
}

func (s *Shard) formAt(id shape.GeometryID) (int, bool) {
	return slices.BinarySearchFunc(s.forms, id, func(f form, id shape.GeometryID) int { return cmp.Compare(f.ID(), id) })
}

// geometry is one that bodies here can have: physics knows it, or it is kept.
func (s *Shard) geometry(id shape.GeometryID) (*shape.Geometry, bool) {
	if g, ok := s.world.Geometry(id); ok {
		return g, true
	}
	if i, ok := s.formAt(id); ok {
		return s.forms[i].Geometry, true
	}
	return nil, false
}

// formed reports whether what a body is made of is here.
func (s *Shard) formed(p *physics.Body) bool {
	if !p.Shape.Kind.Composed() {
		return true
	}
	g, ok := s.geometry(p.Shape.Geometry)
	return ok && g.Kind() == p.Shape.Kind
}

// mistaken reports whether a body says that a geometry is what it is not.
func (s *Shard) mistaken(p *physics.Body) bool {
	if !p.Shape.Kind.Composed() {
		return false
	}
	g, ok := s.geometry(p.Shape.Geometry)
	return p.Shape.Geometry == 0 || ok && g.Kind() != p.Shape.Kind
}

// introduce makes physics know the geometry of a body that is about to be
// added.
func (s *Shard) introduce(p *physics.Body) {
	if !p.Shape.Kind.Composed() {
		return
	}
	if _, ok := s.world.Geometry(p.Shape.Geometry); ok {
		return
	}
	if i, ok := s.formAt(p.Shape.Geometry); ok {
		s.forms[i].Used = s.tick
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdGeometry, Geometry: s.forms[i].Geometry})
	}
}

// accommodates reports whether physics has room for the geometry of a body.
func (s *Shard) accommodates(p *physics.Body) bool {
	if !p.Shape.Kind.Composed() {
		return true
	}
	if _, ok := s.world.Geometry(p.Shape.Geometry); ok {
		return true
	}
	i, ok := s.formAt(p.Shape.Geometry)
	if !ok {
		return false
	}
	n, bytes := s.world.Geometries()
	n, bytes = n+1, bytes+len(s.forms[i].Bytes())
	for k := range s.cmds {
		if g := s.cmds[k].Geometry; g != nil {
			n, bytes = n+1, bytes+len(g.Bytes())
		}
	}
	return n <= physics.MaxGeometries && bytes <= physics.MaxGeometryBytes
}

// keep holds on to the geometry of a body that goes: who gets it may ask.
func (s *Shard) keep(p *physics.Body) {
	if !p.Shape.Kind.Composed() {
		return
	}
	g, ok := s.world.Geometry(p.Shape.Geometry)
	i, kept := s.formAt(p.Shape.Geometry)
	switch {
	case kept:
		s.forms[i].Used = s.tick
	case ok:
		s.forms = slices.Insert(s.forms, i, form{Geometry: g, Used: s.tick})
	}
}

// own: the main sim has this geometry too, so no neighbour answers for it.
func (s *Shard) own(g *shape.Geometry) {
	if g == nil {
		return
	}
	if i, ok := s.formAt(g.ID()); ok {
		s.forms[i].From = base.ID{}
	}
}

// shed forgets the geometries that nothing has needed for a while. What
// physics has, open transfers need or ghosts wait for is needed.
func (s *Shard) shed() {
	if len(s.forms) == 0 {
		return
	}
	need := func(id uint64) {
		if i, ok := s.formAt(shape.GeometryID(id)); ok {
			s.forms[i].Used = s.tick
		}
	}
	s.hand.EachNeed(need)
	for _, l := range s.links {
		for i := range l.awaits {
			need(uint64(l.awaits[i].Shape))
		}
	}
	s.forms = slices.DeleteFunc(s.forms, func(f form) bool {
		_, used := s.world.Geometry(f.ID())
		return !used && s.tick > f.Used+s.span(formKeep)
	})
	for i := range s.forms {
		if _, used := s.world.Geometry(s.forms[i].ID()); used {
			s.forms[i].Used = s.tick
		}
	}
}

// charged is how many geometries count against a neighbour, with those on
// their way, and their bytes. zero: against all of them.
func (s *Shard) charged(to base.ID) (n, bytes int) {
	for i := range s.forms {
		if f := &s.forms[i]; f.From == to || to.IsZero() && !f.From.IsZero() {
			n, bytes = n+1, bytes+len(f.Bytes())
		}
	}
	for _, l := range s.links {
		for i := range l.fetches {
			if f := &l.fetches[i]; f.Size > 0 && (to.IsZero() || l.ID == to) {
				n, bytes = n+1, bytes+int(f.Size)
			}
		}
	}
	return n, bytes
}

// room reports whether a neighbour may still send a geometry of that size.
func (s *Shard) room(l *link, size uint32) bool {
	n, bytes := s.charged(l.ID)
	all, allBytes := s.charged(base.ID{})
	return n < maxForms && bytes+int(size) <= maxFormBytes && all < maxAllForms && allBytes+int(size) <= maxAllFormBytes
}

// passable reports whether canonical bytes are of a geometry that crosses
// borders: a mesh costs time to build for each of its triangles, and in every
// step for those that lie in one place.
func passable(b []byte) bool {
	if len(b) == 0 || len(b) > shape.MaxGeometryBytes {
		return false
	}
	if shape.Kind(b[0]) != shape.Mesh {
		return true
	}
	if len(b) < 9 {
		return false
	}
	at := 5 + 12*uint64(binary.LittleEndian.Uint32(b[1:]))
	return at+4 <= uint64(len(b)) && binary.LittleEndian.Uint32(b[at:]) <= maxFormTriangles
}

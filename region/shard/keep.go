package shard

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
)

// Snapshots of geometries: of what is kept, and of what is on its way.

// appendTo writes the bytes only of what the world's snapshot does not hold.
func (f *form) appendTo(e *base.Encoder, w *physics.World) {
	e.U64(uint64(f.ID()))
	e.ID(f.From)
	e.U64(uint64(f.Used))
	if _, ok := w.Geometry(f.ID()); ok {
		e.Bytes(nil)
	} else {
		e.Bytes(f.Bytes())
	}
}

// appendDigest names the bytes by their sum, wherever they are.
func (f *form) appendDigest(e *base.Encoder) {
	sum := f.Sum()
	e.Raw(sum[:])
	e.ID(f.From)
	e.U64(uint64(f.Used))
}

// kept is a form as it was read, before the world is.
type kept struct {
	id    shape.GeometryID
	bytes []byte
}

func readForms(d *base.Decoder) (list []form, ids []kept) {
	for range d.Count(maxKept, 36) {
		k := kept{id: shape.GeometryID(d.U64())}
		f := form{From: d.ID(), Used: base.Tick(d.U64())}
		k.bytes = d.Bytes(shape.MaxGeometryBytes)
		list, ids = append(list, f), append(ids, k)
	}
	return list, ids
}

// complete gives the forms that were read their geometries.
func (s *Shard) complete(ids []kept) error {
	for i := range s.forms {
		k := &ids[i]
		g, ok := s.world.Geometry(k.id)
		if !ok {
			var err error
			if g, err = shape.Parse(k.bytes); err != nil {
				return err
			}
		}
		if g.ID() != k.id || i > 0 && ids[i-1].id >= k.id {
			return fmt.Errorf("geometry %x of %d", uint64(k.id), i)
		}
		s.forms[i].Geometry = g
	}
	return nil
}

func (l *link) appendShapes(e *base.Encoder, pieces func(*fetch)) {
	e.U32(uint32(len(l.awaits)))
	for _, a := range l.awaits {
		putUint(e, a.Handle)
		e.U64(uint64(a.Shape))
		e.U64(uint64(a.Again))
	}
	e.U8(uint8(len(l.fetches)))
	for i := range l.fetches {
		f := &l.fetches[i]
		e.U64(uint64(f.ID))
		e.U32(f.Size)
		e.U64(uint64(f.Until))
		if f.Size == 0 {
			continue
		}
		e.U32(f.missing())
		pieces(f)
	}
	e.U64(uint64(l.askAt))
	e.U8(l.askTries)
	e.U8(l.parses)
	e.Bool(len(l.owes) > 0)
	if len(l.owes) > 0 {
		appendAsks(e, l.owes)
	}
}

func (l *link) readShapes(d *base.Decoder) {
	for range d.Count(MaxGhosts, 17) {
		l.awaits = append(l.awaits, await{readUint(d), shape.GeometryID(d.U64()), base.Tick(d.U64())})
	}
	n := d.U8()
	if d.Err() == nil && n > maxFetches {
		d.Fail(base.ErrBound)
	}
	for range n {
		if d.Err() != nil {
			return
		}
		l.fetches = append(l.fetches, readFetch(d))
	}
	l.askAt, l.askTries, l.parses = base.Tick(d.U64()), d.U8(), d.U8()
	if d.Err() == nil && (l.askTries > 4 || l.parses > maxParses) {
		d.Fail(base.ErrBound)
	}
	if d.Bool() {
		l.owes = readAsks(d)
	}
}

func readFetch(d *base.Decoder) fetch {
	f := fetch{ID: shape.GeometryID(d.U64()), Size: d.U32(), Until: base.Tick(d.U64())}
	if d.Err() == nil && f.Size > shape.MaxGeometryBytes {
		d.Fail(base.ErrBound)
	}
	if d.Err() != nil || f.Size == 0 {
		return f
	}
	missing := d.U32()
	f.begin(f.Size)
	for i := range f.Pieces {
		if missing>>i&1 == 0 {
			f.put(i, append([]byte{}, d.Raw(min(pieceBytes, int(f.Size)-i*pieceBytes))...))
		}
	}
	return f
}

package shard

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
)

// ask says which pieces of a geometry are missing.
type ask struct {
	ID      shape.GeometryID
	Missing uint32 // bit i is piece i; all of them while the size is not known
}

// piece is a part of the canonical bytes of a geometry: pieceBytes of them,
// fewer in the last.
type piece struct {
	ID   shape.GeometryID
	Size uint32 // of the whole; 0: it is not to be had
	N    uint8
	Data []byte
}

// pieces is in how many parts a geometry of that size goes.
func pieces(size uint32) int { return int((size + pieceBytes - 1) / pieceBytes) }

func appendAsks(e *base.Encoder, list []ask) {
	e.U8(uint8(len(list)))
	for _, a := range list {
		e.U64(uint64(a.ID))
		e.U32(a.Missing)
	}
}

func readAsks(d *base.Decoder) (list []ask) {
	n := int(d.U8())
	if d.Err() == nil && (n == 0 || n > maxFetches || d.Len() < 12*n) {
		d.Fail(fmt.Errorf("%d geometries asked for", n))
	}
	for range n {
		if d.Err() != nil {
			return nil
		}
		a := ask{shape.GeometryID(d.U64()), d.U32()}
		if a.ID == 0 || a.Missing == 0 || len(list) > 0 && list[len(list)-1].ID >= a.ID {
			d.Fail(fmt.Errorf("geometry %x asked for", uint64(a.ID)))
		}
		list = append(list, a)
	}
	return list
}

func (p *piece) appendTo(e *base.Encoder) {
	e.U64(uint64(p.ID))
	e.U32(p.Size)
	if p.Size > 0 {
		e.U8(p.N)
		e.Raw(p.Data)
	}
}

func readPiece(d *base.Decoder) (p piece) {
	p.ID, p.Size = shape.GeometryID(d.U64()), d.U32()
	if d.Err() == nil && (p.ID == 0 || p.Size > shape.MaxGeometryBytes) {
		d.Fail(fmt.Errorf("geometry %x of %d bytes", uint64(p.ID), p.Size))
	}
	if d.Err() != nil || p.Size == 0 {
		return p
	}
	if p.N = d.U8(); d.Err() == nil && int(p.N) >= pieces(p.Size) {
		d.Fail(fmt.Errorf("piece %d of %d bytes", p.N, p.Size))
	}
	if d.Err() != nil {
		return p
	}
	p.Data = append([]byte(nil), d.Raw(min(pieceBytes, int(p.Size)-int(p.N)*pieceBytes))...)
	return p
}

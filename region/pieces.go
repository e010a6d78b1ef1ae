package region

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// MaxPiece bounds a piece of a snapshot, in bytes. Larger ones cost more when a
// thing in them changes, smaller ones more names.
const MaxPiece = 128 << 10

// Piece is a run of a snapshot's bytes: all pieces in their order are the
// snapshot. Its bytes are made when they are asked for.
type Piece struct {
	Sum  [32]byte // SHA-256 of its bytes
	Size int

	raw    []byte
	things []*Thing
}

// AppendTo appends the bytes of the piece.
func (p *Piece) AppendTo(b []byte) []byte {
	e := base.Encoder{B: append(b, p.raw...)}
	for _, t := range p.things {
		t.appendHere(&e)
	}
	return e.B
}

// Cutter cuts states into pieces. Where it cuts follows from the state alone, so
// all servers of a region have the same pieces, and a thing that changes changes
// one of them. It remembers the last state: what did not change since is not
// encoded again. One goroutine at a time may use it.
type Cutter struct {
	things []*Thing // of the last state, sorted by id
	sizes  []int
	pieces map[base.ID]Piece // of things in it, by the first

	e base.Encoder
}

// Cut gives the pieces of a state.
func (c *Cutter) Cut(x *Still) []Piece {
	list := chop(nil, x.head)
	c.measure(x.things)
	old := c.pieces
	c.pieces = make(map[base.ID]Piece, len(old))
	c.cut(0, len(x.things), 0, func(lo, hi int) {
		things := x.things[lo:hi]
		p := old[things[0].ID]
		if !slices.Equal(p.things, things) {
			p = Piece{things: things}
			c.e.B = p.AppendTo(c.e.B[:0])
			p.Sum, p.Size = sha256.Sum256(c.e.B), len(c.e.B)
		}
		p.things = things // so that no older state stays in memory
		c.pieces[things[0].ID] = p
		list = append(list, p)
	})
	return chop(chop(list, x.rest), x.physics)
}

// measure finds how long the things are; those of the last state are known.
func (c *Cutter) measure(things []*Thing) {
	sizes := make([]int, len(things))
	k := 0
	for i, t := range things {
		for k < len(c.things) && c.things[k].ID.Compare(t.ID) < 0 {
			k++
		}
		if k < len(c.things) && c.things[k] == t {
			sizes[i] = c.sizes[k]
			continue
		}
		c.e.B = c.e.B[:0]
		t.appendHere(&c.e)
		sizes[i] = len(c.e.B)
	}
	c.things, c.sizes = things, sizes
}

// cut halves the things [lo, hi), whose ids have depth bits in common, by the
// next bit until what is left fits a piece.
func (c *Cutter) cut(lo, hi, depth int, piece func(lo, hi int)) {
	if lo == hi {
		return
	}
	size := 0
	for _, n := range c.sizes[lo:hi] {
		if size += n; size > MaxPiece {
			break
		}
	}
	if size <= MaxPiece || hi-lo == 1 {
		piece(lo, hi)
		return
	}
	mid := lo + (hi-lo)/2 // ids that begin alike, which nobody can make by chance
	if depth < 64 {
		bit := uint64(1) << (63 - depth)
		mid, _ = slices.BinarySearchFunc(c.things[lo:hi], bit, func(t *Thing, bit uint64) int {
			if binary.BigEndian.Uint64(t.ID[:])&bit == 0 {
				return -1
			}
			return 1
		})
		mid += lo
	}
	c.cut(lo, mid, depth+1, piece)
	c.cut(mid, hi, depth+1, piece)
}

func chop(list []Piece, b []byte) []Piece {
	for run := range slices.Chunk(b, MaxPiece) {
		list = append(list, Piece{Sum: sha256.Sum256(run), Size: len(run), raw: run})
	}
	return list
}

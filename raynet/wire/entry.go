package wire

import (
	"math/bits"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// AgeUnit is the resolution of a record's age on the wire, in nanoseconds.
const AgeUnit = 100_000_000

// Age is the time since a record was signed, as far as its bearer can tell,
// in tenths of a second; it saturates. It needs no common clock: each bearer
// adds the time it held the record.
type Age uint16

// AgeOf rounds nanoseconds up, so that passing a record on never makes it
// younger.
func AgeOf(ns int64) Age {
	switch n := (ns + AgeUnit - 1) / AgeUnit; {
	case n <= 0:
		return 0
	case n >= 0xffff:
		return 0xffff
	default:
		return Age(n)
	}
}

// Ns gives nanoseconds.
func (a Age) Ns() int64 { return int64(a) * AgeUnit }

// Entry is a full descriptor: a record, its age and, when Addr is not empty,
// the address record whose digest the record signs. Layout: record 154, age
// u16, length u16, address.
type Entry struct {
	Record *Record // shared and never changed
	Age    Age
	Addr   []byte // opaque here; at most MaxAddr bytes
}

func (x *Entry) appendTo(e *base.Encoder) {
	e.B = x.Record.AppendTo(e.B)
	e.U16(uint16(x.Age))
	e.U16(uint16(len(x.Addr)))
	e.Raw(x.Addr)
}

func (x *Entry) size() int { return RecordSize + 4 + len(x.Addr) }

func sizeEntries(xs []Entry) int {
	n := 1
	for i := range xs {
		n += xs[i].size()
	}
	return n
}

func readEntry(d *base.Decoder) (x Entry) {
	r := readRecord(d)
	x.Record = &r
	x.Age = Age(d.U16())
	x.Addr = readBytes(d, MaxAddr)
	return x
}

// AppendEntry writes one entry outside a message, for a cache of peers.
func AppendEntry(b []byte, x Entry) []byte {
	e := base.Encoder{B: b}
	x.appendTo(&e)
	return e.B
}

// ParseEntry reads what AppendEntry wrote, exactly.
func ParseEntry(b []byte) (Entry, error) {
	d := base.NewDecoder(b)
	x := readEntry(d)
	return x, d.Done()
}

// Hint speaks of a record without carrying it: enough for the receiver to see
// whether it wants the record. Nothing in it is signed. Layout, 30 bytes: id
// 8, epoch u32, seq u32, position 3 x i32 in units of 1/1024 m, kind u8, age
// u8 in seconds.
type Hint struct {
	ID    ShortID
	Stamp Stamp
	Pos   spatial.Pos
	Kind  Kind
	AgeS  uint8
}

func (h *Hint) appendTo(e *base.Encoder) {
	appendID(e, h.ID)
	e.U32(h.Stamp.Epoch)
	e.U32(h.Stamp.Seq)
	// MaxCoord is 2^30, so every coordinate of a valid position fits.
	e.I32(int32(h.Pos.X))
	e.I32(int32(h.Pos.Y))
	e.I32(int32(h.Pos.Z))
	e.U8(uint8(h.Kind))
	e.U8(h.AgeS)
}

func readHint(d *base.Decoder) (h Hint) {
	h.ID = readID(d)
	h.Stamp = Stamp{d.U32(), d.U32()}
	h.Pos = spatial.Pos{X: int64(d.I32()), Y: int64(d.I32()), Z: int64(d.I32())}
	h.Kind = Kind(d.U8())
	h.AgeS = d.U8()
	if d.Err() == nil && (!h.Pos.Valid() || !h.Kind.Valid()) {
		d.Fail(ErrField)
	}
	return h
}

// count reads a one-byte count of at most limit entries of at least min
// bytes, and fails before the caller allocates for more than can follow.
func count(d *base.Decoder, limit, min int) int {
	n := int(d.U8())
	if d.Err() == nil && (n > limit || n*min > d.Len()) {
		d.Fail(base.ErrBound)
	}
	if d.Err() != nil {
		return 0
	}
	return n
}

func readBytes(d *base.Decoder, limit int) []byte {
	n := int(d.U16())
	if d.Err() == nil && n > limit {
		d.Fail(base.ErrBound)
	}
	if d.Err() != nil || n == 0 {
		return nil
	}
	return append([]byte(nil), d.Raw(n)...)
}

func appendEntries(e *base.Encoder, xs []Entry) {
	e.U8(uint8(len(xs)))
	for i := range xs {
		xs[i].appendTo(e)
	}
}

func readEntries(d *base.Decoder, limit int) []Entry {
	n := count(d, limit, RecordSize+4)
	if n == 0 {
		return nil
	}
	xs := make([]Entry, n)
	for i := range xs {
		xs[i] = readEntry(d)
	}
	return xs
}

func appendHints(e *base.Encoder, hs []Hint) {
	e.U8(uint8(len(hs)))
	for i := range hs {
		hs[i].appendTo(e)
	}
}

func readHints(d *base.Decoder) []Hint {
	n := count(d, MaxHints, HintSize)
	if n == 0 {
		return nil
	}
	hs := make([]Hint, n)
	for i := range hs {
		hs[i] = readHint(d)
	}
	return hs
}

// appendID writes the first bytes of the key in their order.
func appendID(e *base.Encoder, id ShortID) { e.U64(bits.ReverseBytes64(uint64(id))) }

func readID(d *base.Decoder) ShortID { return ShortID(bits.ReverseBytes64(d.U64())) }

func appendIDs(e *base.Encoder, ids []ShortID) {
	e.U8(uint8(len(ids)))
	for _, id := range ids {
		appendID(e, id)
	}
}

func readIDs(d *base.Decoder, limit int) []ShortID {
	n := count(d, limit, 8)
	if n == 0 {
		return nil
	}
	ids := make([]ShortID, n)
	for i := range ids {
		ids[i] = readID(d)
	}
	return ids
}

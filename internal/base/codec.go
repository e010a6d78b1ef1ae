package base

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrTruncated and ErrBound are what a Decoder reports: the bytes ended too
// early, or a length went past the bound its reader gave.
var (
	ErrTruncated = errors.New("truncated")
	ErrBound     = errors.New("length out of bounds")
	ErrTrailing  = errors.New("trailing bytes")
)

// Encoder appends the canonical encoding to B. The zero value is ready.
type Encoder struct{ B []byte }

func (e *Encoder) U8(v uint8)   { e.B = append(e.B, v) }
func (e *Encoder) U16(v uint16) { e.B = binary.LittleEndian.AppendUint16(e.B, v) }
func (e *Encoder) U32(v uint32) { e.B = binary.LittleEndian.AppendUint32(e.B, v) }
func (e *Encoder) U64(v uint64) { e.B = binary.LittleEndian.AppendUint64(e.B, v) }
func (e *Encoder) I64(v int64)  { e.U64(uint64(v)) }
func (e *Encoder) I32(v int32)  { e.U32(uint32(v)) }

// F32 stores the bits; a core must never hold a NaN, whose bits differ by CPU.
func (e *Encoder) F32(v float32) { e.U32(math.Float32bits(v)) }

func (e *Encoder) Bool(v bool) {
	if v {
		e.U8(1)
	} else {
		e.U8(0)
	}
}
func (e *Encoder) Raw(b []byte) { e.B = append(e.B, b...) }
func (e *Encoder) ID(id ID)     { e.B = append(e.B, id[:]...) }
func (e *Encoder) Key(k Key)    { e.B = append(e.B, k[:]...) }

// Bytes writes a u32 length and the bytes.
func (e *Encoder) Bytes(b []byte) {
	e.U32(uint32(len(b)))
	e.B = append(e.B, b...)
}

// Str writes a u32 length and the bytes of s.
func (e *Encoder) Str(s string) {
	e.U32(uint32(len(s)))
	e.B = append(e.B, s...)
}

// Decoder reads the canonical encoding. After the first failure every read
// gives zero and Err stays set, so a parser checks once, at the end.
type Decoder struct {
	b   []byte
	err error
}

func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

func (d *Decoder) Err() error { return d.err }

// Fail sets the error unless one is set already.
func (d *Decoder) Fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b = nil
}

// Done reports the first error, or ErrTrailing when bytes are left over:
// canonical encodings have exactly one form.
func (d *Decoder) Done() error {
	if d.err == nil && len(d.b) != 0 {
		d.err = fmt.Errorf("%w: %d", ErrTrailing, len(d.b))
	}
	return d.err
}

// Len is the number of unread bytes.
func (d *Decoder) Len() int { return len(d.b) }

func (d *Decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n < 0 || n > len(d.b) {
		d.Fail(ErrTruncated)
		return nil
	}
	p := d.b[:n:n]
	d.b = d.b[n:]
	return p
}

func (d *Decoder) U8() uint8 {
	if p := d.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *Decoder) U16() uint16 {
	if p := d.take(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (d *Decoder) U32() uint32 {
	if p := d.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (d *Decoder) U64() uint64 {
	if p := d.take(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (d *Decoder) I64() int64 { return int64(d.U64()) }
func (d *Decoder) I32() int32 { return int32(d.U32()) }

// ErrNotFinite: a float that is NaN or infinite came from outside.
var ErrNotFinite = errors.New("number is not finite")

// F32 refuses NaN and infinities: neither may enter a core.
func (d *Decoder) F32() float32 {
	v := math.Float32frombits(d.U32())
	if v != v || v > math.MaxFloat32 || v < -math.MaxFloat32 {
		d.Fail(ErrNotFinite)
		return 0
	}
	return v
}

// Bool accepts exactly 0 and 1.
func (d *Decoder) Bool() bool {
	switch d.U8() {
	case 0:
		return false
	case 1:
		return true
	}
	d.Fail(errors.New("boolean is neither 0 nor 1"))
	return false
}

func (d *Decoder) ID() (id ID) {
	copy(id[:], d.take(len(id)))
	return id
}

func (d *Decoder) Key() (k Key) {
	copy(k[:], d.take(len(k)))
	return k
}

// Raw reads n bytes, not copied.
func (d *Decoder) Raw(n int) []byte { return d.take(n) }

// Bytes reads a u32 length of at most limit and that many bytes, copied.
func (d *Decoder) Bytes(limit int) []byte {
	p := d.view(limit)
	if p == nil {
		return nil
	}
	return append([]byte{}, p...)
}

// Str reads a u32 length of at most limit and that many bytes.
func (d *Decoder) Str(limit int) string { return string(d.view(limit)) }

// Count reads a u32 that must be at most limit: the number of entries that
// follow, each at least min bytes long, so that no caller allocates for more
// entries than the remaining bytes can hold.
func (d *Decoder) Count(limit, min int) int {
	n := d.U32()
	if d.err == nil && (uint64(n) > uint64(limit) || (min > 0 && uint64(n)*uint64(min) > uint64(len(d.b)))) {
		d.Fail(fmt.Errorf("%w: %d entries, at most %d", ErrBound, n, limit))
		return 0
	}
	return int(n)
}

func (d *Decoder) view(limit int) []byte {
	n := d.U32()
	if d.err != nil {
		return nil
	}
	if uint64(n) > uint64(limit) {
		d.Fail(fmt.Errorf("%w: %d bytes, at most %d", ErrBound, n, limit))
		return nil
	}
	return d.take(int(n))
}

func putU64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }

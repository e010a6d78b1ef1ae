package admit

import "unicode/utf8"

// reader reads the binary format. After the first failure every read gives
// zero and err stays set; loops must look at ok.
type reader struct {
	b   []byte
	p   int
	err error
}

func (r *reader) ok() bool   { return r.err == nil }
func (r *reader) more() bool { return r.err == nil && r.p < len(r.b) }

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) u8() byte {
	if r.err != nil {
		return 0
	}
	if r.p >= len(r.b) {
		r.fail(malformed("ends too early"))
		return 0
	}
	c := r.b[r.p]
	r.p++
	return c
}

func (r *reader) take(n uint32) []byte {
	if r.err != nil {
		return nil
	}
	if uint64(n) > uint64(len(r.b)-r.p) {
		r.fail(malformed("ends too early"))
		return nil
	}
	s := r.b[r.p : r.p+int(n) : r.p+int(n)]
	r.p += int(n)
	return s
}

// u32 reads an unsigned LEB128 of at most 5 bytes; padding is allowed, because
// linkers emit it.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := uint(0); ; shift += 7 {
		c := r.u8()
		if shift == 28 && c > 0x0f {
			r.fail(malformed("integer too large"))
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

// signed reads a signed LEB128 of the given width: 32, 33 or 64 bits.
func (r *reader) signed(bits uint) int64 {
	var v int64
	for shift := uint(0); ; shift += 7 {
		c := r.u8()
		if shift+7 >= bits {
			// The last byte holds bits-shift bits; the rest repeats the sign.
			top := int8(c<<1) >> (bits - shift)
			if c >= 0x80 || (top != 0 && top != -1) {
				r.fail(malformed("integer too large"))
				return 0
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// count reads the length of a vector whose entries are at least one byte.
func (r *reader) count(what string, most uint32) uint32 {
	n := r.u32()
	if r.err == nil && n > most {
		r.fail(overLimit(what, uint64(n), uint64(most)))
	}
	if r.err == nil && uint64(n) > uint64(len(r.b)-r.p) {
		r.fail(malformed("%s: count past the end", what))
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *reader) name() string {
	n := r.u32()
	if r.err == nil && n > MaxName {
		r.fail(overLimit("name", uint64(n), MaxName))
	}
	s := r.take(n)
	if !utf8.Valid(s) {
		r.fail(malformed("name is not UTF-8"))
	}
	return string(s)
}

// valType reads a number type; vectors and references to host objects are not
// offered to guests.
func (r *reader) valType() ValType {
	t := ValType(r.u8())
	switch t {
	case I32, I64, F32, F64, FuncRef:
	case 0x7b:
		r.fail(forbidden("SIMD"))
	case 0x6f:
		r.fail(forbidden("externref"))
	case 0x69:
		r.fail(forbidden("exception handling"))
	case 0x63, 0x64:
		r.fail(forbidden("typed references"))
	default:
		r.fail(malformed("type %#x", byte(t)))
	}
	return t
}

func (r *reader) refType() {
	if t := r.valType(); t != FuncRef {
		r.fail(malformed("type %#x where a reference is wanted", byte(t)))
	}
}

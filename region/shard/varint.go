package shard

import (
	"encoding/binary"
	"errors"

	"github.com/metatopia/metatopia/internal/base"
)

var errVarint = errors.New("number is too long or not in its shortest form")

// putUint writes v seven bits at a time, the lowest first.
func putUint(e *base.Encoder, v uint64) { e.B = binary.AppendUvarint(e.B, v) }

// putInt writes v with its sign in the lowest bit.
func putInt(e *base.Encoder, v int64) { e.B = binary.AppendVarint(e.B, v) }

// readUint takes only the shortest form: one number has one encoding.
func readUint(d *base.Decoder) (v uint64) {
	for shift := 0; ; shift += 7 {
		b := d.U8()
		if d.Err() != nil {
			return 0
		}
		if shift == 63 && b > 1 || shift > 0 && b == 0 {
			d.Fail(errVarint)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

func readInt(d *base.Decoder) int64 {
	u := readUint(d)
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}

// readCount reads the number of entries that follow, each at least size bytes
// long, so that no more is allocated than was sent.
func readCount(d *base.Decoder, limit, size int) int {
	n := readUint(d)
	if d.Err() == nil && (n > uint64(limit) || n*uint64(size) > uint64(d.Len())) {
		d.Fail(base.ErrBound)
	}
	if d.Err() != nil {
		return 0
	}
	return int(n)
}

// readWithin reads a number of at most limit either way.
func readWithin(d *base.Decoder, limit int64) int64 {
	v := readInt(d)
	if d.Err() == nil && (v > limit || v < -limit) {
		d.Fail(base.ErrBound)
		return 0
	}
	return v
}

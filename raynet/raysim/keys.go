package raysim

import (
	"encoding/binary"

	"github.com/metatopia/metatopia/internal/base"
)

// keyOf is the key of a node: 28 bytes that look random and its number, so
// that numberOf needs no table. The bytes that decide the jitter of its point
// (8 to 13, each pair modulo 21 minus 10) are such that there is none: the
// oracle need not know of it.
func keyOf(i int32) (k base.Key) {
	h := hash(0x5eed, uint64(i), 0)
	binary.LittleEndian.PutUint64(k[0:], h)
	for b := 8; b < 14; b += 2 {
		k[b] = 10
	}
	binary.LittleEndian.PutUint64(k[14:], mix64(h+1))
	binary.LittleEndian.PutUint32(k[28:], uint32(i))
	return k
}

// numberOf is the number in a key of ours; false for any other key.
func numberOf(k base.Key) (int32, bool) {
	i := binary.LittleEndian.Uint32(k[28:])
	if i >= 1<<24 || binary.LittleEndian.Uint64(k[0:]) != hash(0x5eed, uint64(i), 0) {
		return -1, false
	}
	return int32(i), true
}

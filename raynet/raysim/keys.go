package raysim

import (
	"encoding/binary"

	"github.com/metatopia/metatopia/internal/base"
)

// keyOf is the key of a node. It looks random and carries the number, so that
// numberOf needs no table: the short id, its first 8 bytes, is the number put
// through a function that can be undone. The bytes that decide the jitter of
// the node's point (8 to 13, each pair modulo 21 minus 10) are such that there
// is none: the oracle need not know of it.
func keyOf(i int32) (k base.Key) {
	binary.LittleEndian.PutUint64(k[0:], mix64(uint64(i)+keyStart))
	for b := 8; b < 14; b += 2 {
		k[b] = 10
	}
	binary.LittleEndian.PutUint64(k[16:], mix64(uint64(i)))
	return k
}

const keyStart = 0x5eed5eed5eed5eed

// numberOf is the number in a key of ours; false for any other key.
func numberOf(k base.Key) (int32, bool) { return numberOfID(binary.LittleEndian.Uint64(k[0:])) }

// numberOfID is the same from the short id.
func numberOfID(id uint64) (int32, bool) {
	i := unmix64(id) - keyStart
	if i >= 1<<24 {
		return -1, false
	}
	return int32(i), true
}

// unmix64 undoes mix64: the inverse multipliers, and shifts that are undone by
// repeating them.
func unmix64(z uint64) uint64 {
	z = (z ^ z>>31 ^ z>>62) * 0x319642b2d24d8ec3
	z = (z ^ z>>27 ^ z>>54) * 0x96de1b173f119089
	return z ^ z>>30 ^ z>>60
}

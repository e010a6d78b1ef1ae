package physics

import (
	"encoding/binary"
	"math/bits"
)

// Hash is a 64-bit digest of the canonical state: equal states have equal
// hashes on every machine. It is for comparing replicas, not for security.
func (w *World) Hash() uint64 {
	w.buf = w.AppendSnapshot(w.buf[:0])
	return digest(w.buf)
}

// digest folds b in words of eight bytes, the last padded with zeros, and its
// length, and mixes the result with the finaliser of MurmurHash3 (Appleby
// 2011).
func digest(b []byte) uint64 {
	const odd1, odd2 = 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9
	h := uint64(len(b)) * odd1
	for len(b) > 0 {
		var word [8]byte
		b = b[copy(word[:], b):]
		h = bits.RotateLeft64(h^(binary.LittleEndian.Uint64(word[:])*odd1), 29) * odd2
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

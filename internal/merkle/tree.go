// Package merkle digests a table of many parts of which few change: a tree of
// hashes of a fixed shape, so that the root follows from what the parts are and
// not from how they came to be.
//
// The parts of a table lie in the order of a key of 64 bits; those with the same
// upper twelve bits are one leaf. A leaf's hash is SHA-256 over 0 and the bytes
// of its parts, that of an empty one is zero. A node's hash is SHA-256 over 1
// and the hashes of its 16 children, zero when all are. Of a leaf none or many
// parts may change: it is made anew as a whole.
package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/metatopia/metatopia/internal/base"
)

const (
	// Leaves of a tree.
	Leaves = 1 << leafBits

	leafBits = 12
	fan      = 16
	batch    = 32 // leaves that one call of a parallel function makes
)

// Hash is a SHA-256.
type Hash = [32]byte

// Leaf is the leaf of a part with that key.
func Leaf(key uint64) int { return int(key >> (64 - leafBits)) }

// Key is the key of a part with that name: its first eight bytes, so that the
// order of keys is that of the names.
func Key(name []byte) uint64 { return binary.BigEndian.Uint64(name) }

// Span are the least and the greatest key of a leaf.
func Span(leaf int) (first, last uint64) {
	first = uint64(leaf) << (64 - leafBits)
	return first, first + 1<<(64-leafBits) - 1
}

// Tree is the digest of one table. The zero Tree is that of a table of which
// nothing is known: all leaves are marked.
type Tree struct {
	marked [Leaves / 64]uint64
	made   bool
	leaf   [Leaves]Hash
	second [Leaves / fan]Hash
	third  [Leaves / fan / fan]Hash
	root   Hash

	todo    []uint16
	scratch []base.Encoder
}

// Mark says that a leaf is not what it was.
func (t *Tree) Mark(leaf int) { t.marked[leaf>>6] |= 1 << (leaf & 63) }

// Root makes the marked leaves anew and gives the hash of the whole. write
// appends the parts of a leaf, each in one form, in their order; it is called
// through parallel, which calls its function once for each i in [0, n), several
// at a time if it likes, and returns when all have returned.
func (t *Tree) Root(parallel func(n int, f func(i int)), write func(leaf int, e *base.Encoder)) Hash {
	if !t.made {
		t.made = true
		for i := range t.marked {
			t.marked[i] = ^uint64(0)
		}
	}
	t.todo = t.todo[:0]
	for i, m := range t.marked {
		for ; m != 0; m &= m - 1 {
			t.todo = append(t.todo, uint16(i<<6|bits.TrailingZeros64(m)))
		}
		t.marked[i] = 0
	}
	if len(t.todo) == 0 {
		return t.root
	}
	n := (len(t.todo) + batch - 1) / batch
	for len(t.scratch) < n {
		t.scratch = append(t.scratch, base.Encoder{})
	}
	parallel(n, func(i int) {
		e := &t.scratch[i]
		for _, leaf := range t.todo[i*batch : min((i+1)*batch, len(t.todo))] {
			e.B = append(e.B[:0], 0)
			write(int(leaf), e)
			t.leaf[leaf] = Hash{}
			if len(e.B) > 1 {
				t.leaf[leaf] = sha256.Sum256(e.B)
			}
		}
	})
	var up, top [Leaves / fan]bool
	for _, leaf := range t.todo {
		up[leaf/fan] = true
	}
	for i := range t.second {
		if up[i] {
			t.second[i] = node(t.leaf[i*fan : (i+1)*fan])
			top[i/fan] = true
		}
	}
	for i := range t.third {
		if top[i] {
			t.third[i] = node(t.second[i*fan : (i+1)*fan])
		}
	}
	t.root = node(t.third[:])
	return t.root
}

func node(children []Hash) Hash {
	var b [1 + fan*32]byte
	b[0] = 1
	none := true
	for i := range children {
		none = none && children[i] == Hash{}
		copy(b[1+i*32:], children[i][:])
	}
	if none {
		return Hash{}
	}
	return sha256.Sum256(b[:])
}

package presence

import (
	"math/bits"

	"github.com/metatopia/metatopia/presence/wire"
)

// index finds the place of a short id: open addressing with linear probing,
// at most half full. A Go map would do, but a crowd of nodes in one process
// pays for its memory and its cache misses at every pose. The seed keeps
// others from choosing ids that fall into one cell.
type index struct {
	cells []cell
	used  int
	seed  uint64
}

type cell struct {
	id wire.ShortID
	at int32 // 0 is an empty cell, else the place plus one
}

// mix is the finaliser of splitmix64 (Steele and others 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func (x *index) home(id wire.ShortID) int {
	return int((uint64(id) ^ x.seed) * 0x9e3779b97f4a7c15 >> (64 - bits.TrailingZeros(uint(len(x.cells)))))
}

// get gives the place of id, or -1.
func (x *index) get(id wire.ShortID) int {
	if x.used == 0 {
		return -1
	}
	mask := len(x.cells) - 1
	for i := x.home(id); x.cells[i].at != 0; i = (i + 1) & mask {
		if x.cells[i].id == id {
			return int(x.cells[i].at) - 1
		}
	}
	return -1
}

// put sets the place of id.
func (x *index) put(id wire.ShortID, at int) {
	if 2*(x.used+1) > len(x.cells) {
		x.grow()
	}
	mask := len(x.cells) - 1
	i := x.home(id)
	for x.cells[i].at != 0 && x.cells[i].id != id {
		i = (i + 1) & mask
	}
	if x.cells[i].at == 0 {
		x.used++
	}
	x.cells[i] = cell{id, int32(at) + 1}
}

func (x *index) grow() {
	old := x.cells
	x.cells, x.used = make([]cell, max(16, 2*len(old))), 0
	for _, c := range old {
		if c.at != 0 {
			x.put(c.id, int(c.at)-1)
		}
	}
}

// del forgets id. Cells behind it move up, so that no probe ends too early.
func (x *index) del(id wire.ShortID) {
	if x.used == 0 {
		return
	}
	mask := len(x.cells) - 1
	i := x.home(id)
	for x.cells[i].id != id || x.cells[i].at == 0 {
		if x.cells[i].at == 0 {
			return
		}
		i = (i + 1) & mask
	}
	x.used--
	for j := (i + 1) & mask; x.cells[j].at != 0; j = (j + 1) & mask {
		if home := x.home(x.cells[j].id); (j-home)&mask >= (j-i)&mask {
			x.cells[i] = x.cells[j]
			i = j
		}
	}
	x.cells[i] = cell{}
}

package rival

import (
	"math/bits"
	"slices"

	"github.com/metatopia/metatopia/raynet/raysim"
)

// kadDepth is how many lengths of common prefix are told apart, enough for ten
// million nodes; kadSpares is how many wait for a place in each bucket.
const (
	kadDepth  = 24
	kadSpares = 5
)

// kadTable is the routing table: contacts by the length of the prefix that
// they have in common with the owner, the least recently heard of first.
type kadTable struct {
	buckets [kadDepth][]kadContact
	spares  [kadDepth][]int32
}

type kadContact struct {
	node  int32
	fails uint8  // questions in a row without an answer
	retry uint32 // not asked before, ms
}

func bucketOf(a, b uint64) int { return min(bits.LeadingZeros64(a^b), kadDepth-1) }

// heard puts a node that has sent something at the end of its bucket.
func (t *kadTable) heard(self uint64, node int32) {
	b := bucketOf(self, idOf(node))
	list := t.buckets[b]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].node == node {
			copy(list[i:], list[i+1:])
			list[len(list)-1] = kadContact{node: node}
			return
		}
	}
	if len(list) < kadK {
		t.buckets[b] = append(list, kadContact{node: node})
		return
	}
	for i := range list {
		if list[i].fails > 0 {
			copy(list[i:], list[i+1:])
			list[len(list)-1] = kadContact{node: node}
			return
		}
	}
	spares := t.spares[b]
	if i := slices.Index(spares, node); i >= 0 {
		spares = slices.Delete(spares, i, i+1)
	} else if len(spares) == kadSpares {
		spares = slices.Delete(spares, 0, 1)
	}
	t.spares[b] = append(spares, node)
}

// failed notes that a node has not answered: one that waits takes its place,
// or it is left alone for 2 s, 4 s, up to 64 s.
func (t *kadTable) failed(now int64, self uint64, node int32) {
	b := bucketOf(self, idOf(node))
	list := t.buckets[b]
	for i := range list {
		if list[i].node != node {
			continue
		}
		if n := len(t.spares[b]); n > 0 {
			copy(list[i:], list[i+1:])
			list[len(list)-1] = kadContact{node: t.spares[b][n-1]}
			t.spares[b] = t.spares[b][:n-1]
			return
		}
		c := &list[i]
		c.fails = min(c.fails+1, 6)
		c.retry = millis(now + raysim.Second<<c.fails)
		return
	}
}

// reach is a node as seen from a key.
type reach struct {
	dist uint64
	node int32
}

// closest gives up to kadK contacts closest to a key, the closest first; valid
// until the next call. For others only those that answer are named.
func (t *kadTable) closest(s *shard, now int64, self, key uint64, others bool) []reach {
	list := s.reach[:0]
	ms := millis(now)
	add := func(b int) {
		for _, c := range t.buckets[b] {
			if c.fails == 0 || (!others && c.retry <= ms) {
				list = append(list, reach{idOf(c.node) ^ key, c.node})
			}
		}
	}
	// A bucket as deep as the key's own prefix holds those that share more
	// with the key; the deeper ones share just the prefix; the others less
	// and less.
	own := bucketOf(self, key)
	add(own)
	if len(list) < kadK {
		for b := own + 1; b < kadDepth; b++ {
			add(b)
		}
	}
	for b := own - 1; b >= 0 && len(list) < kadK; b-- {
		add(b)
	}
	slices.SortFunc(list, func(a, b reach) int {
		if a.dist < b.dist {
			return -1
		}
		return 1
	})
	s.reach = list
	return list[:min(len(list), kadK)]
}

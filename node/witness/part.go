package witness

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Part is a part of a region's state: its name and a hash of it.
type Part struct {
	Name string
	Hash [32]byte
}

// partsOf are all parts of a state; it costs the whole of it.
func partsOf(s *region.Sim) []Part {
	list := s.Parts()
	out := make([]Part, len(list))
	for i := range list {
		out[i] = Part{list[i].Name, list[i].Hash}
	}
	return out
}

func sortParts(list []Part) []Part {
	list = slices.DeleteFunc(list, func(p Part) bool { return p.Name == "" || len(p.Name) > maxPart })
	slices.SortFunc(list, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b Part) bool { return a.Name == b.Name })
}

// bucket is a run of parts, from one name to another.
type bucket struct {
	First, Last string
	Count       uint32
	Sum         [32]byte // SHA-256 over names and hashes; of a single part its hash
}

func bucketOf(list []Part) bucket {
	b := bucket{First: list[0].Name, Last: list[len(list)-1].Name, Count: uint32(len(list))}
	if len(list) == 1 {
		b.Sum = list[0].Hash
		return b
	}
	var e base.Encoder
	for i := range list {
		e.Str(list[i].Name)
		e.Raw(list[i].Hash[:])
	}
	b.Sum = sha256.Sum256(e.B)
	return b
}

// within gives the parts whose names are from lo to hi; "" for hi is the end.
func within(list []Part, lo, hi string) []Part {
	at := func(name string) int {
		i, _ := slices.BinarySearchFunc(list, name, func(p Part, n string) int { return strings.Compare(p.Name, n) })
		return i
	}
	i, j := at(lo), len(list)
	if hi != "" {
		if j = at(hi); j < len(list) && list[j].Name == hi {
			j++
		}
	}
	return list[i:max(i, j)]
}

// buckets cuts parts into at most maxBuckets runs of about the same length.
func buckets(list []Part) (out []bucket) {
	size := (len(list) + maxBuckets - 1) / maxBuckets
	for len(list) > 0 {
		n := min(size, len(list))
		out = append(out, bucketOf(list[:n]))
		list = list[n:]
	}
	return out
}

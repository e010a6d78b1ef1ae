package region

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/merkle"
)

// domainState begins what the state hash is of.
const domainState = "metatopia/state/1"

// rooting is what Hash keeps from call to call. None of it is state: a restored
// Sim finds the same hash without it.
type rooting struct {
	tree  merkle.Tree // of the things, by the upper bits of their ids
	kept  []*Thing    // of the last call, sorted by id
	parts []kept      // of sections

	// Of the last Parts: the hash of each thing, and whose it is.
	named []*Thing
	sums  []Hash

	all, one base.Encoder
}

type kept struct {
	sum   Hash
	stamp uint64
	made  bool
}

// Hash is the state hash: SHA-256 over the hashes of the parts of the state,
// physics and hand-off core included, so that equal hashes mean equal futures.
// It costs what has changed since the last call. docs/protocol/region.md, 4.2,
// says which bytes. It may be called between Steps.
func (s *Sim) Hash() Hash {
	if s.roots == nil {
		s.roots = &rooting{parts: make([]kept, len(sections))}
	}
	r := s.roots
	s.markThings()
	things := r.tree.Root(s.cfg.Parallel, s.appendLeaf)
	physics := s.shard.Root()
	all, one := &r.all, &r.one
	all.B = all.B[:0]
	all.Str(domainState)
	for i := range sections {
		k, stamp := &r.parts[i], uint64(0)
		if f := sections[i].stamp; f != nil {
			stamp = f(s)
		}
		if sections[i].stamp == nil || !k.made || k.stamp != stamp {
			one.B = one.B[:0]
			sections[i].append(s, one)
			*k = kept{sha256.Sum256(one.B), stamp, true}
		}
		all.Str(sections[i].name)
		all.Raw(k.sum[:])
	}
	all.Raw(things[:])
	all.Raw(physics[:])
	return sha256.Sum256(all.B)
}

// markThings marks the leaves of things that are not what they were: a Thing
// never changes, so another one has another address.
func (s *Sim) markThings() {
	r := s.roots
	mark := func(id base.ID) { r.tree.Mark(merkle.Leaf(merkle.Key(id[:]))) }
	now, old := s.things, r.kept
	for len(now) > 0 && len(old) > 0 {
		switch c := 0; {
		case now[0] == old[0]:
			now, old = now[1:], old[1:]
		default:
			if c = now[0].ID.Compare(old[0].ID); c <= 0 {
				mark(now[0].ID)
				now = now[1:]
			}
			if c >= 0 {
				mark(old[0].ID)
				old = old[1:]
			}
		}
	}
	for _, rest := range [2][]*Thing{now, old} {
		for _, t := range rest {
			mark(t.ID)
		}
	}
	r.kept = append(r.kept[:0], s.things...)
}

func (s *Sim) appendLeaf(leaf int, e *base.Encoder) {
	first, last := merkle.Span(leaf)
	i, _ := slices.BinarySearchFunc(s.things, first, func(t *Thing, k uint64) int {
		if merkle.Key(t.ID[:]) < k {
			return -1
		}
		return 1
	})
	for ; i < len(s.things) && merkle.Key(s.things[i].ID[:]) <= last; i++ {
		s.things[i].appendHere(e)
	}
}

// Part is a part of the state: its name and the SHA-256 of its bytes.
type Part struct {
	Name string
	Hash Hash
}

// Parts are all parts of the state, in an order that follows from their names'
// kinds and ids. States of equal parts have equal hashes, so two replicas that
// differ find by their lists where. It costs the things that have changed since
// the last call, and all of the rest.
func (s *Sim) Parts() []Part {
	if s.roots == nil {
		s.roots = &rooting{parts: make([]kept, len(sections))}
	}
	r := s.roots
	var list []Part
	add := func(name string, b []byte) { list = append(list, Part{name, sha256.Sum256(b)}) }
	s.eachSection(add)
	var e base.Encoder
	sums := make([]Hash, len(s.things))
	k := 0
	for i, t := range s.things {
		for k < len(r.named) && r.named[k].ID.Compare(t.ID) < 0 {
			k++
		}
		if k < len(r.named) && r.named[k] == t {
			sums[i] = r.sums[k]
		} else {
			e.B = e.B[:0]
			t.appendHere(&e)
			sums[i] = sha256.Sum256(e.B)
		}
		list = append(list, Part{thingPart + t.ID.String(), sums[i]})
	}
	r.named, r.sums = append(r.named[:0], s.things...), sums
	s.eachShardPart(add)
	return list
}

// thingPart begins the names of things' parts.
const thingPart = "thing "

// EachPart calls f with every part of the state: its name and its bytes, which
// f must not keep.
func (s *Sim) EachPart(f func(name string, b []byte)) {
	s.eachSection(f)
	var e base.Encoder
	for _, t := range s.things {
		e.B = e.B[:0]
		t.appendHere(&e)
		f(thingPart+t.ID.String(), e.B)
	}
	s.eachShardPart(f)
}

func (s *Sim) eachSection(f func(name string, b []byte)) {
	var e base.Encoder
	for i := range sections {
		e.B = e.B[:0]
		sections[i].append(s, &e)
		f(sections[i].name, e.B)
	}
}

func (s *Sim) eachShardPart(f func(name string, b []byte)) {
	s.shard.EachPart(func(name string, b []byte) { f("shard "+name, b) })
}

// PartBytes are the bytes of a part by its name; false when there is none.
func (s *Sim) PartBytes(name string) (b []byte, ok bool) {
	s.EachPart(func(n string, x []byte) {
		if n == name {
			b, ok = slices.Clone(x), true
		}
	})
	return b, ok
}

func (p Part) String() string { return fmt.Sprintf("%s %s", p.Hash.Short(), p.Name) }

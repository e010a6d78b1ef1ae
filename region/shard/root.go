package shard

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/merkle"
)

// rooting is what Root keeps from call to call: the tree of bodies, and them as
// they were.
type rooting struct {
	tree merkle.Tree
	kept []keptBody // sorted by id
}

type keptBody struct {
	at *body
	as body
}

// Root is a SHA-256 over the whole state: shards whose snapshots differ have
// different ones. It costs what has changed since the last call.
func (s *Shard) Root() [32]byte {
	if s.roots == nil {
		s.roots = &rooting{}
	}
	s.markBodies()
	bodies := s.roots.tree.Root(s.parallel, s.appendLeaf)
	var e base.Encoder
	s.appendRest(&e)
	world := s.world.Root()
	e.Raw(bodies[:])
	e.Raw(world[:])
	return sha256.Sum256(e.B)
}

// appendRest is the state but for bodies and the physics.
func (s *Shard) appendRest(e *base.Encoder) {
	e.U8(snapshotVersion)
	e.ID(s.cfg.ID)
	e.U64(uint64(s.tick))
	for _, l := range s.links {
		l.appendDigest(e)
	}
	e.U32(uint32(len(s.forms)))
	for i := range s.forms {
		s.forms[i].appendDigest(e)
	}
	hand := s.hand.Root()
	e.Raw(hand[:])
}

// markBodies marks the leaves of bodies that are not what they were. A ghost
// always counts as changed.
func (s *Shard) markBodies() {
	r := s.roots
	mark := func(id base.ID) { r.tree.Mark(merkle.Leaf(merkle.Key(id[:]))) }
	now, old := s.bodies, r.kept
	same := len(now) == len(old)
	for len(now)+len(old) > 0 {
		c := 0
		switch {
		case len(old) == 0:
			c = -1
		case len(now) == 0:
			c = 1
		case now[0] != old[0].at:
			c = now[0].ID.Compare(old[0].as.ID)
		}
		switch {
		case c < 0:
			mark(now[0].ID)
			now, same = now[1:], false
		case c > 0:
			mark(old[0].as.ID)
			old, same = old[1:], false
		default:
			b, k := now[0], &old[0]
			x := *b
			x.mark, x.place = 0, 0
			if b.ghost != nil || k.at != b || x != k.as {
				mark(b.ID)
				*k = keptBody{b, x}
			}
			now, old = now[1:], old[1:]
		}
	}
	if same {
		return
	}
	r.kept = slices.Grow(r.kept[:0], len(s.bodies))
	for _, b := range s.bodies {
		x := *b
		x.mark, x.place = 0, 0
		r.kept = append(r.kept, keptBody{b, x})
	}
}

func (s *Shard) appendLeaf(leaf int, e *base.Encoder) {
	first, last := merkle.Span(leaf)
	i, _ := slices.BinarySearchFunc(s.bodies, first, func(b *body, k uint64) int {
		if merkle.Key(b.ID[:]) < k {
			return -1
		}
		return 1
	})
	for ; i < len(s.bodies) && merkle.Key(s.bodies[i].ID[:]) <= last; i++ {
		s.bodies[i].appendTo(e)
	}
}

// EachPart calls f with the parts of the state, each with its name and bytes.
// f must not keep them.
func (s *Shard) EachPart(f func(name string, b []byte)) {
	var e base.Encoder
	part := func(name string, write func(*base.Encoder)) {
		e.B = e.B[:0]
		write(&e)
		f(name, e.B)
	}
	part("head", func(e *base.Encoder) {
		e.U8(snapshotVersion)
		e.ID(s.cfg.ID)
		e.U64(uint64(s.tick))
	})
	for _, l := range s.links {
		part("neighbour "+l.ID.String(), l.appendDigest)
	}
	for i := range s.forms {
		f := &s.forms[i]
		part(fmt.Sprintf("geometry %x", uint64(f.ID())), f.appendDigest)
	}
	for _, b := range s.bodies {
		part("body "+b.ID.String(), b.appendTo)
	}
	s.hand.EachPart(func(name string, b []byte) { f("hand-off "+name, b) })
	s.world.EachPart(func(name string, b []byte) { f("physics "+name, b) })
}

// SetParallel makes the steps and digests to come run through parallel; see
// physics.World.SetParallel. It is no state.
func (s *Shard) SetParallel(parallel func(n int, f func(i int))) {
	s.parallel = parallel
	s.world.SetParallel(parallel)
}

func inTurn(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

package handoff

import (
	"crypto/sha256"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/merkle"
)

// rooting is what Root keeps from call to call.
type rooting struct {
	tree   merkle.Tree // of the objects owned, by the upper bits of their ids
	tombs  [32]byte
	buried bool // tombs is of what is buried
}

// keep sets what is known of an object that is owned.
func (c *Core) keep(id base.ID, o object) {
	if _, ok := c.owned[id]; !ok {
		i, _ := slices.BinarySearchFunc(c.order, id, base.ID.Compare)
		c.order = slices.Insert(c.order, i, id)
	}
	c.owned[id] = o
	c.mark(id)
}

// let ends that an object is owned.
func (c *Core) let(id base.ID) {
	if i, ok := slices.BinarySearchFunc(c.order, id, base.ID.Compare); ok {
		c.order = slices.Delete(c.order, i, i+1)
	}
	delete(c.owned, id)
	c.mark(id)
}

func (c *Core) mark(id base.ID) {
	if c.roots != nil {
		c.roots.tree.Mark(merkle.Leaf(merkle.Key(id[:])))
	}
}

// Root is a SHA-256 over the whole state: cores whose snapshots differ have
// different ones. It costs what has changed. Like Snapshot it must not be
// called while effects wait.
func (c *Core) Root() [32]byte {
	if len(c.effects) != 0 {
		panic("handoff: root with effects pending")
	}
	if c.roots == nil {
		c.roots = &rooting{}
	}
	r := c.roots
	var e base.Encoder
	c.appendHead(&e)
	owned := r.tree.Root(alone, c.appendLeaf)
	e.Raw(owned[:])
	c.appendDoubts(&e)
	if !r.buried {
		var t base.Encoder
		c.appendTombs(&t)
		r.tombs, r.buried = sha256.Sum256(t.B), true
	}
	e.Raw(r.tombs[:])
	c.appendWishes(&e)
	c.appendLinks(&e)
	return sha256.Sum256(e.B)
}

func alone(n int, f func(int)) {
	for i := range n {
		f(i)
	}
}

func (c *Core) appendLeaf(leaf int, e *base.Encoder) {
	first, last := merkle.Span(leaf)
	i, _ := slices.BinarySearchFunc(c.order, first, func(id base.ID, k uint64) int {
		if merkle.Key(id[:]) < k {
			return -1
		}
		return 1
	})
	for ; i < len(c.order) && merkle.Key(c.order[i][:]) <= last; i++ {
		c.appendOwned(c.order[i], e)
	}
}

// EachPart calls f with the parts of the state, each with its name and bytes.
// f must not keep them.
func (c *Core) EachPart(f func(name string, b []byte)) {
	var e base.Encoder
	part := func(name string, write func(*base.Encoder)) {
		e.B = e.B[:0]
		write(&e)
		f(name, e.B)
	}
	part("head", c.appendHead)
	for _, id := range c.order {
		part("object "+id.String(), func(e *base.Encoder) { c.appendOwned(id, e) })
	}
	part("doubts", c.appendDoubts)
	part("tombs", c.appendTombs)
	part("wishes", c.appendWishes)
	for _, peer := range c.peers() {
		part("neighbour "+peer.String(), c.links[peer].appendTo)
	}
}

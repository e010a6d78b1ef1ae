package physics

import (
	"crypto/sha256"
	"fmt"
	"sort"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/merkle"
)

// rooting is what Root keeps from call to call: the tree of bodies and
// contacts, and which leaves have contacts that the next step may change.
type rooting struct {
	tree merkle.Tree
	live []uint16 // leaves of w.contacts, as of the last Root
}

// alter says that a body is not what it was.
func (w *World) alter(s *solid) {
	s.printed = false
	w.mark(s.ID)
}

func (w *World) mark(id BodyID) {
	if w.rooting != nil {
		w.rooting.tree.Mark(merkle.Leaf(uint64(id)))
	}
}

// holder is the body that a contact is kept with in the tree.
func (k *key) holder() BodyID {
	if k.a == Ground {
		return k.b
	}
	return k.a
}

// Root is a SHA-256 over the whole state: worlds whose snapshots differ have
// different ones. What sleeps costs nothing. The leaves of its tree hold bodies
// by the upper bits of their ids, each leaf's bodies as in the snapshot, then
// the contacts of which they are the first, or the second of one with the
// ground.
func (w *World) Root() [32]byte {
	if w.rooting == nil {
		w.rooting = &rooting{}
	}
	r := w.rooting
	for _, leaf := range r.live {
		r.tree.Mark(int(leaf))
	}
	r.live = r.live[:0]
	last := -1
	for i := range w.contacts {
		if leaf := merkle.Leaf(uint64(w.contacts[i].holder())); leaf != last {
			r.tree.Mark(leaf)
			r.live = append(r.live, uint16(leaf))
			last = leaf
		}
	}
	root := r.tree.Root(w.run, w.appendLeaf)
	e := &w.encoder
	e.B = w.buf[:0]
	w.appendRest(e)
	e.Raw(root[:])
	w.buf, e.B = e.B, nil
	return sha256.Sum256(w.buf)
}

// appendRest is the state but for bodies and contacts.
func (w *World) appendRest(e *base.Encoder) {
	e.U32(snapshotVersion)
	w.cfg.appendTo(e)
	e.U32(uint32(len(w.geometries.shapes)))
	for _, u := range w.geometries.shapes {
		sum := u.Sum()
		e.Raw(sum[:])
	}
	w.appendJoints(e)
	w.appendVehicles(e)
	w.appendFields(e)
}

// appendLeaf appends the bodies and contacts of a leaf.
func (w *World) appendLeaf(leaf int, e *base.Encoder) {
	first, last := merkle.Span(leaf)
	n := len(w.solids)
	for i := sort.Search(n, func(i int) bool { return uint64(w.solids[i].ID) >= first }); i < n && uint64(w.solids[i].ID) <= last; i++ {
		w.solids[i].appendTo(e)
	}
	for _, lo := range [2]key{{BodyID(max(first, 1)), 0, 0}, {Ground, BodyID(first), 0}} {
		w.contactsFrom(lo, func(c *contact) bool {
			if uint64(c.holder()) > last || (c.a == Ground) != (lo.a == Ground) {
				return false
			}
			c.appendTo(e)
			return true
		})
	}
}

// contactsFrom calls f with every contact from a key on, in key order, until it
// returns false.
func (w *World) contactsFrom(lo key, f func(*contact) bool) {
	from := func(list []contact) []contact {
		return list[sort.Search(len(list), func(i int) bool { return list[i].key.compare(lo) >= 0 }):]
	}
	a, b := from(w.contacts), from(w.dormant)
	for len(a)+len(b) > 0 {
		next := &a
		if len(a) == 0 || len(b) > 0 && b[0].key.compare(a[0].key) < 0 {
			next = &b
		}
		if !f(&(*next)[0]) {
			return
		}
		*next = (*next)[1:]
	}
}

// EachPart calls f with the parts of the state, each with its name and the bytes
// that Root is of, in an order of their names' numbers. f must not keep them.
func (w *World) EachPart(f func(name string, b []byte)) {
	var e base.Encoder
	w.appendRest(&e)
	f("rest", e.B)
	for i := range w.solids {
		s := &w.solids[i]
		e.B = e.B[:0]
		s.appendTo(&e)
		f(fmt.Sprintf("body %016x", uint64(s.ID)), e.B)
	}
	w.eachContact(func(c *contact, _ int) bool {
		e.B = e.B[:0]
		c.appendTo(&e)
		f(fmt.Sprintf("contact %016x %016x %x", uint64(c.a), uint64(c.b), c.part), e.B)
		return true
	})
}

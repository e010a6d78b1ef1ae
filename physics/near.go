package physics

import (
	"slices"

	"github.com/metatopia/metatopia/physics/tree"
	"github.com/metatopia/metatopia/spatial/det"
)

const (
	// slack is how much larger than a body its leaf in a tree is on every
	// side, m, and foresight how many steps of its movement are added in front:
	// a body leaves its leaf seldom, and the leaf meets few others.
	slack     = 0.05
	foresight = 4
)

// near knows which bodies are near each other. It follows from the bodies; its
// history decides how it looks inside and never what it answers.
type near struct {
	still, moving tree.Tree  // of static bodies, and of all others
	boxes         []tree.Box // of bodies, by index
	stirs         []bool     // by index, as of the last refresh
	shifted       bool       // indexes changed since
	current       bool       // a query refreshed it after the last step

	kept             []neighbours
	rekey            bool // indexes changed since kept was brought up to date
	found            []tree.Pair
	unsorted, sorted []neighbours
	counts           []int32
}

func (n *near) tree(s *solid) *tree.Tree {
	if s.static() {
		return &n.still
	}
	return &n.moving
}

// insert makes room for a body that comes to index i.
func (n *near) insert(i int) {
	n.boxes = slices.Insert(n.boxes, i, tree.Box{})
	n.shifted = true
}

// remove forgets the body s of index i.
func (n *near) remove(i int, s *solid) {
	n.boxes = slices.Delete(n.boxes, i, i+1)
	n.shifted = true
	n.withdraw(s)
}

// box is the axis-aligned box around the shape, grown by half the margin: boxes
// of shapes that may make a contact overlap.
func (s *solid) box() tree.Box {
	b := tree.Around(s.pos(), s.ext)
	return b.Grown(margin / 2)
}

// refresh brings the trees up to date with the bodies.
func (w *World) refresh() {
	n := &w.near
	n.stirs = grown(n.stirs, len(w.solids))
	for i := range w.solids {
		s := &w.solids[i]
		n.stirs[i] = s.stirs()
		if s.moved {
			n.place(i, s, float32(foresight*w.cfg.Dt))
		}
		if n.shifted && s.proxy != 0 {
			n.tree(s).Rename(tree.Leaf(s.proxy-1), uint32(i))
		}
	}
	n.rekey = n.rekey || n.shifted
	n.shifted = false
	n.still.Refit()
	n.moving.Refit()
}

// place tells the tree of s where it is, and where it will be after ahead
// seconds.
func (n *near) place(i int, s *solid, ahead float32) {
	s.moved = false
	n.boxes[i] = s.box()
	t := n.tree(s)
	if s.out() {
		n.withdraw(s)
		return
	}
	if s.proxy == 0 {
		s.proxy = int32(t.Add(n.boxes[i].Grown(slack), uint32(i))) + 1
		return
	}
	t.Move(tree.Leaf(s.proxy-1), &n.boxes[i], slack, det.Vec(s.Vel).Scale(ahead))
}

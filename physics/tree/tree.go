package tree

import "github.com/metatopia/metatopia/spatial/det"

// Leaf names a leaf of one tree from Add until Remove. The number is used again
// after the next Settle.
type Leaf int32

// Tree holds leaves. Its zero value is empty.
type Tree struct {
	leaves []leaf
	inner  []node
	root   ref     // when count > 0 and something is placed
	free   []Leaf  // numbers to use again
	gone   []Leaf  // removed since Settle
	fresh  []Leaf  // added since Refit
	moved  []Leaf  // added or moved since Settle
	spare  []int32 // free slots of inner

	count   int     // leaves that are not gone
	placed  int     // of them, those in the tree
	stale   bool    // a box changed since Refit
	churned int     // moves since the tree was looked at
	built   float32 // price when last built

	stack []pair
	order []int32
}

// ref is a node when it is not negative, the leaf ^ref otherwise.
type ref = int32

const none = -1 << 31 // no node and no leaf

type state uint8

const (
	unused state = iota
	placed       // in the tree
	loose        // added, waits for Refit
	dead         // removed, waits for Settle
)

type leaf struct {
	box   Box // fat
	item  uint32
	up    int32 // its node; -1 = it is the root
	state state
	moved bool
}

// node holds the boxes of its two children, so that a walk reads one cache line
// for both.
type node struct {
	box    [2]Box
	child  [2]ref
	up     int32 // -1 = it is the root
	height uint8 // 1 above two leaves
	moved  [2]bool
}

// Len is the number of leaves.
func (t *Tree) Len() int { return t.count }

// Add makes a leaf for item around box, which is taken as it is. It is found
// after the next Refit.
func (t *Tree) Add(box Box, item uint32) Leaf {
	l := leaf{box: box, item: item, up: -1, state: loose, moved: true}
	var n Leaf
	if k := len(t.free); k > 0 {
		n = t.free[k-1]
		t.free = t.free[:k-1]
		t.leaves[n] = l
	} else {
		n = Leaf(len(t.leaves))
		t.leaves = append(t.leaves, l)
	}
	t.fresh = append(t.fresh, n)
	t.moved = append(t.moved, n)
	t.count++
	return n
}

// Move tells that l now stands for tight. When the fat box still holds it,
// nothing changes and the answer is false. Otherwise the leaf gets a new one:
// tight grown by slack and stretched along path.
func (t *Tree) Move(l Leaf, tight *Box, slack float32, path det.Vec) bool {
	f := &t.leaves[l]
	if f.box.Contains(tight) {
		return false
	}
	f.box = tight.Grown(slack)
	f.box = f.box.Swept(path)
	if !f.moved {
		f.moved = true
		t.moved = append(t.moved, l)
	}
	if f.state == placed {
		t.mark(f.up, ^int32(l))
		t.stale = true
	}
	return true
}

// Remove takes l out. Its number stays taken until Settle.
func (t *Tree) Remove(l Leaf) {
	f := &t.leaves[l]
	if f.state == placed {
		t.unlink(l)
	}
	f.state = dead
	t.gone = append(t.gone, l)
	t.count--
}

// Box is the fat box of l.
func (t *Tree) Box(l Leaf) *Box { return &t.leaves[l].box }

// Item is what l stands for; Rename changes it.
func (t *Tree) Item(l Leaf) uint32         { return t.leaves[l].item }
func (t *Tree) Rename(l Leaf, item uint32) { t.leaves[l].item = item }

// Changed reports whether l was added, moved or removed since Settle.
func (t *Tree) Changed(l Leaf) bool { return t.leaves[l].moved || t.leaves[l].state == dead }

// Quiet reports whether nothing was added, moved or removed since Settle.
func (t *Tree) Quiet() bool { return len(t.moved) == 0 && len(t.gone) == 0 }

// Settle forgets what changed: the caller has seen it.
func (t *Tree) Settle() {
	for _, l := range t.moved {
		t.leaves[l].moved = false
	}
	t.moved = t.moved[:0]
	if t.placed > 1 {
		t.unmark(t.root)
	}
	for _, l := range t.gone {
		t.leaves[l].state = unused
		t.free = append(t.free, l)
	}
	t.gone = t.gone[:0]
}

// side tells which child of n is r.
func (n *node) side(r ref) int {
	if n.child[1] == r {
		return 1
	}
	return 0
}

// mark notes on the way from r to the root that something below changed. A
// marked child always has marked ancestors.
func (t *Tree) mark(up int32, r ref) {
	for up >= 0 {
		n := &t.inner[up]
		s := n.side(r)
		if n.moved[s] {
			return
		}
		n.moved[s] = true
		r, up = up, n.up
	}
}

func (t *Tree) unmark(at int32) {
	n := &t.inner[at]
	for s := range n.moved {
		if n.moved[s] {
			n.moved[s] = false
			if n.child[s] >= 0 {
				t.unmark(n.child[s])
			}
		}
	}
}

// Disturb counts every leaf as changed.
func (t *Tree) Disturb() {
	for i := range t.leaves {
		if f := &t.leaves[i]; !f.moved && (f.state == placed || f.state == loose) {
			f.moved = true
			t.moved = append(t.moved, Leaf(i))
			t.mark(f.up, ^int32(i))
		}
	}
}

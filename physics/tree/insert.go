package tree

// place puts a loose leaf where it adds least surface: beside the best sibling
// that a greedy descent finds (Catto 2019).
func (t *Tree) place(l Leaf) {
	f := &t.leaves[l]
	f.state = placed
	if t.placed == 0 {
		t.root, f.up, t.placed = ^int32(l), -1, 1
		return
	}
	t.placed++
	s := t.sibling(&f.box)
	up := t.up(s)
	at := t.newNode()
	n := &t.inner[at]
	*n = node{
		box:   [2]Box{t.box(s), f.box},
		child: [2]ref{s, ^int32(l)},
		up:    up,
		moved: [2]bool{t.marked(s, up), f.moved},
	}
	n.height = 1 + t.height(s)
	t.replace(up, s, at)
	t.setUp(s, at)
	f.up = at
	t.climb(at, f.moved)
}

// sibling is the node or leaf beside which box adds least surface.
func (t *Tree) sibling(box *Box) ref {
	own := box.area()
	at := t.root
	around := t.box(at)
	grown := around.Union(box)
	direct := grown.area()
	best, cost := at, direct
	inherited := float32(0) // what the ancestors grow by
	here := around.area()
	for at >= 0 {
		if c := direct + inherited; c < cost {
			best, cost = at, c
		}
		inherited += direct - here
		n := &t.inner[at]
		next, bound := int32(none), cost
		for s := range n.child {
			u := n.box[s].Union(box)
			d, a := u.area(), n.box[s].area()
			if n.child[s] < 0 {
				if c := d + inherited; c < cost {
					best, cost = n.child[s], c
				}
				continue
			}
			// No place further down can cost less than this.
			if low := d + inherited + least(own-a, 0); low < bound {
				next, bound, direct, here = n.child[s], low, d, a
			}
		}
		if next == none || bound >= cost {
			break
		}
		at = next
	}
	return best
}

// climb renews boxes, heights and marks from node at to the root, and turns
// each node on the way for the better.
func (t *Tree) climb(at int32, moved bool) {
	for {
		t.turn(at)
		n := &t.inner[at]
		box, up, height := n.box[0].Union(&n.box[1]), n.up, n.height
		if up < 0 {
			return
		}
		p := &t.inner[up]
		s := p.side(at)
		p.box[s] = box
		p.moved[s] = p.moved[s] || moved
		p.height = 1 + most8(height, t.height(p.child[1-s]))
		at = up
	}
}

// turn swaps a child of a node with a grandchild on the other side where that
// makes the node between smaller (Kensler, "Tree Rotations for Improving
// Bounding Volume Hierarchies", 2008).
func (t *Tree) turn(at int32) {
	n := &t.inner[at]
	var gain float32
	side, grand := -1, 0
	var small Box
	for s := range n.child {
		if n.child[s] < 0 {
			continue
		}
		c := &t.inner[n.child[s]]
		now := n.box[s].area()
		for g := range c.child {
			b := n.box[1-s].Union(&c.box[1-g])
			if d := now - b.area(); d > gain {
				gain, side, grand, small = d, s, g, b
			}
		}
	}
	if side < 0 {
		return
	}
	below, o := n.child[side], 1-side
	c := &t.inner[below]
	n.child[o], c.child[grand] = c.child[grand], n.child[o]
	n.box[o], c.box[grand] = c.box[grand], n.box[o]
	n.moved[o], c.moved[grand] = c.moved[grand], n.moved[o]
	t.setUp(n.child[o], at)
	t.setUp(c.child[grand], below)
	n.box[side] = small
	n.moved[side] = c.moved[0] || c.moved[1]
	c.height = 1 + most8(t.height(c.child[0]), t.height(c.child[1]))
	n.height = 1 + most8(t.height(n.child[0]), t.height(n.child[1]))
}

// unlink takes a placed leaf out: its sibling takes the place of their node.
func (t *Tree) unlink(l Leaf) {
	t.placed--
	at := t.leaves[l].up
	if at < 0 {
		return
	}
	n := &t.inner[at]
	s := 1 - n.side(^int32(l))
	stay, up, box, moved := n.child[s], n.up, n.box[s], n.moved[s]
	t.spare = append(t.spare, at)
	t.replace(up, at, stay)
	t.setUp(stay, up)
	if up < 0 {
		return
	}
	p := &t.inner[up]
	k := p.side(stay)
	p.box[k] = box
	p.moved[k] = moved
	p.height = 1 + most8(t.height(p.child[0]), t.height(p.child[1]))
	t.climb(up, false)
}

// replace puts r in the place of old below node up.
func (t *Tree) replace(up int32, old, r ref) {
	if up < 0 {
		t.root = r
		return
	}
	n := &t.inner[up]
	n.child[n.side(old)] = r
}

func (t *Tree) newNode() int32 {
	if k := len(t.spare); k > 0 {
		n := t.spare[k-1]
		t.spare = t.spare[:k-1]
		return n
	}
	t.inner = append(t.inner, node{})
	return int32(len(t.inner) - 1)
}

func (t *Tree) up(r ref) int32 {
	if r < 0 {
		return t.leaves[^r].up
	}
	return t.inner[r].up
}

func (t *Tree) setUp(r ref, up int32) {
	if r < 0 {
		t.leaves[^r].up = up
	} else {
		t.inner[r].up = up
	}
}

func (t *Tree) height(r ref) uint8 {
	if r < 0 {
		return 0
	}
	return t.inner[r].height
}

func (t *Tree) box(r ref) Box {
	if r < 0 {
		return t.leaves[^r].box
	}
	n := &t.inner[r]
	return n.box[0].Union(&n.box[1])
}

// marked is the mark of r below node up.
func (t *Tree) marked(r ref, up int32) bool {
	switch {
	case up >= 0:
		n := &t.inner[up]
		return n.moved[n.side(r)]
	case r < 0:
		return t.leaves[^r].moved
	}
	n := &t.inner[r]
	return n.moved[0] || n.moved[1]
}

func most8(a, b uint8) uint8 {
	if b > a {
		return b
	}
	return a
}

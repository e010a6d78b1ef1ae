package tree

const (
	// bulk: when more than one leaf in so many is new, the tree is built anew.
	bulk = 4

	// churn: after so many moves per leaf the tree is looked at, and built
	// anew when its cost per leaf has grown by the factor worn.
	churn = 2
	worn  = 1.2
)

// Refit brings the tree up to date with Add and Move.
func (t *Tree) Refit() {
	switch {
	case len(t.fresh)*bulk > t.count:
		t.Build()
	case len(t.fresh) > 0:
		t.tighten()
		for _, l := range t.fresh {
			if t.leaves[l].state == loose {
				t.place(l)
			}
		}
		t.fresh = t.fresh[:0]
	default:
		t.tighten()
	}
	if t.churned > churn*t.count {
		t.churned = 0
		if t.price() > float32(worn*t.built) {
			t.Build()
		}
	}
	if t.placed > 1 && t.inner[t.root].height > MaxDepth {
		t.Build()
	}
}

// tighten renews the boxes above the leaves that moved.
func (t *Tree) tighten() {
	if !t.stale {
		return
	}
	t.stale = false
	t.churned += len(t.moved)
	if t.placed > 1 {
		t.renew(t.root)
	}
}

func (t *Tree) renew(at int32) Box {
	n := &t.inner[at]
	for s := range n.child {
		if !n.moved[s] {
			continue
		}
		if c := n.child[s]; c < 0 {
			n.box[s] = t.leaves[^c].box
		} else {
			n.box[s] = t.renew(c)
		}
	}
	return n.box[0].Union(&n.box[1])
}

// price is the area of all nodes per leaf: what a walk costs.
func (t *Tree) price() float32 {
	if t.placed < 2 {
		return 0
	}
	return t.areas(t.root) / float32(t.placed)
}

func (t *Tree) areas(at int32) float32 {
	n := &t.inner[at]
	var sum float32
	for s := range n.child {
		if n.child[s] >= 0 {
			sum += n.box[s].area() + t.areas(n.child[s])
		}
	}
	return sum
}

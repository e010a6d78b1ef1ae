package tree

// Pair is two leaves whose fat boxes overlap, in no particular order.
type Pair struct{ A, B Leaf }

type pair struct{ a, b ref }

// Pairs appends the pairs of leaves of t that overlap and of which at least one
// changed since Settle, each once. It stops when out holds limit pairs: then
// there may be more.
func (t *Tree) Pairs(out []Pair, limit int) []Pair {
	if t.placed < 2 {
		return out
	}
	t.stack = append(t.stack[:0], pair{t.root, t.root})
	for len(t.stack) > 0 && len(out) < limit {
		p := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		if p.a != p.b {
			out = t.meet(t, p, out)
			continue
		}
		n := &t.inner[p.a]
		for s, c := range n.child {
			if n.moved[s] && c >= 0 {
				t.stack = append(t.stack, pair{c, c})
			}
		}
		if (n.moved[0] || n.moved[1]) && n.box[0].Overlaps(&n.box[1]) {
			out = t.descend(out, n.child[0], n.child[1])
		}
	}
	return out
}

// Cross appends the pairs of a leaf of t and a leaf of o that overlap and of
// which at least one changed since Settle.
func (t *Tree) Cross(o *Tree, out []Pair, limit int) []Pair {
	if t.placed == 0 || o.placed == 0 {
		return out
	}
	t.stack = append(t.stack[:0], pair{t.root, o.root})
	for len(t.stack) > 0 && len(out) < limit {
		p := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		out = t.meet(o, p, out)
	}
	return out
}

// descend notes that the subtrees a and b overlap.
func (t *Tree) descend(out []Pair, a, b ref) []Pair {
	if a < 0 && b < 0 {
		return append(out, Pair{Leaf(^a), Leaf(^b)})
	}
	t.stack = append(t.stack, pair{a, b})
	return out
}

// meet looks at the children of p.a in t and of p.b in o, which overlap and one
// of which is marked.
func (t *Tree) meet(o *Tree, p pair, out []Pair) []Pair {
	switch {
	case p.a < 0 && p.b < 0: // only as the roots of two trees
		f, g := &t.leaves[^p.a], &o.leaves[^p.b]
		if (f.moved || g.moved) && f.box.Overlaps(&g.box) {
			out = append(out, Pair{Leaf(^p.a), Leaf(^p.b)})
		}
	case p.a < 0:
		f, n := &t.leaves[^p.a], &o.inner[p.b]
		for s, c := range n.child {
			if (f.moved || n.moved[s]) && f.box.Overlaps(&n.box[s]) {
				out = t.descend(out, p.a, c)
			}
		}
	case p.b < 0:
		n, f := &t.inner[p.a], &o.leaves[^p.b]
		for s, c := range n.child {
			if (f.moved || n.moved[s]) && f.box.Overlaps(&n.box[s]) {
				out = t.descend(out, c, p.b)
			}
		}
	default:
		n, m := &t.inner[p.a], &o.inner[p.b]
		for s, c := range n.child {
			for k, d := range m.child {
				if (n.moved[s] || m.moved[k]) && n.box[s].Overlaps(&m.box[k]) {
					out = t.descend(out, c, d)
				}
			}
		}
	}
	return out
}

package physics

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/physics/tree"
)

// neighbours are two bodies whose leaves overlap and that may meet. They are
// kept from step to step, in the order of their keys.
type neighbours struct {
	key uint64    // lower index << 32 | higher index, as in World.pairs
	a   tree.Leaf // in the tree of what moves
	b   tree.Leaf // in the same; or ^b in the tree of static bodies
}

func (n *near) key(p *neighbours) uint64 {
	i, j := n.moving.Item(p.a), uint32(0)
	if p.b < 0 {
		j = n.still.Item(^p.b)
	} else {
		j = n.moving.Item(p.b)
	}
	return uint64(min(i, j))<<32 | uint64(max(i, j))
}

func (n *near) changed(p *neighbours) bool {
	if p.b < 0 {
		return n.moving.Changed(p.a) || n.still.Changed(^p.b)
	}
	return n.moving.Changed(p.a) || n.moving.Changed(p.b)
}

// look brings kept up to date. It is false when there are too many to keep.
func (n *near) look(solids []solid, limit int) bool {
	n.prune()
	full := n.search(solids, limit)
	n.moving.Settle()
	n.still.Settle()
	if full || len(n.kept)+len(n.unsorted) >= limit {
		// Some may not have been found: the next step looks for all of them.
		n.kept = n.kept[:0]
		n.moving.Disturb()
		return false
	}
	n.sort()
	n.merge()
	return true
}

// prune drops the neighbours of which one changed: search finds them again.
// Where indexes shifted the keys do too, and keep their order.
func (n *near) prune() {
	if !n.rekey && n.moving.Quiet() && n.still.Quiet() {
		return
	}
	kept := n.kept[:0]
	for k := range n.kept {
		p := n.kept[k]
		if n.changed(&p) {
			continue
		}
		if n.rekey {
			p.key = n.key(&p)
		}
		kept = append(kept, p)
	}
	n.kept, n.rekey = kept, false
}

// search fills unsorted with the neighbours of which one changed. It reports
// whether there are too many.
func (n *near) search(solids []solid, limit int) (full bool) {
	n.unsorted = n.unsorted[:0]
	add := func(p neighbours) {
		p.key = n.key(&p)
		if solids[p.key>>32].meets(&solids[uint32(p.key)]) {
			n.unsorted = append(n.unsorted, p)
		}
	}
	n.found = n.moving.Pairs(n.found[:0], limit)
	for _, p := range n.found {
		add(neighbours{a: p.A, b: p.B})
	}
	full = len(n.found) >= limit
	n.found = n.moving.Cross(&n.still, n.found[:0], limit)
	for _, p := range n.found {
		add(neighbours{a: p.A, b: ^p.B})
	}
	return full || len(n.found) >= limit
}

// sort fills sorted with the unsorted: counted by the first body, then those of
// each body in order.
func (n *near) sort() {
	n.sorted = slices.Grow(n.sorted[:0], len(n.unsorted))[:len(n.unsorted)]
	if len(n.unsorted)*16 < len(n.boxes) {
		copy(n.sorted, n.unsorted)
		order(n.sorted)
		return
	}
	n.counts = grown(n.counts, len(n.boxes)+1)
	for k := range n.unsorted {
		n.counts[n.unsorted[k].key>>32+1]++
	}
	for i := 1; i < len(n.counts); i++ {
		n.counts[i] += n.counts[i-1]
	}
	for k := range n.unsorted {
		c := &n.counts[n.unsorted[k].key>>32]
		n.sorted[*c] = n.unsorted[k]
		*c++
	}
	from := int32(0)
	for _, to := range n.counts[:len(n.boxes)] {
		order(n.sorted[from:to])
		from = to
	}
}

// order sorts a few.
func order(p []neighbours) {
	if len(p) > 24 {
		slices.SortFunc(p, func(a, b neighbours) int { return cmp.Compare(a.key, b.key) })
		return
	}
	for i := 1; i < len(p); i++ {
		x, k := p[i], i
		for ; k > 0 && p[k-1].key > x.key; k-- {
			p[k] = p[k-1]
		}
		p[k] = x
	}
}

// merge puts sorted into kept, from the back.
func (n *near) merge() {
	i, j := len(n.kept)-1, len(n.sorted)-1
	n.kept = append(n.kept, n.sorted...)
	for at := len(n.kept) - 1; j >= 0; at-- {
		if i >= 0 && n.kept[i].key > n.sorted[j].key {
			n.kept[at] = n.kept[i]
			i--
		} else {
			n.kept[at] = n.sorted[j]
			j--
		}
	}
}

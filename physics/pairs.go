package physics

// maxPairs bounds overlapping boxes per body, before contacts are looked for.
const maxPairs = 4 * MaxContacts

// findPairs fills w.pairs with the pairs whose axis-aligned boxes, each grown by
// half the margin, overlap, sorted by index and so by id. Pairs of two static
// bodies, and those of which neither stirs, are left out. Of more than maxPairs
// per body only the first in that order are kept: which they are follows from
// the places of the bodies alone.
func (w *World) findPairs() {
	w.refresh()
	n := &w.near
	limit := maxPairs * len(w.solids)
	w.pairs = w.pairs[:0]
	if !n.look(w.solids, 2*limit) {
		w.pairs = n.crowd(w.pairs, w.solids, limit)
		return
	}
	for k := range n.kept {
		key := n.kept[k].key
		i, j := uint32(key>>32), uint32(key)
		if (n.stirs[i] || n.stirs[j]) && n.boxes[i].Overlaps(&n.boxes[j]) {
			if len(w.pairs) == limit {
				return
			}
			w.pairs = append(w.pairs, key)
		}
	}
}

// crowd appends the first pairs by trying one body after the other, which ends
// soon where more than limit overlap.
func (n *near) crowd(out []uint64, solids []solid, limit int) []uint64 {
	for i := range n.boxes {
		for j := i + 1; j < len(n.boxes); j++ {
			a, b := &solids[i], &solids[j]
			if !(n.stirs[i] || n.stirs[j]) || !n.boxes[i].Overlaps(&n.boxes[j]) || a.out() || b.out() || !a.meets(b) {
				continue
			}
			if len(out) == limit {
				return out
			}
			out = append(out, uint64(i)<<32|uint64(j))
		}
	}
	return out
}

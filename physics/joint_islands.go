package physics

import "slices"

// tip is where in w.solids the ends of a joint are; len(w.solids) is the ground.
type tip struct{ i, j int32 }

// dropJoined finds the ends of all joints and takes the pairs out of w.pairs whose bodies a joint holds without
// JointCollide: they pass through each other.
func (w *World) dropJoined() {
	w.tips, w.joined = w.tips[:0], w.joined[:0]
	for i := range w.links {
		l := &w.links[i]
		t := tip{w.end(l.A), w.end(l.B)}
		w.tips = append(w.tips, t)
		if l.Flags&JointCollide == 0 && l.A != Ground && l.B != Ground && (w.solids[t.i].stirs() || w.solids[t.j].stirs()) {
			w.joined = append(w.joined, uint64(min(t.i, t.j))<<32|uint64(max(t.i, t.j)))
		}
	}
	if len(w.joined) == 0 {
		return
	}
	slices.Sort(w.joined)
	next, kept := w.joined, w.pairs[:0]
	for _, p := range w.pairs {
		for len(next) > 0 && next[0] < p {
			next = next[1:]
		}
		if len(next) == 0 || next[0] != p {
			kept = append(kept, p)
		}
	}
	w.pairs = kept
}

// uniteJoined makes one island of what is joined.
func (w *World) uniteJoined() {
	for i := range w.links {
		if l := &w.links[i]; l.A != Ground && l.B != Ground {
			w.unite(w.end(l.A), w.end(l.B))
		}
	}
}

// shareJoined cuts the paths of all that hangs together where that of one is
// cut: a foot that meets a stair and stays behind would tear at its leg. For
// the rest of the step the whole of it stands still, its speeds untouched.
func (w *World) shareJoined() {
	cut := false
	for i := range w.rigs {
		r := &w.rigs[i]
		cut = cut || w.shareOf(r.a) < 1 || w.shareOf(r.b) < 1
	}
	if !cut {
		return
	}
	w.islands(nil, true)
	w.least = grown(w.least, len(w.solids))
	for k, i := range w.movers {
		// What is kept is what is lost, so that zero is the start.
		root := w.root(i)
		w.least[root] = max(w.least[root], 1-w.shares[k])
	}
	for k, i := range w.movers {
		if lost := w.least[w.root(i)]; lost > 1-w.shares[k] {
			w.shares[k] = 1 - lost
		}
	}
}

// shareOf is that of a mover by its slot; what cannot move loses nothing.
func (w *World) shareOf(slot int32) float32 {
	if slot == 0 {
		return 1
	}
	return w.shares[slot-1]
}

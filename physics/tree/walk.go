package tree

import "github.com/metatopia/metatopia/spatial/det"

// A walk descends one side at a time and keeps the other: one entry for each
// level and one more.
type stack struct {
	n  int
	at [MaxDepth + 2]entry
}

type entry struct {
	r   ref
	key float32 // no need to look when the limit is below
}

func (s *stack) push(r ref, key float32) {
	s.at[s.n] = entry{r, key}
	s.n++
}

func (s *stack) pop() entry {
	s.n--
	return s.at[s.n]
}

// Overlap calls f with the items whose fat boxes overlap box until f returns
// false.
func (t *Tree) Overlap(box *Box, f func(item uint32) bool) {
	if t.placed == 0 {
		return
	}
	var s stack
	if around := t.box(t.root); around.Overlaps(box) {
		s.push(t.root, 0)
	}
	for s.n > 0 {
		r := s.pop().r
		if r < 0 {
			if !f(t.leaves[^r].item) {
				return
			}
			continue
		}
		n := &t.inner[r]
		for k := range n.child {
			if n.box[k].Overlaps(box) {
				s.push(n.child[k], 0)
			}
		}
	}
}

// Cast calls f with the items whose fat boxes a box of half size ext meets on
// its way from the point from along path, the nearer subtrees first. limit is
// the share of the path to look at, 0 to 1; f is given the present one and
// returns the next: less, where it found something nearer.
func (t *Tree) Cast(from, path, ext det.Vec, limit float32, f func(item uint32, limit float32) float32) {
	t.search(limit, newLine(from, path, ext), f)
}

// Near calls f with the items whose fat boxes are at most limit metres from the
// point from, the nearer subtrees first. f is given the present limit and
// returns the next.
func (t *Tree) Near(from det.Vec, limit float32, f func(item uint32, limit float32) float32) {
	t.search(limit, line{from: from, far: true}, f)
}

func (t *Tree) search(limit float32, l line, f func(item uint32, limit float32) float32) {
	if t.placed == 0 {
		return
	}
	var s stack
	around := t.box(t.root)
	s.push(t.root, l.enter(&around))
	for s.n > 0 {
		e := s.pop()
		if e.key > limit {
			continue
		}
		if e.r < 0 {
			limit = f(t.leaves[^e.r].item, limit)
			continue
		}
		n := &t.inner[e.r]
		a, b := l.enter(&n.box[0]), l.enter(&n.box[1])
		near, nearKey, far, farKey := n.child[0], a, n.child[1], b
		if b < a {
			near, nearKey, far, farKey = far, b, near, a
		}
		if farKey <= limit {
			s.push(far, farKey)
		}
		if nearKey <= limit {
			s.push(near, nearKey)
		}
	}
}

// line is what a search measures boxes by: a path, or the distance from a
// point.
type line struct {
	from, ext det.Vec
	inverse   det.Vec // of the path; 0 where the path stands still
	far       bool
}

// never is beyond every limit.
const never = 1e30

func newLine(from, path, ext det.Vec) line {
	return line{from: from, ext: ext, inverse: det.Vec{X: inverse(path.X), Y: inverse(path.Y), Z: inverse(path.Z)}}
}

// inverse leaves out what moves less than a path of this world can be told
// apart by: its inverse times a coordinate must be finite.
func inverse(x float32) float32 {
	if det.Abs(x) < 1e-20 {
		return 0
	}
	return 1 / x
}

// enter is where a search comes into a box; never when it does not.
func (l *line) enter(b *Box) float32 {
	if l.far {
		d := det.Vec{X: gap(l.from.X, b.Lo.X, b.Hi.X), Y: gap(l.from.Y, b.Lo.Y, b.Hi.Y), Z: gap(l.from.Z, b.Lo.Z, b.Hi.Z)}
		return d.Len()
	}
	in, out := float32(0), float32(never)
	if !slab(l.from.X, l.inverse.X, b.Lo.X-l.ext.X, b.Hi.X+l.ext.X, &in, &out) ||
		!slab(l.from.Y, l.inverse.Y, b.Lo.Y-l.ext.Y, b.Hi.Y+l.ext.Y, &in, &out) ||
		!slab(l.from.Z, l.inverse.Z, b.Lo.Z-l.ext.Z, b.Hi.Z+l.ext.Z, &in, &out) {
		return never
	}
	return in
}

// slab cuts in..out to the part of a path between two planes.
func slab(from, inverse, lo, hi float32, in, out *float32) bool {
	if inverse == 0 {
		return from >= lo && from <= hi
	}
	a, b := float32((lo-from)*inverse), float32((hi-from)*inverse)
	if a > b {
		a, b = b, a
	}
	*in, *out = most(*in, a), least(*out, b)
	return *in <= *out
}

func gap(x, lo, hi float32) float32 {
	switch {
	case x < lo:
		return lo - x
	case x > hi:
		return x - hi
	}
	return 0
}

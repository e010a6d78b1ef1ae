package tree

import "github.com/metatopia/metatopia/spatial/det"

// bins is how many places for a cut are tried.
const bins = 8

// Build makes the whole tree anew from the top: each set of leaves is cut along
// the axis where their centres spread most, at the best of a few places (Wald,
// "On fast Construction of SAH-based Bounding Volume Hierarchies", 2007).
func (t *Tree) Build() {
	t.order = t.order[:0]
	for i := range t.leaves {
		if f := &t.leaves[i]; f.state == placed || f.state == loose {
			f.state = placed
			t.order = append(t.order, int32(i))
		}
	}
	t.placed = len(t.order)
	t.fresh, t.inner, t.spare = t.fresh[:0], t.inner[:0], t.spare[:0]
	t.stale, t.churned = false, 0
	if t.placed > 0 {
		t.root, _, _ = t.raise(t.order, -1, 0)
	}
	t.built = t.price()
}

// raise builds the subtree over some leaves below node up.
func (t *Tree) raise(of []int32, up int32, depth int) (r ref, box Box, moved bool) {
	if len(of) == 1 {
		f := &t.leaves[of[0]]
		f.up = up
		return ^of[0], f.box, f.moved
	}
	at := t.newNode()
	k := t.cut(of, depth)
	a, boxA, movedA := t.raise(of[:k], at, depth+1)
	b, boxB, movedB := t.raise(of[k:], at, depth+1)
	t.inner[at] = node{
		box: [2]Box{boxA, boxB}, child: [2]ref{a, b}, up: up,
		height: 1 + most8(t.height(a), t.height(b)),
		moved:  [2]bool{movedA, movedB},
	}
	return at, boxA.Union(&boxB), movedA || movedB
}

// leastSpan is where all is in one place, m: its inverse is still a float32.
const leastSpan = 1e-6

type bin struct {
	box   Box
	count int
}

// cut orders leaves into two sets and gives the size of the first.
func (t *Tree) cut(of []int32, depth int) int {
	half := len(of) / 2
	if len(of) == 2 || depth >= balanceDepth {
		return half
	}
	axis, lo, span := t.spread(of)
	if !(span > leastSpan) {
		return half
	}
	scale := bins / span
	var found [bins]bin
	for _, l := range of {
		f := &t.leaves[l]
		b := &found[slot(&f.box, axis, lo, scale)]
		if b.count == 0 {
			b.box = f.box
		} else {
			b.box = b.box.Union(&f.box)
		}
		b.count++
	}
	best := cheapest(&found)
	k := 0
	for i, l := range of {
		if slot(&t.leaves[l].box, axis, lo, scale) <= best {
			of[i], of[k] = of[k], l
			k++
		}
	}
	if k == 0 || k == len(of) {
		return half
	}
	return k
}

// cheapest is the last bin of the first set.
func cheapest(found *[bins]bin) int {
	var right [bins]float32 // cost of all bins from here on
	var sum bin
	for i := bins - 1; i > 0; i-- {
		sum.add(&found[i])
		right[i] = sum.cost()
	}
	best, least := 0, float32(0)
	sum = bin{}
	for i := range bins - 1 {
		sum.add(&found[i])
		if c := sum.cost() + right[i+1]; i == 0 || c < least {
			best, least = i, c
		}
	}
	return best
}

func (b *bin) add(o *bin) {
	switch {
	case o.count == 0:
	case b.count == 0:
		*b = *o
	default:
		b.box = b.box.Union(&o.box)
		b.count += o.count
	}
}

func (b *bin) cost() float32 {
	if b.count == 0 {
		return 0
	}
	return float32(b.box.area() * float32(b.count))
}

// spread is the axis along which the centres of leaves spread most. Centres
// are counted double.
func (t *Tree) spread(of []int32) (axis int, lo, span float32) {
	c := t.leaves[of[0]].box.centre()
	around := Box{c, c}
	for _, l := range of[1:] {
		c := t.leaves[l].box.centre()
		around = around.Union(&Box{c, c})
	}
	d := around.Hi.Sub(around.Lo)
	switch {
	case d.X >= d.Y && d.X >= d.Z:
		return 0, around.Lo.X, d.X
	case d.Y >= d.Z:
		return 1, around.Lo.Y, d.Y
	}
	return 2, around.Lo.Z, d.Z
}

// centre is twice the centre of a.
func (a *Box) centre() det.Vec { return a.Lo.Add(a.Hi) }

func slot(b *Box, axis int, lo, scale float32) int {
	c := b.Lo.X + b.Hi.X
	switch axis {
	case 1:
		c = b.Lo.Y + b.Hi.Y
	case 2:
		c = b.Lo.Z + b.Hi.Z
	}
	return int(det.Clamp(float32((c-lo)*scale), 0, bins-1))
}

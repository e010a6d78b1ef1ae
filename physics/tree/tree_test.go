package tree

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// flock is leaves of a tree beside what is known of them.
type flock struct {
	tree  Tree
	leaf  []Leaf // -1 = removed
	tight []Box
}

func drawBox(r *base.Rand, span, size float32) Box {
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(float64(r.Uint32()>>8)/(1<<24))) }
	at := det.Vec{X: f(-span, span), Y: f(0, span), Z: f(-span, span)}
	return Around(at, det.Vec{X: f(0.05, size), Y: f(0.05, size), Z: f(0.05, size)})
}

func (f *flock) add(b Box) {
	f.leaf = append(f.leaf, f.tree.Add(b.Grown(0.1), uint32(len(f.leaf))))
	f.tight = append(f.tight, b)
}

// churn adds, moves and removes at random.
func (f *flock) churn(r *base.Rand, n int) {
	for range n {
		switch r.IntN(8) {
		case 0, 1:
			f.add(drawBox(r, 10, 1))
		case 2:
			if i := r.IntN(len(f.leaf) + 1); i < len(f.leaf) && f.leaf[i] >= 0 {
				f.tree.Remove(f.leaf[i])
				f.leaf[i] = -1
			}
		default:
			if i := r.IntN(len(f.leaf) + 1); i < len(f.leaf) && f.leaf[i] >= 0 {
				b := drawBox(r, 1, 0.2)
				d := b.Lo
				if r.IntN(4) == 0 {
					d = d.Scale(20)
				}
				f.tight[i] = Box{f.tight[i].Lo.Add(d), f.tight[i].Hi.Add(d)}
				f.tree.Move(f.leaf[i], &f.tight[i], 0.1, d)
			}
		}
	}
}

// check looks at everything that the tree holds to be true of itself.
func (f *flock) check(t *testing.T) {
	t.Helper()
	tr := &f.tree
	if tr.placed != tr.count {
		t.Fatalf("%d leaves placed of %d", tr.placed, tr.count)
	}
	if tr.placed == 0 {
		return
	}
	seen := 0
	var look func(r ref, up int32, marked bool) (Box, uint8)
	look = func(r ref, up int32, marked bool) (Box, uint8) {
		if tr.up(r) != up {
			t.Fatalf("%d: above it is %d, not %d", r, tr.up(r), up)
		}
		if r < 0 {
			l := &tr.leaves[^r]
			if l.state != placed || l.moved && !marked {
				t.Fatalf("leaf %d: state %d, moved %v, marked %v", ^r, l.state, l.moved, marked)
			}
			if f.leaf[l.item] != Leaf(^r) || !l.box.Contains(&f.tight[l.item]) {
				t.Fatalf("leaf %d does not hold item %d", ^r, l.item)
			}
			seen++
			return l.box, 0
		}
		n := &tr.inner[r]
		var h [2]uint8
		for s := range 2 {
			if n.moved[s] && !marked {
				t.Fatalf("node %d is marked, what is above it is not", r)
			}
			var b Box
			if b, h[s] = look(n.child[s], r, n.moved[s]); b != n.box[s] {
				t.Fatalf("node %d side %d: box %v, want %v", r, s, n.box[s], b)
			}
		}
		if n.height != 1+max(h[0], h[1]) || n.height > MaxDepth {
			t.Fatalf("node %d: height %d over %v", r, n.height, h)
		}
		return n.box[0].Union(&n.box[1]), n.height
	}
	look(tr.root, -1, true)
	if seen != tr.placed {
		t.Fatalf("%d leaves in the tree, want %d", seen, tr.placed)
	}
}

// TestPairsAgainstBruteForce: pairs kept while neither leaf changed, with those
// that Pairs and Cross find, are the pairs that overlap.
func TestPairsAgainstBruteForce(t *testing.T) {
	for seed := range uint64(8) {
		r := base.NewRand(seed, 1)
		var a, b flock
		own, cross := map[Pair]bool{}, map[Pair]bool{}
		for round := range 60 {
			n := []int{0, 1, 5, 40, 150}[r.IntN(5)]
			a.churn(r, n)
			b.churn(r, n/2)
			a.tree.Refit()
			b.tree.Refit()
			a.check(t)
			b.check(t)
			keep(own, &a.tree, &a.tree)
			keep(cross, &a.tree, &b.tree)
			for _, p := range a.tree.Pairs(nil, 1<<30) {
				if p.A > p.B {
					p = Pair{p.B, p.A}
				}
				if own[p] {
					t.Fatalf("seed %d round %d: pair %v twice", seed, round, p)
				}
				own[p] = true
			}
			for _, p := range a.tree.Cross(&b.tree, nil, 1<<30) {
				if cross[p] {
					t.Fatalf("seed %d round %d: pair %v twice", seed, round, p)
				}
				cross[p] = true
			}
			a.tree.Settle()
			b.tree.Settle()
			compare(t, fmt.Sprintf("seed %d round %d", seed, round), own, overlaps(&a, &a))
			compare(t, fmt.Sprintf("seed %d round %d across", seed, round), cross, overlaps(&a, &b))
		}
	}
}

func keep(m map[Pair]bool, a, b *Tree) {
	for p := range m {
		if a.Changed(p.A) || b.Changed(p.B) {
			delete(m, p)
		}
	}
}

func overlaps(a, b *flock) map[Pair]bool {
	m := map[Pair]bool{}
	for i, l := range a.leaf {
		for j, k := range b.leaf {
			if l < 0 || k < 0 || (a == b && j <= i) || !a.tree.Box(l).Overlaps(b.tree.Box(k)) {
				continue
			}
			if a == b && l > k {
				m[Pair{k, l}] = true
			} else {
				m[Pair{l, k}] = true
			}
		}
	}
	return m
}

func compare(t *testing.T, what string, got, want map[Pair]bool) {
	t.Helper()
	for p := range want {
		if !got[p] {
			t.Fatalf("%s: %v not found", what, p)
		}
	}
	for p := range got {
		if !want[p] {
			t.Fatalf("%s: %v does not overlap", what, p)
		}
	}
}

// TestPairsStopAtLimit, and find nothing where nothing is.
func TestPairsStopAtLimit(t *testing.T) {
	var a, b flock
	if n := len(a.tree.Pairs(nil, 9)) + len(a.tree.Cross(&b.tree, nil, 9)); n != 0 {
		t.Fatalf("%d pairs in empty trees", n)
	}
	for range 40 {
		a.add(Around(det.Vec{}, det.Vec{X: 1, Y: 1, Z: 1}))
	}
	a.tree.Refit()
	a.check(t)
	if n := len(a.tree.Pairs(nil, 1<<30)); n != 40*39/2 {
		t.Errorf("%d pairs", n)
	}
	if n := len(a.tree.Pairs(nil, 100)); n < 100 || n > 104 {
		t.Errorf("%d pairs at a limit of 100", n)
	}
}

// TestWalks: Overlap, Cast and Near find what a walk over all leaves finds.
func TestWalks(t *testing.T) {
	r := base.NewRand(5, 1)
	var f flock
	for range 40 {
		f.churn(r, 40)
		f.tree.Refit()
		box := drawBox(r, 10, 3)
		from, path := box.Lo, drawBox(r, 15, 1).Lo
		if r.IntN(3) == 0 {
			path.Y = 0
		}
		ext := det.Vec{X: 0.3, Y: 0.1, Z: 0.2}
		var over, hit, near, wantOver, wantHit, wantNear []uint32
		f.tree.Overlap(&box, func(i uint32) bool { over = append(over, i); return true })
		f.tree.Cast(from, path, ext, 0.7, func(i uint32, l float32) float32 { hit = append(hit, i); return l })
		f.tree.Near(from, 4, func(i uint32, l float32) float32 { near = append(near, i); return l })
		l := newLine(from, path, ext)
		for i, leaf := range f.leaf {
			if leaf < 0 {
				continue
			}
			b := f.tree.Box(leaf)
			if b.Overlaps(&box) {
				wantOver = append(wantOver, uint32(i))
			}
			if l.enter(b) <= 0.7 {
				wantHit = append(wantHit, uint32(i))
			}
			if d := from.Sub(det.Vec{X: det.Clamp(from.X, b.Lo.X, b.Hi.X), Y: det.Clamp(from.Y, b.Lo.Y, b.Hi.Y), Z: det.Clamp(from.Z, b.Lo.Z, b.Hi.Z)}); d.Len() <= 4 {
				wantNear = append(wantNear, uint32(i))
			}
		}
		for _, c := range [][2][]uint32{{over, wantOver}, {hit, wantHit}, {near, wantNear}} {
			slices.Sort(c[0])
			if !slices.Equal(c[0], c[1]) {
				t.Fatalf("found %v, want %v", c[0], c[1])
			}
		}
	}
}

// TestCastNarrows: a limit that shrinks leaves out what lies behind it, and the
// nearest is among what is left.
func TestCastNarrows(t *testing.T) {
	r := base.NewRand(6, 1)
	var f flock
	for range 2000 {
		f.add(drawBox(r, 20, 0.4))
	}
	f.tree.Refit()
	total := 0
	for range 200 {
		from, to := drawBox(r, 20, 1).Lo, drawBox(r, 20, 1).Lo
		l := newLine(from, to.Sub(from), det.Vec{})
		best := float32(never)
		f.tree.Cast(from, to.Sub(from), det.Vec{}, 1, func(i uint32, limit float32) float32 {
			total++
			s := l.enter(f.tree.Box(f.leaf[i]))
			best = min(best, s)
			return min(limit, s)
		})
		want := float32(never)
		for _, leaf := range f.leaf {
			want = min(want, l.enter(f.tree.Box(leaf)))
		}
		if want > 1 {
			want = never
		}
		if best != want {
			t.Fatalf("nearest at %g, want %g", best, want)
		}
	}
	if total > 200*20 {
		t.Errorf("%d leaves looked at for 200 casts", total)
	}
}

// TestDepth: leaves added in a row, one at a time, which drives a tree of
// greedy insertion deep.
func TestDepth(t *testing.T) {
	var f flock
	for i := range 600 {
		x := float32(i)
		f.add(Around(det.Vec{X: float32(x * x)}, det.Vec{X: 0.1 + float32(x*x)*0.5, Y: 0.1, Z: 0.1}))
		f.tree.Refit()
		f.tree.Settle()
	}
	f.check(t)
	for range 500 {
		f.tree.Remove(f.leaf[slices.IndexFunc(f.leaf, func(l Leaf) bool { return l >= 0 })])
		f.leaf[slices.IndexFunc(f.leaf, func(l Leaf) bool { return l >= 0 })] = -1
		f.tree.Refit()
		f.tree.Settle()
		f.check(t)
	}
}

// TestOnePlace: leaves that cannot be told apart are halved.
func TestOnePlace(t *testing.T) {
	var f flock
	for range 5000 {
		f.add(Around(det.Vec{X: 3}, det.Vec{X: 1, Y: 1, Z: 1}))
	}
	f.tree.Refit()
	f.check(t)
	if h := f.tree.inner[f.tree.root].height; h > 13 {
		t.Errorf("height %d", h)
	}
}

// TestSteadyStateAllocatesNothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	r := base.NewRand(1, 1)
	var f flock
	for range 400 {
		f.add(drawBox(r, 10, 1))
	}
	out := make([]Pair, 0, 1<<14)
	step := 0
	one := func() {
		step++
		for i, l := range f.leaf {
			d := det.Vec{X: float32((i+step)%3-1) * 0.2}
			f.tight[i] = Box{f.tight[i].Lo.Add(d), f.tight[i].Hi.Add(d)}
			f.tree.Move(l, &f.tight[i], 0.1, d)
		}
		f.tree.Remove(f.leaf[step%400])
		f.leaf[step%400] = f.tree.Add(f.tight[step%400], uint32(step%400))
		f.tree.Refit()
		out = f.tree.Pairs(out[:0], 1<<14)
		f.tree.Overlap(&f.tight[0], func(uint32) bool { return true })
		f.tree.Near(f.tight[0].Lo, 3, func(_ uint32, l float32) float32 { return l })
		f.tree.Settle()
	}
	for range 50 {
		one()
	}
	if n := testing.AllocsPerRun(50, one); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// FuzzTree plays bytes as changes and checks the tree after each Refit.
func FuzzTree(f *testing.F) {
	f.Add([]byte{0, 0, 0, 9, 9, 7, 7, 200, 7, 3, 255, 254})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 300 {
			b = b[:300]
		}
		var k flock
		for i, c := range b {
			if c >= 250 {
				k.tree.Refit()
				k.check(t)
				if c == 255 {
					k.tree.Settle()
				}
				continue
			}
			k.churn(base.NewRand(uint64(c), uint64(i)), 1)
		}
		k.tree.Refit()
		k.check(t)
		slices.SortFunc(k.tree.Pairs(nil, 1<<20), func(a, b Pair) int { return cmp.Compare(a.A, b.A) })
	})
}

package merkle

import (
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func alone(n int, f func(int)) {
	for i := range n {
		f(i)
	}
}

// table is a table in its order.
type table []uint64

func (t table) write(leaf int, e *base.Encoder) {
	first, last := Span(leaf)
	for _, k := range t {
		if k >= first && k <= last {
			e.U64(k)
		}
	}
}

// TestRootIsOfTheTable: however a table came to be what it is, its root is that
// of a tree which sees it for the first time, and differs from the one before.
func TestRootIsOfTheTable(t *testing.T) {
	r := base.NewRand(1, 1)
	var tree Tree
	var list table
	last := tree.Root(alone, list.write)
	if last != (Hash{}) {
		t.Fatal("an empty table has a root")
	}
	for range 300 {
		for range r.IntN(20) + 1 {
			k := r.Uint64()
			if len(list) > 0 && r.IntN(3) == 0 {
				i := r.IntN(len(list))
				k = list[i]
				list = slices.Delete(list, i, i+1)
			} else {
				list = append(list, k)
				slices.Sort(list)
			}
			tree.Mark(Leaf(k))
		}
		var anew Tree
		got, want := tree.Root(alone, list.write), anew.Root(alone, list.write)
		if got != want {
			t.Fatalf("root %x, anew %x", got[:4], want[:4])
		}
		if got == last {
			t.Fatal("another table has the same root")
		}
		last = got
	}
	calls := 0
	tree.Root(alone, func(int, *base.Encoder) { calls++ })
	if calls != 0 {
		t.Errorf("%d leaves made anew though none changed", calls)
	}
}

func TestLeavesFollowTheOrder(t *testing.T) {
	for leaf := range Leaves {
		first, last := Span(leaf)
		if Leaf(first) != leaf || Leaf(last) != leaf || leaf+1 < Leaves && Leaf(last+1) != leaf+1 {
			t.Fatalf("leaf %d is %x to %x", leaf, first, last)
		}
	}
	if Key([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}) != 0x0102030405060708 {
		t.Error("a key is not in the order of names")
	}
}

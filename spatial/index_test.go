package spatial

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/metatopia/metatopia/internal/base"
)

// TestIndex against a list that is sorted for every question.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t)
		var x Index
		truth := map[base.ID]Pos{}
		all := func(p Pos) (out []Near) {
			for i, q := range truth {
				out = append(out, Near{i, q, p.Dist2(q)})
			}
			slices.SortFunc(out, Near.compare)
			return out
		}
		for range rapid.IntRange(1, 200).Draw(t, "changes") {
			i := id(rapid.Byte().Draw(t, "id"))
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				x.Remove(i)
				delete(truth, i)
				continue
			}
			p := drawPos(t, "p", limit)
			x.Set(i, p)
			truth[i] = p
		}
		p := drawPos(t, "q", limit)
		want := all(p)
		if x.Len() != len(truth) {
			t.Fatalf("%d points, want %d", x.Len(), len(truth))
		}
		n := rapid.IntRange(0, 40).Draw(t, "n")
		if got := x.Nearest(p, n); !slices.Equal(got, want[:min(n, len(want))]) {
			t.Fatalf("nearest %d: %v, want %v", n, got, want)
		}
		radius := rapid.Int64Range(0, 4*limit-1).Draw(t, "radius")
		k := 0
		for k < len(want) && want[k].Dist2 <= uint64(radius)*uint64(radius) {
			k++
		}
		if got := x.Within(p, radius); !slices.Equal(got, want[:k]) {
			t.Fatalf("within %d: %v, want %v", radius, got, want[:k])
		}
	})
}

func TestIndexBounds(t *testing.T) {
	var x Index
	if x.Nearest(Pos{}, 5) != nil || x.Within(Pos{}, 5) != nil || x.Within(Pos{}, -1) != nil {
		t.Error("an empty index answers")
	}
	for i := range MaxResults + 10 {
		x.Set(base.ID{byte(i), byte(i >> 8)}, Pos{X: int64(i)})
	}
	if n := len(x.Within(Pos{}, MaxCoord)); n != MaxResults {
		t.Errorf("%d results", n)
	}
	if n := len(x.Nearest(Pos{}, 1<<30)); n != MaxResults {
		t.Errorf("%d results", n)
	}
	far := Pos{MaxCoord, MaxCoord, MaxCoord}
	x.Set(id(1), far)
	if got := x.Within(Pos{-MaxCoord, -MaxCoord, -MaxCoord}, 1<<62); len(got) == 0 {
		t.Error("nothing within the longest distance")
	}
	if p, ok := x.Get(id(1)); !ok || p != far {
		t.Error("Get", p, ok)
	}
}

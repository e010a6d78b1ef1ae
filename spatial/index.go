package spatial

import (
	"slices"

	"github.com/tidwall/rtree"

	"github.com/metatopia/metatopia/internal/base"
)

// Index answers "who is near" for moving points. The tree underneath is
// two-dimensional (X and Z: worlds are wide and low); distances are in three
// dimensions and exact. Answers do not depend on the order of changes. One
// goroutine at a time may use an Index. The zero value is empty and ready.
type Index struct {
	tree rtree.RTreeGN[int64, base.ID]
	at   map[base.ID]Pos
}

// Near is one answer of a query; Dist2 is in units².
type Near struct {
	ID    base.ID
	Pos   Pos
	Dist2 uint64
}

func (a Near) compare(b Near) int {
	if c := cmpU64(a.Dist2, b.Dist2); c != 0 {
		return c
	}
	return a.ID.Compare(b.ID)
}

func flat(p Pos) [2]int64 { return [2]int64{p.X, p.Z} }

// Len is the number of points.
func (x *Index) Len() int { return len(x.at) }

// Get is where id is.
func (x *Index) Get(id base.ID) (Pos, bool) {
	p, ok := x.at[id]
	return p, ok
}

// Set adds or moves a point. p must be Valid; the caller bounds how many
// points there are.
func (x *Index) Set(id base.ID, p Pos) {
	old, ok := x.at[id]
	if ok && old == p {
		return
	}
	if x.at == nil {
		x.at = make(map[base.ID]Pos)
	}
	if ok && flat(old) == flat(p) {
		x.at[id] = p
		return
	}
	if ok {
		x.tree.Delete(flat(old), flat(old), id)
	}
	x.tree.Insert(flat(p), flat(p), id)
	x.at[id] = p
}

// Remove forgets a point; an unknown id is ignored.
func (x *Index) Remove(id base.ID) {
	if old, ok := x.at[id]; ok {
		x.tree.Delete(flat(old), flat(old), id)
		delete(x.at, id)
	}
}

// Nearest gives the n points nearest to p, sorted by (distance, id). At most
// MaxResults are given.
func (x *Index) Nearest(p Pos, n int) []Near {
	n = min(n, MaxResults, len(x.at))
	if n <= 0 {
		return nil
	}
	out := make([]Near, 0, n+1)
	x.tree.Nearby(
		func(lo, hi [2]int64, id base.ID, item bool) float64 {
			if item {
				return float64(p.Dist2(x.at[id]))
			}
			q := Pos{min(max(p.X, lo[0]), hi[0]), p.Y, min(max(p.Z, lo[1]), hi[1])}
			return float64(p.Dist2(q))
		},
		func(_, _ [2]int64, id base.ID, d float64) bool {
			// The tree orders by a rounded distance and breaks ties by its own
			// shape, so everything that rounds to the last distance is looked at.
			if len(out) >= n && d > float64(out[n-1].Dist2) {
				return false
			}
			q := x.at[id]
			near := Near{id, q, p.Dist2(q)}
			i, _ := slices.BinarySearchFunc(out, near, Near.compare)
			if out = slices.Insert(out, i, near); len(out) > n {
				out = out[:n]
			}
			return true
		})
	return out
}

// Within gives the points at most radius units from p, sorted by (distance,
// id). When there are more than MaxResults the nearest are given.
func (x *Index) Within(p Pos, radius int64) []Near {
	if radius < 0 {
		return nil
	}
	// The longest distance there is stays below 1<<32 units.
	radius = min(radius, 1<<32-1)
	limit := uint64(radius) * uint64(radius)
	var out []Near
	x.tree.Search(
		[2]int64{p.X - radius, p.Z - radius}, [2]int64{p.X + radius, p.Z + radius},
		func(_, _ [2]int64, id base.ID) bool {
			q := x.at[id]
			if d := p.Dist2(q); d <= limit {
				out = append(out, Near{id, q, d})
			}
			return true
		})
	slices.SortFunc(out, Near.compare)
	return out[:min(len(out), MaxResults)]
}

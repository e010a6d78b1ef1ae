package member

import (
	"bytes"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Voters gives the voters of a region, sorted, as more than half of the servers
// that serve its epoch name them: a single one could name itself alone, and tell
// who joins any state.
func Voters(servers []base.Key, said map[base.Key]Status, epoch uint64) ([]base.Key, bool) {
	var lists [][]base.Key
	for _, k := range servers {
		st, ok := said[k]
		if !ok || !st.Serving || st.Epoch != epoch {
			continue
		}
		var list []base.Key
		for _, m := range st.Members {
			if !m.Learner {
				list = append(list, m.Key)
			}
		}
		slices.SortFunc(list, base.Key.Compare)
		lists = append(lists, slices.Compact(list))
	}
	for _, l := range lists {
		alike := 0
		for _, o := range lists {
			if slices.Equal(l, o) {
				alike++
			}
		}
		if 2*alike > len(lists) && len(l) > 0 {
			return l, true
		}
	}
	return nil, false
}

// Choose picks the newest checkpoint of at least tick least that is certified, and
// that more than half of the voters offer alike, and says who has it. The
// certificate proves the state; where the log goes on is in none, so a server that
// joins believes no single one about that. Voters that did not answer count
// against a checkpoint. certified judges the certificate of a point.
func Choose(voters []base.Key, said map[base.Key]Status, least base.Tick, certified func(*Point) bool) (best Point, from []base.Key, ok bool) {
	for _, k := range voters {
		for _, p := range said[k].Points {
			if p.Tick < least || ok && p.Tick <= best.Tick {
				continue
			}
			var have []base.Key
			proven := false
			for _, o := range voters {
				if x := offers(said[o].Points, &p); x != nil {
					have = append(have, o)
					proven = proven || certified(x) // one that signed itself may not have the others' votes
				}
			}
			if proven && 2*len(have) > len(voters) {
				best, from, ok = p, have, true
			}
		}
	}
	return best, from, ok
}

func offers(list []Point, p *Point) *Point {
	for i := range list {
		o := &list[i]
		if o.Tick == p.Tick && o.Hash == p.Hash && o.Sum == p.Sum && o.Ref == p.Ref && o.Size == p.Size && bytes.Equal(o.Base, p.Base) {
			return o
		}
	}
	return nil
}

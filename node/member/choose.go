package member

import (
	"bytes"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Voters gives the voters of a region, sorted, as those name them whom a server that
// joins has a reason to believe: more than half of proven, the servers that the
// region's certificates name, or more than half of named, the others in the owner's
// record. Who does not answer counts against it: a single server that can be reached
// could name itself alone, and tell who joins any state. Of named, who says that it
// does not serve the region is not counted; that takes nothing from anybody else. Of
// proven, only the word of those counts that the owner still names.
func Voters(named, proven []base.Key, said map[base.Key]Status, epoch uint64) ([]base.Key, bool) {
	lists := map[base.Key][]base.Key{}
	idle := 0
	for _, k := range named {
		switch st, ok := said[k]; {
		case ok && !st.Serving:
			idle++
		case ok && st.Epoch == epoch:
			lists[k] = st.voters()
		}
	}
	if l, ok := most(lists, proven, len(proven)); ok {
		return l, true
	}
	return most(lists, named, len(named)-idle)
}

// most gives the list that more than half of so many servers name.
func most(lists map[base.Key][]base.Key, by []base.Key, of int) ([]base.Key, bool) {
	for _, k := range by {
		l, alike := lists[k], 0
		for _, o := range by {
			if len(l) > 0 && slices.Equal(l, lists[o]) {
				alike++
			}
		}
		if 2*alike > of {
			return l, len(l) > 0
		}
	}
	return nil, false
}

// voters are those that a server names, sorted.
func (s *Status) voters() (list []base.Key) {
	for _, m := range s.Members {
		if !m.Learner {
			list = append(list, m.Key)
		}
	}
	slices.SortFunc(list, base.Key.Compare)
	return slices.Compact(list)
}

// Leader gives the voter that says it leads, of several the one that most voters
// name: one that lies about it is not in the way of the one that does.
func Leader(voters []base.Key, said map[base.Key]Status) (leader base.Key, ok bool) {
	best := -1
	for _, k := range voters {
		if st := said[k]; !st.Serving || !st.Leading {
			continue
		}
		n := 0
		for _, o := range voters {
			st := said[o]
			if slices.ContainsFunc(st.Members, func(m Peer) bool { return m.ID == st.Leader && m.Key == k }) {
				n++
			}
		}
		if n > best {
			leader, best = k, n
		}
	}
	return leader, best >= 0
}

// Number gives the number of a server in the log, as more than half of the voters
// name it.
func Number(voters []base.Key, said map[base.Key]Status, server base.Key) (id uint64, ok bool) {
	count := map[uint64]int{}
	for _, k := range voters {
		st := said[k]
		i := slices.IndexFunc(st.Members, func(m Peer) bool { return m.Key == server })
		if i < 0 || !st.Serving {
			continue
		}
		if n := st.Members[i].ID; 2*(count[n]+1) > len(voters) {
			return n, true
		} else {
			count[n]++
		}
	}
	return 0, false
}

// Left tells whether more than half of the voters serve the region without the server
// that has a number.
func Left(voters []base.Key, said map[base.Key]Status, id uint64) bool {
	n := 0
	for _, k := range voters {
		if st, ok := said[k]; ok && st.Serving && !slices.ContainsFunc(st.Members, func(m Peer) bool { return m.ID == id }) {
			n++
		}
	}
	return 2*n > len(voters)
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

package raynet

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// liars makes a part of a world collude: they drop routes and answer lookups
// with each other.
func (w *world) liars(evil func(i int) bool) {
	var ring []int
	for i := range w.nodes {
		if evil(i) {
			ring = append(ring, i)
		}
	}
	w.twist = func(i, _ int, cause Input, m wire.Message) wire.Message {
		if !evil(i) {
			return m
		}
		switch m := m.(type) {
		case *wire.Route:
			return nil
		case *wire.Closer:
			r, _ := cause.(Recv)
			q, _ := wire.Parse(r.Bytes)
			f, ok := q.(*wire.Find)
			if !ok {
				return nil
			}
			// Others of the dozen closest each time.
			slices.SortFunc(ring, func(a, b int) int {
				return cmp.Compare(f.Target.Dist2(w.nodes[a].self.point), f.Target.Dist2(w.nodes[b].self.point))
			})
			bait := slices.Clone(ring[:min(12, len(ring))])
			rep := &wire.Closer{Query: m.Query}
			for len(rep.Entries) < int(f.N) && len(bait) > 0 {
				k := w.q.Rand().IntN(len(bait))
				rep.Entries = append(rep.Entries, wire.Entry{Record: w.nodes[bait[k]].self.rec})
				bait = slices.Delete(bait, k, k+1)
			}
			return rep
		}
		return m
	}
}

func (w *world) closestTo(p spatial.Pos) base.Key {
	best, bd := -1, uint64(math.MaxUint64)
	for _, i := range w.alive() {
		if d := p.Dist2(w.nodes[i].self.point); d < bd {
			best, bd = i, d
		}
	}
	return w.nodes[best].id
}

// Rule 6.7: nobody is asked twice by one lookup, and its cost is bounded.
func TestPathsAreDisjoint(t *testing.T) {
	w := newWorld(t, 32, 100, goodLink, uniform)
	w.cfg.MaxPeers, w.cfg.Random = 60, 12
	w.coldStart(3)
	w.run(10)
	w.liars(func(i int) bool { return i%3 == 1 })
	asked := map[uint32]map[int]int{}
	inner := w.twist
	w.twist = func(i, to int, cause Input, m wire.Message) wire.Message {
		if f, ok := m.(*wire.Find); ok && i == 0 {
			if asked[f.Query] == nil {
				asked[f.Query] = map[int]int{}
			}
			asked[f.Query][to]++
		}
		return inner(i, to, cause, m)
	}
	const asks = 30
	right := 0
	want := map[uint64]base.Key{}
	for k := range uint64(asks) {
		target := uniform(0, w.q.Rand())
		want[k] = w.closestTo(target)
		w.step(0, Find{Target: target, Token: k})
		w.run(0.5)
	}
	w.run(10)
	if len(w.found) != asks || len(asked) < asks {
		t.Fatalf("%d answers to %d lookups", len(w.found), len(asked))
	}
	for k, key := range want {
		if w.found[k].Closest[0].Key == key {
			right++
		}
	}
	if right < asks*9/10 {
		t.Errorf("%d of %d lookups right among a third of liars", right, asks)
	}
	for q, who := range asked {
		for j, times := range who {
			if times > 1 {
				t.Errorf("lookup %d asked node %d %d times", q, j, times)
			}
		}
		if len(who) > findMorePaths*wideBudget+findBudget/2 {
			t.Errorf("lookup %d asked %d nodes", q, len(who))
		}
	}
}

// Rule 6.9: a sure route arrives although every hop drops what it is given to
// pass on.
func TestSureRoutesNeedNoHop(t *testing.T) {
	w := newWorld(t, 33, 100, goodLink, uniform)
	w.cfg.MaxPeers, w.cfg.Random = 60, 12
	w.coldStart(3)
	w.run(10)
	w.liars(func(i int) bool { return i%5 == 1 })
	want := map[string]base.Key{}
	for range 40 {
		target := uniform(0, w.q.Rand())
		key := w.closestTo(target)
		if w.index[key]%5 == 1 {
			continue // it drops its own
		}
		name := target.String()
		want[name] = key
		w.step(0, Route{Target: target, Payload: []byte(name), Sure: true})
		w.run(0.5)
	}
	w.run(20)
	right := 0
	for name, key := range want {
		if i, ok := w.delivered[name]; ok && w.nodes[i].id == key {
			right++
		}
	}
	t.Logf("%d of %d sure routes arrived", right, len(want))
	if right*100 < len(want)*90 {
		t.Errorf("%d of %d sure routes arrived", right, len(want))
	}
}

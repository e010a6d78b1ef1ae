package raynet

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/raynet/wire"
)

// check asserts after every Step of a node what must hold of it alone.
func (w *world) check(i int, in Input) {
	n := w.nodes[i]
	fail := func(format string, a ...any) {
		w.t.Helper()
		w.t.Fatalf("node %d at %.3f s after %T: %s", i, float64(w.q.Now())/float64(second), in, fmt.Sprintf(format, a...))
	}
	// 1. Views are sorted, bounded, without self, doubles, strangers and the
	// entombed, and every place is marked where it is held.
	views := []struct {
		name  string
		list  []*peer
		limit int
		in    func(*peer) bool
	}{
		{"near", n.near, n.cfg.Contrib + n.cfg.Sticky, func(p *peer) bool { return p.inNear }},
		{"long", n.long, maxLong, func(p *peer) bool { return p.inLong }},
		{"random", n.random, n.cfg.Random, func(p *peer) bool { return p.inRandom }},
		{"passive", n.passive, n.cfg.Passive, func(p *peer) bool { return p.inPassive }},
	}
	for _, v := range views {
		if len(v.list) > v.limit {
			fail("%s view has %d members", v.name, len(v.list))
		}
		for k, p := range v.list {
			switch {
			case p.rec.Key == n.id || !p.hasRec || !v.in(p):
				fail("%s view holds self, one without a record or one not marked", v.name)
			case k > 0 && comparePeers(v.list[k-1], p) >= 0:
				fail("%s view is not sorted or holds a double", v.name)
			case v.name != "passive" && !n.left && n.tombs.covers(p.id, p.rec.Stamp, n.now):
				fail("%s view holds an entombed record", v.name)
			}
		}
	}
	var marked [4]int
	octaves := map[uint8]int{}
	for k, p := range n.table.all {
		if k > 0 && comparePeers(n.table.all[k-1], p) >= 0 || n.table.ids[k] != p.id {
			fail("the table is not sorted")
		}
		for v := range views {
			if views[v].in(p) {
				marked[v]++
			}
		}
		if p.inLong {
			octaves[p.octave]++
		}
		if (p.near != nil) != p.inNear || (p.near != nil && len(p.near.marks) > n.cfg.Marks) {
			fail("the state of a neighbour is not that of a neighbour")
		}
		if len(p.addr()) > 0 && wire.DigestOf(p.addr()) != p.rec.Addr {
			fail("an address that nobody signed")
		}
	}
	for v := range views {
		if marked[v] != len(views[v].list) {
			fail("%s view has %d members, %d are marked", views[v].name, len(views[v].list), marked[v])
		}
	}
	// 9. What a node keeps is bounded whatever happens.
	if len(n.table.all) > n.cfg.MaxPeers || len(n.tombs.order) > maxTombs || len(n.finds) > maxFinds ||
		len(n.seen.order) > maxSeen || len(n.routes) > maxRoutes+1 || len(n.helps) > maxHelps {
		fail("%d peers, %d tombs, %d finds, %d routes", len(n.table.all), len(n.tombs.order), len(n.finds), len(n.routes))
	}
	// 2. No record of one who is known is ever replaced by an older one.
	if r, ok := in.(Recv); ok {
		if p := n.table.byKey(r.From); p != nil && p.hasRec {
			w.noRegress(i, p)
		}
	}
	// 5. is asserted on every hop: checkHop.
}

// held is the newest record of a peer, which counts as long as the peer is not
// forgotten: what is kept of the past is bounded.
type held struct {
	stamp wire.Stamp
	since instant
}

func (w *world) noRegress(i int, p *peer) {
	old := w.stamps[i][p.rec.Key]
	if old.since == p.sinceAt && p.rec.Stamp.Compare(old.stamp) < 0 {
		w.t.Fatalf("node %d at %.3f s: a record went back from %v to %v", i, float64(w.q.Now())/float64(second), old.stamp, p.rec.Stamp)
	}
	w.stamps[i][p.rec.Key] = held{p.rec.Stamp, p.sinceAt}
}

// leaseGrace is how long a node may hold a lease on one that it no longer
// lists: the lease itself, and the way of its NearUnsub.
const leaseGrace = 11 * second

// checkAll asserts what must hold between nodes and is too dear for every
// step.
func (w *world) checkAll() {
	w.t.Helper()
	for i, n := range w.nodes {
		if w.net.Down(i) || n.left {
			continue
		}
		env := n.env
		for _, p := range n.table.all {
			// 2. Every record held verifies, and none goes back.
			if !p.hasRec {
				continue
			}
			if !env.Verify(p.rec.Key, p.rec.SigningBytes(n.cfg.World), p.rec.Sig[:]) {
				w.t.Fatalf("node %d holds a record that does not verify", i)
			}
			w.noRegress(i, p)
			// 6. Who holds a lease lists the one that gave it.
			j, known := w.index[p.rec.Key]
			if !known || !n.ahead(p.leaseTo) || w.net.Down(j) || w.nodes[j].left {
				continue
			}
			if q := w.nodes[j].table.byKey(n.id); q != nil && q.inNear {
				delete(w.refused[i], p.rec.Key)
			} else if since, seen := w.refused[i][p.rec.Key]; !seen {
				w.refused[i][p.rec.Key] = w.q.Now()
			} else if w.q.Now()-since > leaseGrace && w.net.Reaches(i, j) && int64(p.leaseTo)<<instantBits-w.q.Now() > leaseGrace {
				w.t.Fatalf("node %d gives %d a lease that is of no use for %d s", i, j, (w.q.Now()-since)/second)
			}
		}
	}
}

// 3. In a world that stands still another selection changes next to nothing:
// the lattice turns, and hold keeps members that are as good as newcomers.
func (w *world) fixpoint() (changes float64) {
	for _, i := range w.alive() {
		n := w.nodes[i]
		before := slices.Clone(n.near)
		var out Outbox
		n.out = &out
		n.reselect()
		n.out = nil
		for _, p := range n.near {
			if !slices.Contains(before, p) {
				changes++
			}
		}
	}
	return changes / float64(len(w.alive()))
}

// 7. The living are one component by near, long and random views.
func (w *world) components() int {
	up := make([]int, len(w.nodes))
	for i := range up {
		up[i] = i
	}
	var find func(i int) int
	find = func(i int) int {
		if up[i] != i {
			up[i] = find(up[i])
		}
		return up[i]
	}
	alive := w.alive()
	for _, i := range alive {
		n := w.nodes[i]
		for _, view := range [][]*peer{n.near, n.long, n.random} {
			for _, p := range view {
				if j := w.index[p.rec.Key]; !w.net.Down(j) && !w.nodes[j].left {
					up[find(i)] = find(j)
				}
			}
		}
	}
	roots := map[int]bool{}
	for _, i := range alive {
		roots[find(i)] = true
	}
	return len(roots)
}

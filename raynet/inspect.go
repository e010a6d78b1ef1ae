package raynet

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// Near lists the near view, sorted by key.
func (n *Node) Near() []NeighbourInfo { return n.infos(n.near) }

// Long lists the long links, sorted by key.
func (n *Node) Long() []NeighbourInfo { return n.infos(n.long) }

// Random lists the random view, sorted by key: an even sample of the world.
func (n *Node) Random() []NeighbourInfo { return n.infos(n.random) }

// Keys calls each with the keys of the near, long and random views: what a
// simulator asks of a million nodes, without memory of its own.
func (n *Node) Keys(near, long, random func(key *base.Key)) {
	for _, p := range n.near {
		near(&p.rec.Key)
	}
	for _, p := range n.long {
		long(&p.rec.Key)
	}
	for _, p := range n.random {
		random(&p.rec.Key)
	}
}

// Known lists every node with a usable record, sorted by key: all views and
// the pool of heard records.
func (n *Node) Known() []NeighbourInfo {
	var ps []*peer
	for _, p := range n.table.all {
		if n.usable(p) {
			ps = append(ps, p)
		}
	}
	return n.infos(ps)
}

// Peer gives what is known of one node.
func (n *Node) Peer(key base.Key) (NeighbourInfo, bool) {
	p := n.table.byKey(key)
	if p == nil || !p.hasRec {
		return NeighbourInfo{}, false
	}
	return n.info(p), true
}

// Self is this node as its neighbours see it.
func (n *Node) Self() NeighbourInfo {
	return NeighbourInfo{Key: n.id, Pos: n.self.pos, Vel: n.self.vel, Kind: n.kind, AOI: n.self.aoi, Live: !n.left}
}

// Cache gives entries worth keeping for the Bootstrap of the next run: at
// most max, those known longest first, because who stayed long stays longer.
func (n *Node) Cache(max int) []wire.Entry {
	var ps []*peer
	for _, p := range n.table.all {
		if p.hasRec && p.heardAt != unheard && !p.suspect {
			ps = append(ps, p)
		}
	}
	slices.SortStableFunc(ps, func(a, b *peer) int {
		switch {
		case a.sinceAt < b.sinceAt:
			return -1
		case a.sinceAt > b.sinceAt:
			return 1
		}
		return 0
	})
	var out []wire.Entry
	for _, p := range ps[:min(len(ps), max)] {
		out = append(out, n.entry(p))
	}
	return out
}

// Counters gives the totals since New.
func (n *Node) Counters() Counters { return n.n }

// Joined reports whether the first closure is complete.
func (n *Node) Joined() bool { return n.joined }

func (n *Node) infos(ps []*peer) []NeighbourInfo {
	out := make([]NeighbourInfo, 0, len(ps))
	for _, p := range ps {
		out = append(out, n.info(p))
	}
	return out
}

func (n *Node) info(p *peer) NeighbourInfo {
	return NeighbourInfo{
		Key: p.key(), Pos: n.clamp(p.whereabouts(n.now)), Vel: p.vel.Vec(),
		Kind: p.rec.Kind, AOI: p.rec.AOI, AgeNs: max(n.now-p.poseAt, 0), Rays: p.rays(),
		Live: p.heardAt != unheard && !p.suspect,
	}
}

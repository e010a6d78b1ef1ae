package presence

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/presence/wire"
)

// Rank hysteresis, in percent of the squared distance: who has a rate keeps
// it until another is nearer by a sixth (full) or a twelfth (slow).
const (
	keepFull = 70
	keepSlow = 85
)

// rank gives every avatar of interest its rate by distance: the nearest the
// full one, the next the slow one, and the rest none.
func (n *Node) rank() {
	n.rankSoon = false
	s := n.env.Scratch()
	keys := s.keys[:0]
	known := 0 // first-hand and of interest
	pos, vel := n.me.at(n.now)
	for i := range n.peers {
		p := &n.peers[i]
		if !p.used() {
			continue
		}
		d2 := p.d2
		switch {
		case p.want == wire.Full:
			d2 = d2 * keepFull / 100
		case p.out != outNone:
			d2 = d2 * keepSlow / 100
		case n.now < p.unsubAt+second || n.isRefused(p.id) ||
			!meets(sub(p.pos(n.now), pos), speed(p.body.Vel).minus(speed(vel)), n.interest(), n.cfg.Lookahead):
			continue
		}
		known++
		keys = append(keys, min(d2, 1<<50)<<9|int64(i))
	}
	slices.Sort(keys)
	s.keys = keys
	last := int64(0)
	for i, key := range keys {
		p := &n.peers[key&511]
		want := wire.None
		switch {
		case i < n.cfg.Full:
			want = wire.Full
		case i < n.cfg.Subs:
			want = wire.Slow
		}
		if want != wire.None {
			last = max(last, p.d2)
		}
		switch {
		case want == wire.None:
			if p.out != outNone {
				n.unsubscribe(p)
				n.demote(p)
			}
		case p.out == outNone:
			if n.pending < maxPending {
				n.subscribe(p, want)
			}
		case want != p.want && p.out == outLive:
			// One that has not answered yet gets its class with the answer.
			n.subscribe(p, want)
		}
	}
	n.crowd(known, root(last))
	if n.turn%4 == 0 || n.budget.poses < cost(poseSize) {
		n.orderSubs()
	}
}

// crowd decides whether there are more avatars than subscriptions. In a crowd
// sensors tell of those beyond reach, the distance of the last subscription.
func (n *Node) crowd(known int, last int64) {
	switch {
	case known >= n.cfg.Subs:
		n.crowded = true
	case known < n.cfg.Subs*7/8:
		n.crowded = false
	}
	n.reach = n.interest()
	if n.crowded {
		n.reach = min(last, n.reach)
	}
	n.assign()
}

// reachUnits is reach as it is told to others.
func (n *Node) reachUnits() uint32 {
	if !n.crowded {
		return noReach
	}
	return uint32(n.reach)
}

// noReach in a Sub says that the asker subscribes to all in its area of
// interest.
const noReach = 1<<32 - 1

// orderSubs sorts the subscribers by distance, for the budget.
func (n *Node) orderSubs() {
	slices.SortFunc(n.subs, func(a, b subscriber) int {
		return cmp.Or(cmp.Compare(n.peers[a.at].d2, n.peers[b.at].d2), cmp.Compare(a.at, b.at))
	})
}

// promote asks for the key of an avatar known by hearsay that is near enough
// for a subscription. The subscribed peer nearest to it is asked: it knows it
// first-hand if anybody does.
func (n *Node) promote(h *hearsay, at wire.Point) {
	best, nearest := -1, int64(0)
	for i := range n.peers {
		p := &n.peers[i]
		if p.out != outLive {
			continue
		}
		// Should it not know, another is tried the next time.
		if d := sub(p.pos(n.now), at).len2(); best < 0 || d < nearest {
			if h.whoAt == never || mix(uint64(p.id)^uint64(n.turn))&3 != 0 {
				best, nearest = i, d
			}
		}
	}
	if best >= 0 {
		h.whoAt = n.now
		n.who(best, h.id)
	}
}

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

// outside is added to the squared distance, in the ranking, of those who are
// of no interest any more.
const outside = 1 << 48

// urgency orders avatars by who should be subscribed to first, the least
// first: those in the area of interest by distance, then those who will be by
// the time until they are, then the rest. d is the offset and v the relative
// velocity.
func (n *Node) urgency(d, v vec, soon bool) int64 {
	r, d2 := n.interest(), d.len2()
	switch {
	case d2 <= r*r:
		return d2
	case soon:
		return r*r + min(r*r/1000*n.entersIn(d, v, r), outside/4)
	}
	return outside + min(d2, outside)
}

// entersIn is the time in ms until an offset with the relative velocity v is
// within r, if it goes on approaching as now, at most the lookahead.
func (n *Node) entersIn(d, v vec, r int64) int64 {
	far := max(root(d.len2()), 1)
	limit := n.cfg.Lookahead / millisecond
	closing := -(d.x*v.x + d.y*v.y + d.z*v.z) / far
	if closing <= 0 {
		return limit
	}
	return min(max(far-r, 0)*1000/closing, limit)
}

// rank gives every avatar of interest its rate: the most urgent the full one,
// the next the slow one, and the rest none.
func (n *Node) rank() {
	n.rankSoon = false
	s := n.env.Scratch()
	keys := s.keys[:0]
	inside, r2 := 0, n.interest()*n.interest()
	pos, vel := n.me.at(n.now)
	for i := range n.peers {
		p := &n.peers[i]
		if !p.used() {
			continue
		}
		soon := p.awayAt == never
		if p.out == outNone {
			if n.now < p.unsubAt+second || n.isRefused(p.id) {
				continue
			}
			if soon = meets(sub(p.pos(n.now), pos), speed(p.body.Vel).minus(speed(vel)), n.interest(), n.cfg.Lookahead); !soon {
				continue
			}
		}
		key := n.urgency(sub(p.pos(n.now), pos), speed(p.body.Vel).minus(speed(vel)), soon)
		if p.d2 <= r2 {
			inside++
		}
		switch {
		case p.want == wire.Full:
			key = key / 100 * keepFull
		case p.out != outNone:
			key = key / 100 * keepSlow
		}
		keys = append(keys, key<<9|int64(i))
	}
	slices.Sort(keys)
	s.keys = keys
	last := int64(0)
	n.least = 0
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
			n.least = key >> 9
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
	n.crowd(inside, root(last))
	if n.turn%4 == 0 || n.budget.poses < cost(poseSize) {
		n.orderSubs()
	}
}

// crowd decides whether there are more avatars than subscriptions. In a crowd
// sensors tell of those beyond reach, the distance of the last subscription.
func (n *Node) crowd(inside int, last int64) {
	switch {
	case inside >= n.cfg.Subs:
		n.crowded = true
	case inside < n.cfg.Subs*7/8:
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

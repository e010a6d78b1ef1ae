package raynet

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/spatial"
)

// False identities cost nothing, time does. A node that has stayed at a place
// seats up to Sticky elders: neighbours known for long, chosen so that they
// surround it. Nobody takes the seat of an elder who is there, so a ring of
// newcomers, however tight, leaves a node those through whom it can be found
// and asked for the way.

const (
	// elderStay is how long a node must have been at its place before
	// anybody is an elder: a joiner or a mover knows nobody long enough.
	elderStay = 60 * second
	// elderDrift, in local spacings, is how far it may go and still be at
	// that place.
	elderDrift = 2
	// electEvery is the least time between two elections.
	electEvery = 5 * second
	// apartElders: elders closer to each other than this part of the local
	// spacing count as one.
	apartElders = 8
)

// seat is that of one elder.
type seat struct {
	p    *peer
	dist float64 // when it was taken, metres
}

// stayed is how long the node has been where it is.
func (n *Node) stayed() int64 {
	if at := n.elderSpacing(); n.anchorAt == never || (at > 0 && metres(n.self.pos, n.anchor) > elderDrift*at) {
		n.anchor, n.anchorAt = n.self.pos, n.now
	}
	return n.now - n.anchorAt
}

// elderSpacing is the local spacing, of those who were here before whoever has
// crowded in since: the mean distance of the elders when they took their seats.
func (n *Node) elderSpacing() float64 {
	if len(n.seats) == 0 {
		return n.spacing
	}
	sum := 0.0
	for _, s := range n.seats {
		sum += s.dist
	}
	return sum / float64(len(n.seats))
}

// senior says that a peer has been known at about its place for Senior, or for
// half the time that this node has been here.
func (n *Node) senior(p *peer) bool {
	return n.since(p.sinceAt) >= min(n.cfg.Senior, (n.now-n.anchorAt)/2)
}

// seatElders fills free seats, when somebody is fit for one, and adds those
// elders to a new near view that are not in it.
func (n *Node) seatElders(chosen []*peer) []*peer {
	if n.cfg.Sticky == 0 {
		return chosen
	}
	if n.stayed() < elderStay {
		n.seats = nil
		return chosen
	}
	n.seats = slices.DeleteFunc(n.seats, func(s seat) bool {
		// One who walks off is a neighbour no more.
		return !s.p.hasRec || (!s.p.inNear && !n.usable(s.p)) ||
			metres(n.self.point, s.p.at(n.now)) > 3*s.dist
	})
	if len(n.seats) < n.cfg.Sticky && n.now >= n.electedAt+electEvery {
		n.electedAt = n.now
		n.elect()
	}
	for _, s := range n.seats {
		if !slices.Contains(chosen, s.p) {
			chosen = append(chosen, s.p)
		}
	}
	return chosen
}

// elect fills the free seats by a selection among seniors only.
func (n *Node) elect() {
	j := &n.env.Scratch().second
	j.cands, j.at = j.cands[:0], j.at[:0]
	for _, p := range n.table.all {
		if n.usable(p) && p.heardAt != unheard && n.senior(p) {
			j.add(candidate{p: p}, n.self.point, apart(n.self.point, p.at(n.now), &n.id, &p.rec.Key))
		}
	}
	cs := n.judge(j, n.self.point)
	slices.SortStableFunc(cs, compareCandidates)
	for i := range cs {
		if len(n.seats) == n.cfg.Sticky || cs[i].score.Rays == 0 {
			break
		}
		p := cs[i].p
		if !slices.ContainsFunc(n.seats, func(s seat) bool { return n.oneElder(p, s.p) }) {
			n.seats = append(n.seats, seat{p, max(metres(n.self.point, p.at(n.now)), 0.01)})
		}
	}
}

// oneElder says that two may be one and the same behind two keys.
func (n *Node) oneElder(p, q *peer) bool {
	return p == q || (p.group != 0 && p.group == q.group) ||
		metres(p.at(n.now), q.at(n.now)) < n.spacing/apartElders
}

func metres(a, b spatial.Pos) float64 {
	return math.Sqrt(float64(a.Dist2(b))) / spatial.Unit
}

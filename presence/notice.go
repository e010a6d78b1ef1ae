package presence

import (
	"slices"

	"github.com/metatopia/metatopia/presence/wire"
)

// reporters is how many of those who see a pair tell it: enough that one or
// two may be wrong about it, or silent.
const reporters = 3

// notices finds pairs of peers that have come to matter to each other, and
// tells both. It compares a bounded number of pairs each time and goes on
// there the next: with 50 peers all pairs each time, with 200 every two
// seconds.
//
// Why this finds everybody: let C be in B's area of interest, unknown to B. If
// nobody is inside the ball that has BC as its diameter, the two are
// neighbours in the Delaunay graph, and the overlay names them. Otherwise
// whoever is inside is nearer to both than they are to each other, so (by
// induction on the distance) knows both and tells them.
func (n *Node) notices() {
	s := n.env.Scratch()
	n.gather(s)
	c := s.near
	told := 0
	left := maxPairs
	if n.pairAt >= len(c) {
		n.pairAt = 0
	}
	for range c {
		if left <= 0 || told >= maxNotices {
			break
		}
		i := n.pairAt
		n.pairAt = (i + 1) % len(c)
		a := &c[i]
		row := &n.told[a.at]
		left -= len(c) - i
		for j := i + 1; j < len(c); j++ {
			b := &c[j]
			if a.r == 0 && b.r == 0 {
				continue
			}
			d := a.pos.minus(b.pos)
			known := row[b.at>>6]>>(b.at&63)&1 != 0
			d2, r2 := d.len2(), max(a.r2, b.r2)
			near := d2 <= r2
			if !near && (a.moves || b.moves) {
				v := a.vel.minus(b.vel)
				near = meets(d, v, max(a.r, b.r), n.cfg.Lookahead)
			}
			// A pair counts as parted only well outside, so that one who
			// turns to and fro at the edge is not told of each time.
			if near == known || !near && d2 <= r2+r2/4 {
				continue
			}
			n.setTold(a.at, b.at, near)
			if !near {
				continue
			}
			mine, work := n.reports(c, i, j)
			left -= work
			if !mine {
				continue
			}
			v := a.vel.minus(b.vel)
			if meets(d, v, a.r, n.cfg.Lookahead) {
				s.tell = append(s.tell, telling{a.at, b.at})
				told++
			}
			if meets(d, v, b.r, n.cfg.Lookahead) {
				s.tell = append(s.tell, telling{b.at, a.at})
				told++
			}
		}
	}
	n.tell(s)
}

// scanned is a peer as the scan of pairs needs it.
type scanned struct {
	at     int // place
	pos    vec // from this node
	vel    vec
	r, r2  int64 // how far it wants to be told of others
	sight2 int64 // how far it sees, squared
	moves  bool
}

// gather lists the peers whose own word is fresh.
func (n *Node) gather(s *Scratch) {
	s.near = s.near[:0]
	pos, _ := n.me.at(n.now)
	for i := range n.peers {
		p := &n.peers[i]
		if !n.usable(p) {
			continue
		}
		r := int64(p.body.AOI) * 1024
		r += margin(r)
		sight2 := r * r
		if p.in == wire.None || p.reach < r/2 {
			// It does not listen to this node, or it is in a crowd: those
			// who come near it are known to it by digests.
			r = 0
		} else {
			r = min(r, p.reach)
		}
		s.near = append(s.near, scanned{
			at: i, pos: sub(p.pos(n.now), pos), vel: speed(p.body.Vel), r: r, r2: r * r, sight2: sight2,
			moves: p.body.Vel != wire.Velocity{},
		})
	}
}

// reports decides whether this node is among those who tell a pair: the few
// nearest to the point halfway between them, who have surely known both for
// some time. work is how many it has looked at.
func (n *Node) reports(c []scanned, i, j int) (is bool, work int) {
	a, b := &c[i], &c[j]
	mid := vec{(a.pos.x + b.pos.x) / 2, (a.pos.y + b.pos.y) / 2, (a.pos.z + b.pos.z) / 2}
	mine := mid.len2() // this node is the origin
	nearer := 0
	for k := range c {
		if k == i || k == j {
			continue
		}
		m := &c[k]
		if m.pos.minus(mid).len2() < mine && m.pos.minus(a.pos).len2() <= m.sight2 && m.pos.minus(b.pos).len2() <= m.sight2 {
			if nearer++; nearer == reporters {
				return false, k
			}
		}
	}
	return true, len(c)
}

// setTold notes for a pair that both know each other, or no longer need to.
func (n *Node) setTold(a, b int, yes bool) {
	if yes {
		n.told[a][b>>6] |= 1 << (b & 63)
		n.told[b][a>>6] |= 1 << (a & 63)
		return
	}
	n.told[a][b>>6] &^= 1 << (b & 63)
	n.told[b][a>>6] &^= 1 << (a & 63)
}

// unsettle forgets what others were told of the peer at a place.
func (n *Node) unsettle(at int) {
	for i := range n.told {
		n.told[i][at>>6] &^= 1 << (at & 63)
	}
	n.told[at] = [maxPeers / 64]uint64{}
}

// telling is a notice to be sent: about is to be named to to.
type telling struct{ to, about int }

// tell sends the notices, at most one message of entries to a peer.
func (n *Node) tell(s *Scratch) {
	slices.SortFunc(s.tell, func(a, b telling) int {
		if a.to != b.to {
			return a.to - b.to
		}
		return a.about - b.about
	})
	for q := s.tell; len(q) > 0; {
		k := 1
		for k < len(q) && q[k].to == q[0].to && k < wire.MaxEntries {
			k++
		}
		m := &wire.Notice{Entries: make([]wire.Entry, k)}
		for i := range m.Entries {
			m.Entries[i] = n.entry(&n.peers[q[i].about])
		}
		n.send(n.peers[q[0].to].key, Reliable, m)
		q = q[k:]
	}
	s.tell = s.tell[:0]
}

package presence

import (
	"github.com/metatopia/metatopia/presence/wire"
)

// assign chooses, for each sector around this node, the publisher that is its
// sensor there. As in pSense (Schmieg and others 2008) a sensor tells of
// those beyond the own reach; since no two have the same sector, nobody is
// told twice. A sensor stands in its sector and nearer to those beyond than
// this node does, so that news comes closer with every step, in few steps
// when the sensor is far out.
func (n *Node) assign() {
	var duty [wire.Sectors]int
	var score [wire.Sectors]uint64
	if n.crowded {
		pos, _ := n.me.at(n.now)
		outer := n.reach * 11 / 20
		for i := range n.peers {
			p := &n.peers[i]
			if p.out != outLive || p.want == wire.None || n.now > p.heard+n.cfg.doubtAfter() {
				continue
			}
			s := sectorOf(sub(p.pos(n.now), pos))
			// Far out is best; among those who was it before, else by a
			// hash, so that all carry their part.
			v := mix(uint64(p.id)^uint64(n.self)) >> 3
			if p.duty>>s&1 != 0 {
				v |= 1 << 61
			}
			if p.d2 >= outer*outer {
				v |= 1 << 62
			}
			if v|1 > score[s] {
				score[s], duty[s] = v|1, i
			}
		}
		n.lend(&duty, &score)
	}
	var next [maxPeers]uint32
	for s := range duty {
		if score[s] != 0 {
			next[duty[s]] |= 1 << s
		}
	}
	for i := range n.peers {
		p := &n.peers[i]
		if p.duty != next[i] && p.out != outNone {
			p.duty = next[i]
			n.sendSub(p, p.want)
		}
	}
}

// lend gives the sectors in which nobody stands to the publisher that is
// nearest to their middle by angle, if it is within a right angle.
func (n *Node) lend(duty *[wire.Sectors]int, score *[wire.Sectors]uint64) {
	pos, _ := n.me.at(n.now)
	for s := range duty {
		if score[s] != 0 {
			continue
		}
		axis, best := sectorAxis(s), 0.0
		for i := range n.peers {
			p := &n.peers[i]
			if p.out != outLive || p.d2 == 0 || n.now > p.heard+n.cfg.doubtAfter() {
				continue
			}
			dot := float64(axis.dot(sub(p.pos(n.now), pos)))
			if dot <= 0 {
				continue
			}
			// cos² of the angle, up to a factor; each step is exactly
			// rounded, and nothing is added that could be fused.
			if v := dot * dot / float64(p.d2); v > best {
				best, duty[s], score[s] = v, i, 1
			}
		}
	}
}

// digests serves those whose sensor this node is.
func (n *Node) digests() {
	for _, at := range n.subs {
		p := &n.peers[at]
		if p.sectors == 0 {
			continue
		}
		if p.cursor < 0 {
			if n.now < p.roundAt+n.cfg.DigestEvery {
				continue
			}
			p.since, p.roundAt, p.cursor = p.roundAt, n.now, 0
		}
		n.digest(p)
	}
}

// digest goes on with the round for one receiver, until it is done or the
// budget is spent. A round names those of whom there is news since the round
// before began.
func (n *Node) digest(p *peer) {
	origin := p.pos(n.now)
	// A little is told twice: who stands at the edge of the reach must be
	// known before it can be subscribed to.
	beyond := p.reach * 15 / 16
	aoi := int64(p.body.AOI) * 1024
	aoi += margin(aoi)
	marks := n.env.Scratch().marks[:0]
	all := len(n.peers) + len(n.heard)
	for ; p.cursor < all; p.cursor++ {
		if len(marks) == wire.MaxMarks {
			n.sendMarks(p, origin, marks)
			marks = marks[:0]
		}
		if n.budget.digests < cost(len(marks)*wire.MarkSize) {
			n.n.Cut++
			break
		}
		var id wire.ShortID
		var b wire.Body
		var at, since int64
		if i := p.cursor; i < len(n.peers) {
			q := &n.peers[i]
			if q == p || !n.usable(q) {
				continue
			}
			id, b, at, since = q.id, q.body, q.at, q.at
		} else {
			h := &n.heard[i-len(n.peers)]
			if n.now-h.at > hearsayAge {
				continue
			}
			id, b.Pos, b.Vel, b.Stamp.Seq, at, since = h.id, h.pos, h.vel, uint32(h.seq), h.at, h.since
		}
		if since <= p.since || id == p.id {
			continue
		}
		d := sub(ahead(b.Pos, b.Vel, n.now-at), origin)
		if d2 := d.len2(); d2 <= beyond*beyond || d2 > aoi*aoi || p.sectors>>sectorOf(d)&1 == 0 {
			continue
		}
		if m, ok := mark(id, &b, sub(b.Pos, origin), n.now-at); ok {
			marks = append(marks, m)
		}
	}
	n.env.Scratch().marks = marks
	if p.cursor >= all {
		p.cursor = -1
	}
	if len(marks) > 0 {
		n.sendMarks(p, origin, marks)
	}
}

func (n *Node) sendMarks(p *peer, origin wire.Point, marks []wire.Mark) {
	n.send(p.key, Bulk, &wire.Digest{Origin: wire.PointOf(origin.Pos()), Marks: append([]wire.Mark(nil), marks...)})
}

// mark makes the compact form; false when the avatar is too far off for it.
func mark(id wire.ShortID, b *wire.Body, d vec, age int64) (wire.Mark, bool) {
	const most = 32767 * wire.RelUnit
	if abs(d.x) > most || abs(d.y) > most || abs(d.z) > most {
		return wire.Mark{}, false
	}
	return wire.Mark{
		ID: id, Seq: uint16(b.Stamp.Seq),
		Rel: [3]int16{int16(d.x / wire.RelUnit), int16(d.y / wire.RelUnit), int16(d.z / wire.RelUnit)},
		Vel: [3]int8{quarter(b.Vel.X), quarter(b.Vel.Y), quarter(b.Vel.Z)},
		Age: tenths(age),
	}, true
}

func quarter(v int16) int8 {
	return int8(min(max((int(v)+sgn(v)*wire.MarkSpeed/2)/wire.MarkSpeed, -127), 127))
}

func sgn(v int16) int {
	if v < 0 {
		return -1
	}
	return 1
}

func tenths(age int64) uint8 { return uint8(min(max(age, 0)/(second/10), 255)) }

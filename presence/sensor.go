package presence

import (
	"math/bits"

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
		outer, least := n.reach*11/20, n.reach*7/20
		for i := range n.peers {
			p := &n.peers[i]
			if p.out != outLive || p.want == wire.None || n.now > p.heard+n.cfg.doubtAfter() {
				continue
			}
			d := sub(p.pos(n.now), pos)
			// Who was it before stays it while its direction is about right:
			// a new sensor begins with all it knows.
			if p.d2 >= least*least {
				for left := p.duty; left != 0; left &= left - 1 {
					if s := bits.TrailingZeros32(left); p.d2 > 0 && cos2(sectorAxis(s), d)/float64(p.d2) >= wide {
						score[s], duty[s] = 1<<63, i
					}
				}
			}
			// Far out is best; among those the hash decides, so that all
			// carry their part.
			v := mix(uint64(p.id)^uint64(n.self))>>2 | 1
			if p.d2 >= outer*outer && p.d2 <= n.reach*n.reach*3/4 {
				v |= 1 << 62
			}
			if s := sectorOf(d); v > score[s] {
				score[s], duty[s] = v, i
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

// wide is cos² of 45 degrees, times the squared length of a sector's axis.
const wide = 113 * 0.5

// cos2 is the squared cosine between two offsets times their squared lengths;
// 0 beyond a right angle. Nothing is added that a CPU could fuse.
func cos2(a, b vec) float64 {
	dot := float64(a.dot(b))
	if dot <= 0 {
		return 0
	}
	return dot * dot
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
			if v := cos2(axis, sub(p.pos(n.now), pos)) / float64(p.d2); v > best {
				best, duty[s], score[s] = v, i, 1
			}
		}
	}
}

// digests serves those whose sensor this node is, in turn: when the budget is
// spent it goes on with the same receiver the next time, so that all get their
// rounds, only less often.
func (n *Node) digests() {
	for range n.peers {
		if n.digestTurn >= len(n.peers) {
			n.digestTurn = 0
		}
		p := &n.peers[n.digestTurn]
		if p.sectors != 0 {
			if p.cursor < 0 && n.now >= p.roundAt+n.cfg.DigestEvery {
				p.since, p.roundAt, p.cursor = p.roundAt, n.now, 0
				p.all, p.begun = p.begun, 0
			}
			if p.cursor >= 0 {
				n.digest(p)
			}
			if p.cursor >= 0 {
				return
			}
		}
		n.digestTurn++
	}
}

// digest goes on with the round for one receiver, until it is done or the
// budget is spent. A round names those of whom there is news since the round
// before began, and all in sectors that are new.
func (n *Node) digest(p *peer) {
	origin := p.pos(n.now)
	// A little is told twice: who stands at the edge of the reach must be
	// known before it can be subscribed to.
	beyond := p.reach * 7 / 8
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
		if since <= p.since && p.all == 0 || id == p.id {
			continue
		}
		d := sub(ahead(b.Pos, b.Vel, n.now-at), origin)
		if d2 := d.len2(); d2 <= beyond*beyond || d2 > aoi*aoi {
			continue
		}
		if s := sectorOf(d); p.sectors>>s&1 == 0 || since <= p.since && p.all>>s&1 == 0 {
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

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
	listed := false
	s := n.env.Scratch()
	for range n.peers {
		if n.digestTurn >= len(n.peers) {
			n.digestTurn = 0
		}
		p := &n.peers[n.digestTurn]
		if p.sectors != 0 {
			if p.cursor < 0 && n.now >= p.roundAt+n.cfg.DigestEvery<<p.idle {
				p.since, p.roundAt, p.cursor = p.roundAt, n.now, 0
				p.all, p.begun = p.begun, 0
				// Where nobody is, looking again can wait a little.
				p.idle = min(p.idle+1, 2)
			}
			if p.cursor >= 0 {
				if !listed {
					n.listKnown(s)
					n.budget.lend(n.cfg)
					listed = true
				}
				n.digest(p, s.known)
			}
			if p.cursor >= 0 {
				return
			}
		}
		n.digestTurn++
	}
}

// known is an avatar as a digest names it, thought on to now.
type known struct {
	id    wire.ShortID
	pos   wire.Point
	since int64 // when news of it came
	age   int64
	vel   wire.Velocity
	seq   uint16
}

// listKnown lists all that digests may name, direct relations first.
func (n *Node) listKnown(s *Scratch) {
	s.known = s.known[:0]
	for i := range n.peers {
		if p := &n.peers[i]; n.usable(p) {
			s.known = append(s.known, known{p.id, p.pos(n.now), p.at, n.now - p.at, p.body.Vel, uint16(p.body.Stamp.Seq)})
		}
	}
	for i := range n.heard {
		if h := &n.heard[i]; n.now-h.at <= hearsayAge {
			s.known = append(s.known, known{h.id, h.place(n.now), h.since, n.now - h.at, h.vel, h.seq})
		}
	}
}

// digest goes on with the round for one receiver, until it is done or the
// budget is spent. A round names those of whom there is news since the round
// before began, and all in sectors that are new. The list may change while a
// round waits for budget: who is passed over is named in the next.
func (n *Node) digest(p *peer, list []known) {
	origin := p.pos(n.now)
	// A little is told twice: who stands at the edge of the reach must be
	// known before it can be subscribed to.
	beyond := p.reach * 7 / 8
	beyond *= beyond
	aoi := int64(p.body.AOI) * 1024
	aoi += margin(aoi)
	aoi *= aoi
	s := n.env.Scratch()
	marks := s.marks[:0]
	for ; p.cursor < len(list); p.cursor++ {
		k := &list[p.cursor]
		news := k.since > p.since
		if !news && p.all == 0 {
			continue
		}
		d := sub(k.pos, origin)
		sector := sectorOf(d)
		if p.sectors>>sector&1 == 0 || !news && p.all>>sector&1 == 0 {
			continue
		}
		if d2 := d.len2(); d2 <= beyond || d2 > aoi || k.id == p.id {
			continue
		}
		if len(marks) == wire.MaxMarks {
			n.sendMarks(p, origin, marks)
			marks = marks[:0]
		}
		if n.budget.digests < cost((len(marks)+1)*wire.MarkSize) {
			n.n.Cut++
			break
		}
		if m, ok := mark(k, d); ok {
			marks = append(marks, m)
		}
	}
	s.marks = marks
	if p.cursor >= len(list) {
		p.cursor = -1
	}
	if len(marks) > 0 {
		p.idle = 0
		n.sendMarks(p, origin, marks)
	}
}

func (n *Node) sendMarks(p *peer, origin wire.Point, marks []wire.Mark) {
	n.send(p.key, Bulk, &wire.Digest{Origin: wire.PointOf(origin.Pos()), Marks: append([]wire.Mark(nil), marks...)})
}

// mark makes the compact form; false when the avatar is too far off for it.
// The place is that of now, so only the velocity says how it will change.
func mark(k *known, d vec) (wire.Mark, bool) {
	const most = 32767 * wire.RelUnit
	if abs(d.x) > most || abs(d.y) > most || abs(d.z) > most {
		return wire.Mark{}, false
	}
	return wire.Mark{
		ID: k.id, Seq: k.seq,
		Rel: [3]int16{int16(d.x / wire.RelUnit), int16(d.y / wire.RelUnit), int16(d.z / wire.RelUnit)},
		Vel: [3]int8{quarter(k.vel.X), quarter(k.vel.Y), quarter(k.vel.Z)},
		Age: tenths(k.age),
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

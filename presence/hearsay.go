package presence

import (
	"github.com/metatopia/metatopia/presence/wire"
)

// hearsayAge is how long an avatar is believed in that no digest names again:
// six rounds of digests.
const hearsayAge = 12 * second

// hearsay is an avatar that digests named.
type hearsay struct {
	id    wire.ShortID
	pos   wire.Point // at since
	vel   wire.Velocity
	seq   uint16
	seen  bool
	from  int32 // place of the peer that said so; -1 when that is gone
	at    int64 // when the pose was made
	since int64 // when it was told
	whoAt int64 // when its key was asked for
}

// place thinks the avatar on to now. All who handed it on have done the same,
// together for no longer than maxExtrapolate after the pose was made.
func (h *hearsay) place(now int64) wire.Point {
	return ahead(h.pos, h.vel, min(now-h.since, maxExtrapolate-(h.since-h.at)))
}

// hear takes what a peer says of an avatar; from is the peer's place.
func (n *Node) hear(from int, id wire.ShortID, seq uint16, pos wire.Point, vel wire.Velocity, at int64) {
	if id == n.self || n.index.get(id) >= 0 {
		return // first-hand knowledge is better
	}
	i := n.hindex.get(id)
	if i < 0 {
		p := &n.peers[from]
		if len(n.heard) >= n.cfg.MaxHearsay || p.named >= maxPerSource {
			n.n.TooMany++
			return
		}
		if !n.inside(pos) {
			return
		}
		i = len(n.heard)
		n.heard = append(n.heard, hearsay{id: id, from: int32(from), whoAt: never})
		n.hindex.put(id, i)
		p.named++
		n.enterHearsay(&n.heard[i])
	} else if h := &n.heard[i]; int16(seq-h.seq) <= 0 && n.now-h.since < hearsayAge/2 {
		// Two sources say the same, or the later one is behind. An entry
		// that is old itself gives way: the avatar may have started anew.
		return
	}
	h := &n.heard[i]
	h.seq, h.pos, h.vel, h.at, h.since = seq, pos, vel, at, n.now
	if h.from != int32(from) {
		if h.from >= 0 {
			n.peers[h.from].named--
		}
		h.from = int32(from)
		n.peers[from].named++
	}
}

func (n *Node) enterHearsay(h *hearsay) {
	h.seen = true
	n.event(Entered, h.id, [32]byte{})
}

// forget removes a hearsay entry; the last one takes its place.
func (n *Node) forget(i int) {
	h := &n.heard[i]
	if h.from >= 0 {
		n.peers[h.from].named--
	}
	n.hindex.del(h.id)
	last := len(n.heard) - 1
	if i != last {
		n.heard[i] = n.heard[last]
		n.hindex.put(n.heard[i].id, i)
	}
	n.heard = n.heard[:last]
}

// reviewHearsay drops what is old or out of the area of interest, and asks for
// the keys of those who have come near.
func (n *Node) reviewHearsay() {
	if len(n.heard) == 0 {
		return
	}
	pos, _ := n.me.at(n.now)
	far2 := n.interest() * n.interest()
	near2 := n.reach * n.reach
	if n.wanted >= n.cfg.Subs {
		near2 = near2 * keepSlow / 100
	}
	asked := 0
	for i := 0; i < len(n.heard); i++ {
		h := &n.heard[i]
		at := h.place(n.now)
		d2 := sub(at, pos).len2()
		if n.now-h.since > hearsayAge || d2 > far2 {
			n.event(Left, h.id, [32]byte{})
			n.forget(i)
			i--
			continue
		}
		if d2 <= near2 && asked < maxWho && n.now >= h.whoAt+second && !n.isRefused(h.id) {
			n.promote(h, at)
			asked++
		}
	}
	n.sendWho()
}

// onDigest takes the marks of a sensor.
func (n *Node) onDigest(p *peer, m *wire.Digest) {
	if p.duty == 0 || p.out != outLive || n.now < p.distrust {
		n.n.Unasked++
		return
	}
	from := n.index.get(p.id)
	for i := range m.Marks {
		k := &m.Marks[i]
		pos := wire.Point{
			X: m.Origin.X + int32(k.Rel[0])*wire.RelUnit,
			Y: m.Origin.Y + int32(k.Rel[1])*wire.RelUnit,
			Z: m.Origin.Z + int32(k.Rel[2])*wire.RelUnit,
		}
		vel := wire.Velocity{X: int16(k.Vel[0]) * wire.MarkSpeed, Y: int16(k.Vel[1]) * wire.MarkSpeed, Z: int16(k.Vel[2]) * wire.MarkSpeed}
		n.hear(from, k.ID, k.Seq, pos, vel, n.now-int64(k.Age)*second/10)
	}
}

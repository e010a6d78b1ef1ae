package raynet

import "github.com/metatopia/metatopia/raynet/wire"

// A hint is unsigned: it makes a node ask, never believe.

// newHint says that a hint tells something: of somebody in this world, not
// entombed, who is not known or known to be elsewhere.
func (n *Node) newHint(h *wire.Hint) bool {
	if h.ID == wire.ShortOf(n.id) || !n.inWorld(h.Pos) || int64(h.AgeS)*second > n.cfg.RecordAge ||
		n.tombs.covers(h.ID, h.Stamp, n.now) {
		return false
	}
	k := n.table.byID(h.ID)
	switch {
	case k == nil || !k.hasRec:
		return true
	case k.inNear:
		// Near members tell their news themselves.
		return false
	case !n.strayed(k.whereabouts(n.now), h.Pos, 10):
		// One that has only signed again is no news yet.
		return n.since(k.bornAt) >= n.cfg.RecordAge/2 && k.rec.Stamp.Compare(h.Stamp) < 0
	case k.rec.Stamp.Compare(h.Stamp) >= 0:
		if n.inReach(h.Pos) {
			n.freshen(k, second/2)
		}
		return false
	}
	return true
}

// freshen asks a mover itself where it is, when its pose is older than an age.
func (n *Node) freshen(p *peer, age int64) {
	if !p.inNear && n.now-p.poseAt > age && n.since(p.sentAt) > second/2 && n.mayAsk() {
		n.ping(p)
	}
}

// maxAsks bounds the questions that hints of movers cause in a second, should
// somebody make them up.
const maxAsks = 64

func (n *Node) mayAsk() bool {
	if n.now >= n.askWindow+second {
		n.askWindow, n.asked = n.now, 0
	}
	n.asked++
	return n.asked <= maxAsks
}

// version stands for what may be told of a peer: its record, or while it moves
// the second in which it is told.
func (n *Node) version(p *peer) wire.Stamp {
	if p.vel == (wire.Velocity{}) {
		return p.rec.Stamp
	}
	return wire.Stamp{Epoch: p.rec.Stamp.Epoch, Seq: uint32(n.now >> 30)}
}

// knowsHint notes that a peer has what it hints at.
func (n *Node) knowsHint(from *peer, h *wire.Hint) {
	if from.near == nil {
		return
	}
	s := h.Stamp
	if k := n.table.byID(h.ID); k != nil && k.hasRec {
		s = n.version(k)
	}
	n.knows(from, h.ID, s)
}

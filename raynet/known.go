package raynet

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// ensure gives the peer of a key, making room for it; nil when every known
// peer has a place.
func (n *Node) ensure(key base.Key) *peer {
	if p := n.table.byKey(key); p != nil {
		return p
	}
	return n.acquaint(&wire.Record{Key: key})
}

// acquaint files a new peer. The record counts for its key only.
func (n *Node) acquaint(r *wire.Record) *peer {
	if len(n.table.all) >= n.cfg.MaxPeers && !n.evict() {
		return nil
	}
	p := n.table.peers.take()
	*p = peer{
		id: r.ID(), rec: r, sinceAt: at(n.now), poseAt: never, jitter: jitterOf(&r.Key),
		bornAt: unheard, heardAt: unheard, sentAt: unheard, pingAt: unheard, leaseTo: unheard,
	}
	n.table.add(p, n.cfg.MaxPeers)
	return p
}

// evict forgets the peer without a place that was heard of longest ago; one
// that is not connected goes first.
func (n *Node) evict() bool {
	var worst *peer
	older := func(a, b *peer) bool {
		if n.unrest > 0 && a.poseAt != b.poseAt {
			return a.poseAt < b.poseAt
		}
		if a.up != b.up {
			return !a.up
		}
		return max(a.bornAt, a.heardAt) < max(b.bornAt, b.heardAt)
	}
	for _, p := range n.table.all {
		if !n.placed(p) && p != n.speaker && (worst == nil || older(p, worst)) {
			worst = p
		}
	}
	if worst == nil {
		return false
	}
	n.forget(worst)
	return true
}

// forget lets a peer go that no view holds.
func (n *Node) forget(p *peer) {
	n.seats = slices.DeleteFunc(n.seats, func(s seat) bool { return s.p == p })
	n.table.remove(p)
}

// wanderFor is how many local spacings the neighbours of a mover go before a
// pose that is not followed says nothing any more.
const wanderFor = 10

// strayedAway says that a mover without a place here is not worth knowing any
// more: it may be anywhere by now, and the table is gone through often.
func (n *Node) strayedAway(p *peer) bool {
	return n.unrest > 0 && p.hasRec && p.rec.Kind != wire.Site && p.pingAt == unheard &&
		n.now-p.poseAt > n.inWhich(wanderFor, n.cfg.RecordAge) && !n.placed(p)
}

// fresh says that a peer's record is young enough, or the peer itself was
// heard lately enough, to be taken for where it says it is.
func (n *Node) fresh(p *peer) bool {
	return p.hasRec && (n.since(p.bornAt) <= n.cfg.RecordAge || n.since(p.heardAt) <= n.cfg.DeadAfter)
}

// usable says that a peer may be named to others, routed through and chosen.
func (n *Node) usable(p *peer) bool { return !p.suspect && n.fresh(p) }

func (n *Node) heard(p *peer) {
	if p.hasRec && n.tombs.ended(p.id, p.rec.Stamp) {
		// A message that its farewell has overtaken.
		return
	}
	// Whoever speaks is connected, even if it has been forgotten since its
	// PeerUp.
	p.up = true
	p.heardAt, p.pingAt, p.suspect = at(n.now), unheard, false
	if !p.hasRec {
		return
	}
	// The peer is there, whatever was said of it: a farewell is not undone.
	n.tombs.lift(p.id)
	if p.inPassive {
		n.leavePassive(p)
		n.dirty = true
	}
}

func (n *Node) peerUp(in PeerUp) {
	if in.Key == n.id {
		return
	}
	p := n.ensure(in.Key)
	if p == nil {
		n.n.TooMany++
		return
	}
	p.up = true
	n.regroup(p, in.Group)
	if m := p.more; m != nil {
		if m.dialAt = never; len(m.addr) == 0 && m.probe == nil && !m.jumped && m.addrSent == (wire.Digest{}) {
			p.more = nil
		}
	}
	switch {
	case !p.hasRec && len(n.near) == 0,
		p.hasRec && p.heardAt != unheard && n.since(p.heardAt) > n.cfg.Lease:
		n.offer(p, false)
		// Others are asked by checkHealth if they do not speak: whoever made
		// the connection has something to say.
	}
}

func (n *Node) peerDown(key base.Key) {
	if p := n.table.byKey(key); p != nil {
		p.up = false
		if p.inNear {
			n.doubt(p)
		}
	}
}

// sendFailed is a hint, not a proof: a near member is doubted and given its
// time, others are worth less and are let go at once.
func (n *Node) sendFailed(key base.Key) {
	p := n.table.byKey(key)
	if p == nil {
		return
	}
	p.up = false
	n.failFinds(key)
	n.failRoutes(key)
	switch {
	case p.inNear:
		n.doubt(p)
	case p.inPassive:
	case p.inLong || p.inRandom:
		n.die(p)
	default:
		p.suspect = true
	}
}

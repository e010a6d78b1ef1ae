package raynet

import (
	"github.com/metatopia/metatopia/raynet/wire"
)

// A lease is the right to a node's moves and heartbeats: whoever lists a node
// in its near view asks for one and renews it at a third of its length.

func (n *Node) subscribe(p *peer) {
	if p.near != nil {
		if p.near.subAt == unheard && p.heardAt == unheard {
			// It may not know who asks.
			n.send(p, &wire.NearGive{Entries: []wire.Entry{n.selfEntry(p)}}, Reliable)
		}
		p.near.subAt = at(n.now)
		if p.near.mood &^= timed; !p.up {
			p.near.mood |= timed
		}
	}
	n.send(p, &wire.NearSub{Have: p.stamp()}, Reliable)
}

// stamp is the newest record of the peer that is held; zero for none.
func (p *peer) stamp() wire.Stamp {
	if !p.hasRec {
		return wire.Stamp{}
	}
	return p.rec.Stamp
}

func (n *Node) onSub(p *peer, m *wire.NearSub) {
	if !n.ahead(p.leaseTo) {
		held := 0
		for _, q := range n.table.all {
			if n.ahead(q.leaseTo) {
				held++
			}
		}
		if held >= n.cfg.Leases {
			n.n.Busy++
			b := &wire.Busy{}
			if p.hasRec {
				b.Hints = n.hintsFor(p, wire.MaxHints/2)
			}
			n.send(p, b, Reliable)
			return
		}
	}
	p.leaseTo = at(n.now + n.cfg.Lease)
	n.send(p, n.move(), LatestWins)
	n.refresh(p, m.Have)
	if !p.hasRec {
		n.offer(p, false)
	}
}

// onBusy: the member stays in the view, for routing and for the shape of the
// cell, and is watched by pings until the next try.
func (n *Node) onBusy(p *peer, m *wire.Busy) {
	if !p.inNear {
		n.n.Unasked++
		return
	}
	p.near.busyTo, p.watchAt = at(n.now+n.cfg.Lease), unheard
	n.onHints(p, m.Hints)
}

// onMove takes the pose of a peer from the peer itself.
func (n *Node) onMove(p *peer, m *wire.Move) {
	switch {
	case !p.hasRec:
		return
	case m.Stamp.Epoch != p.rec.Stamp.Epoch, m.Stamp.Seq <= p.moveSeq:
		n.n.Stale++
		return
	case !n.inWorld(m.Pos):
		n.refuse(&n.n.OutOfWorld, p)
		return
	case n.leaps(p.pos(), m.Pos, n.now-p.poseAt+second/2) && !n.jumps(p):
		return
	}
	p.moveSeq = m.Stamp.Seq
	n.timeLag(p)
	beat := m.Vel == (wire.Velocity{}) && p.vel == m.Vel && p.pos() == m.Pos
	jump := p.inNear && n.strayed(p.whereabouts(n.now), m.Pos, 1)
	p.setPose(m.Pos, m.Vel, n.now-int64(p.lag)*lagUnit)
	if !p.inNear {
		// A mover that was asked where it is.
		n.dirty = n.dirty || (m.Vel != (wire.Velocity{}) && n.fresh(p) && n.inReach(m.Pos) && !n.hides(m.Pos))
		return
	}
	if beat {
		return
	}
	p.near.mood |= stirs
	n.stirred = true
	n.dirty = n.dirty || n.now >= n.selectedAt+n.inWhich(shapePart, n.cfg.NearMax)
	if jump || m.Vel == (wire.Velocity{}) {
		// No speed tells that the cell changes: those around the place it
		// left need each other.
		n.changed, n.nextNear = true, min(n.nextNear, n.now+n.cfg.NearEvery)
	}
	if jump {
		n.news++
	}
}

// lagUnit and maxLag are the resolution and the bound of measured ways.
const (
	lagUnit = 4 * millisecond
	maxLag  = 500 * millisecond
)

// timeLag takes the first move after a NearSub for its answer: half the time
// between is the way of a move. A beat that crosses the question makes it look
// shorter now and then, so it is averaged.
func (n *Node) timeLag(p *peer) {
	if p.near == nil || p.near.mood&timed != 0 || p.near.subAt == unheard {
		return
	}
	p.near.mood |= timed
	way := n.since(p.near.subAt) / 2
	if way > maxLag {
		return
	}
	if k := way / lagUnit; p.lag == 0 {
		p.lag = uint8(k)
	} else {
		p.lag = uint8((3*int64(p.lag) + k) / 4)
	}
}

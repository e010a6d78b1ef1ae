package presence

import "github.com/metatopia/metatopia/presence/wire"

// poseSize is what a pose costs.
const poseSize = 2 + wire.BodySize

// subscriber is what flush needs of one: apart from the peer, since a flush
// comes ten times a second and looks at all of them.
type subscriber struct {
	at      uint16 // place of the peer
	class   wire.Class
	sentSeq uint32
	sentAt  int64
}

// serve begins or changes the subscription of the peer at a place.
func (n *Node) serve(at int, c wire.Class) {
	n.peers[at].in = c
	for i := range n.subs {
		if n.subs[i].at == uint16(at) {
			n.subs[i].class = c
			return
		}
	}
	n.subs = append(n.subs, subscriber{at: uint16(at), class: c})
	n.sendPose(&n.subs[len(n.subs)-1])
	n.flushAt = min(n.flushAt, n.now+n.cfg.FullEvery)
}

// stop ends the subscription of a peer.
func (n *Node) stop(p *peer) {
	if p.in == wire.None {
		return
	}
	p.in, p.sectors, p.cursor = wire.None, 0, -1
	at := uint16(n.index.get(p.id))
	for i := range n.subs {
		if n.subs[i].at == at {
			n.subs = append(n.subs[:i], n.subs[i+1:]...)
			return
		}
	}
}

// sendPose sends the own pose to a subscriber, at once.
func (n *Node) sendPose(s *subscriber) {
	m := n.pose()
	s.sentSeq, s.sentAt = m.Body.Stamp.Seq, n.now
	n.send(n.peers[s.at].key, LatestWins, m)
}

// flush sends the own pose to the subscribers that are due: those whose beat
// has come first, then, nearest first, those who would be off by more than
// they may. When the budget is spent the rest waits: far subscribers hear
// less often, but none is silent for longer than its beat, unless the budget
// does not even carry the beats.
func (n *Node) flush() {
	n.flushedAt = n.now
	next := n.now + second
	var dev deviation
	c := n.cfg
	need := int64(len(n.subs)) * cost(poseSize)
	if n.budget.poses < need {
		n.beats()
	}
	for i := range n.subs {
		s := &n.subs[i]
		every, beat := c.SlowEvery, c.SlowBeat
		if s.class == wire.Full {
			every, beat = c.FullEvery, c.FullBeat
		}
		// A flush comes at most every FullEvery; a quarter of that is
		// tolerated, so that a slow subscriber is not one flush late.
		silent := n.now - s.sentAt + c.FullEvery/4
		switch {
		case silent >= beat:
		case !n.off(&dev, s.sentSeq, s.class):
			n.n.Skipped++
			next = min(next, s.sentAt+beat)
			continue
		case silent < every:
			next = min(next, s.sentAt+every)
			continue
		}
		if n.budget.poses < cost(poseSize) {
			n.n.Held++
			next = n.now + c.FullEvery
			continue
		}
		n.sendPose(s)
		next = min(next, n.now+beat)
	}
	n.flushAt = max(next, n.now+c.FullEvery)
}

// beats sends the heartbeats that are due, for a node short of budget; half a
// burst may be overdrawn for them.
func (n *Node) beats() {
	c := n.cfg
	for i := range n.subs {
		s := &n.subs[i]
		beat := c.SlowBeat
		if s.class == wire.Full {
			beat = c.FullBeat
		}
		if n.now-s.sentAt >= beat && n.budget.poses > -int64(c.Budget)*burst/2 {
			n.sendPose(s)
		}
	}
}

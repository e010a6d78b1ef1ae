package presence

import "github.com/metatopia/metatopia/presence/wire"

// poseSize is what a pose costs.
const poseSize = 2 + wire.BodySize

// sendPose sends the own pose to a subscriber, at once.
func (n *Node) sendPose(p *peer) {
	m := n.pose()
	p.sentSeq, p.sentAt = m.Body.Stamp.Seq, n.now
	n.send(p.key, LatestWins, m)
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
	for _, at := range n.subs {
		p := &n.peers[at]
		every, beat := c.SlowEvery, c.SlowBeat
		if p.in == wire.Full {
			every, beat = c.FullEvery, c.FullBeat
		}
		// A flush comes at most every FullEvery; a quarter of that is
		// tolerated, so that a slow subscriber is not one flush late.
		silent := n.now - p.sentAt + c.FullEvery/4
		switch {
		case silent >= beat:
		case !n.off(&dev, p.sentSeq, p.in):
			n.n.Skipped++
			next = min(next, p.sentAt+beat)
			continue
		case silent < every:
			next = min(next, p.sentAt+every)
			continue
		}
		if n.budget.poses < cost(poseSize) {
			n.n.Held++
			next = n.now + c.FullEvery
			continue
		}
		n.sendPose(p)
		next = min(next, n.now+beat)
	}
	n.flushAt = max(next, n.now+c.FullEvery)
}

// beats sends the heartbeats that are due, for a node short of budget; half a
// burst may be overdrawn for them.
func (n *Node) beats() {
	c := n.cfg
	for _, at := range n.subs {
		p := &n.peers[at]
		beat := c.SlowBeat
		if p.in == wire.Full {
			beat = c.FullBeat
		}
		if n.now-p.sentAt >= beat && n.budget.poses > -int64(c.Budget)*burst/2 {
			n.sendPose(p)
		}
	}
}

package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

const (
	// answerWithin is how long the first pose may take.
	answerWithin = second
	// maxTries is how often an avatar is asked that has never spoken.
	maxTries = 3
)

// sendSub asks a peer for its poses at the class it is wanted for.
func (n *Node) sendSub(p *peer, c wire.Class) {
	pose := n.pose()
	m := &wire.Sub{Class: c, Body: pose.Body}
	if c != wire.None {
		m.Reach, m.Sectors = n.reachUnits(), p.duty
		p.askedAt = n.now
	}
	n.send(p.key, Reliable, m)
}

// subscribe begins or changes a subscription.
func (n *Node) subscribe(p *peer, c wire.Class) {
	if p.out == outNone {
		p.out, p.tries, p.awayAt = outAsked, 1, never
		n.pending++
		n.wanted++
	}
	p.want = c
	n.sendSub(p, c)
}

// unsubscribe ends one and says so. The caller releases the peer.
func (n *Node) unsubscribe(p *peer) {
	if p.out != outNone {
		n.quit(p)
		p.unsubAt = n.now
		n.sendSub(p, wire.None)
	}
}

// quit ends a subscription without a word.
func (n *Node) quit(p *peer) {
	switch p.out {
	case outNone:
		return
	case outAsked:
		n.pending--
		n.judge(p, neither)
	}
	n.wanted--
	p.out, p.want, p.duty = outNone, wire.None, 0
}

// candidate follows a hint about an avatar: it is asked itself.
func (n *Node) candidate(k base.Key, b *wire.Body, at int64, source *peer) {
	if n.pending >= maxPending || n.wanted >= n.cfg.Subs+maxPending/2 {
		return
	}
	var hinter wire.ShortID
	if source != nil {
		if source.pending >= maxPendingBy {
			return
		}
		hinter = source.id
		source.pending++
	}
	p := n.add(k)
	if p == nil {
		if source != nil {
			source.pending--
		}
		return
	}
	p.body, p.at = *b, at
	p.body.AOI = clampAOI(b.AOI)
	p.hinter, p.hinted = hinter, source != nil
	n.subscribe(p, wire.Slow)
	n.found++
}

// onSub gives or renews a subscription to this node.
func (n *Node) onSub(p *peer, from base.Key, m *wire.Sub) {
	if m.Class == wire.None {
		if p != nil {
			n.stop(p)
			n.take(p, &m.Body)
			n.demote(p)
		}
		return
	}
	if p == nil {
		if p = n.room(from, m); p == nil {
			n.send(from, Reliable, &wire.Busy{})
			return
		}
	}
	if p.first && m.Body.Stamp.Epoch < p.body.Stamp.Epoch {
		n.n.Stale++
		return
	}
	off := n.hintError(p, &m.Body)
	n.take(p, &m.Body)
	if c := m.Class; c != p.in {
		n.serve(n.index.get(p.id), c)
	}
	p.until = n.now + n.cfg.Lease
	if more := m.Sectors &^ p.sectors; more != 0 {
		p.begun |= more
		p.idle = 0
	}
	p.reach, p.sectors = min(int64(m.Reach), maxReach), m.Sectors
	if p.sectors != 0 && p.cursor < 0 && p.roundAt == 0 {
		// Spread the rounds of many receivers.
		p.roundAt = n.now - int64(n.rng.Float64()*float64(n.cfg.DigestEvery))
	}
	if p.out == outNone && n.wanted < n.cfg.Subs && n.matters(&p.body, p.at) {
		n.subscribe(p, wire.Slow)
	} else if p.out == outAsked {
		n.confirm(p, off)
	}
}

// room makes place for a subscriber. When all places are taken, a subscriber
// to whom this node does not subscribe and who is farther away gives way: the
// nearer one has fewer others to learn of this node from.
func (n *Node) room(k base.Key, m *wire.Sub) *peer {
	if len(n.free) == 0 && len(n.peers) >= n.cfg.MaxPeers {
		pos, _ := n.me.at(n.now)
		far, at := sub(m.Body.Pos, pos).len2(), -1
		for i := range n.peers {
			p := &n.peers[i]
			if d := sub(p.pos(n.now), pos).len2(); p.used() && p.out == outNone && d > far {
				far, at = d, i
			}
		}
		if at < 0 {
			n.n.TooMany++
			return nil
		}
		p := &n.peers[at]
		n.send(p.key, Reliable, &wire.Busy{})
		n.stop(p)
		n.demote(p)
	}
	return n.add(k)
}

// onBusy is a publisher that has too many subscribers. Digests will tell.
func (n *Node) onBusy(p *peer) {
	if p == nil || p.out == outNone {
		return
	}
	n.judge(p, right)
	n.quit(p)
	n.refuse(p.id, 10*second)
	n.demote(p)
}

// demote releases a peer and goes on knowing its avatar by hearsay, if it
// has spoken and is in the area of interest.
func (n *Node) demote(p *peer) {
	if p.used() {
		return
	}
	keep := p.seen && len(n.heard) < n.cfg.MaxHearsay
	h := hearsay{id: p.id, pos: p.pos(n.now), vel: p.body.Vel, seq: uint16(p.body.Stamp.Seq),
		seen: true, from: -1, at: p.at, since: n.now, whoAt: never}
	if keep {
		p.seen = false // without an event: it is still seen
	}
	n.release(p)
	if keep {
		n.hindex.put(h.id, len(n.heard))
		n.heard = append(n.heard, h)
	}
}

package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

// recv is one message of an authenticated peer.
func (n *Node) recv(from base.Key, m wire.Message, size int) {
	n.n.MsgsIn++
	n.n.BytesIn += uint64(size)
	if from == n.id {
		return
	}
	p := n.find(from)
	if !n.allowed(p) {
		n.n.OverRate++
		return
	}
	if p != nil {
		p.heard = n.now
	}
	switch m := m.(type) {
	case *wire.Pose:
		n.onPose(p, from, m)
	case *wire.Sub:
		n.onSub(p, from, m)
	case *wire.Busy:
		n.onBusy(p)
	case *wire.Bye:
		n.gone(p, 2*second)
	case *wire.Notice, *wire.Ask, *wire.Who, *wire.Digest:
		if p == nil || !p.first {
			// Only who has said where it is may ask or tell.
			n.n.Unasked++
			return
		}
		switch m := m.(type) {
		case *wire.Notice:
			n.onNotice(p, m)
		case *wire.Ask:
			n.onAsk(p, m)
		case *wire.Who:
			n.onWho(p, m)
		case *wire.Digest:
			n.onDigest(p, m)
		}
	}
}

// allowed counts a message against its sender's rate, or against that of all
// strangers.
func (n *Node) allowed(p *peer) bool {
	window := uint32(n.now/second) + 1
	if p == nil {
		if n.strangerWindow != window {
			n.strangerWindow, n.strangers = window, 0
		}
		n.strangers++
		return n.strangers <= maxStrangers
	}
	if p.window != window {
		p.window, p.count = window, 0
	}
	p.count++
	if p.count <= maxRate {
		return true
	}
	p.overflow++
	if p.overflow == maxIgnored {
		p.overflow = 0
		n.event(Flooding, p.id, p.key)
	}
	return false
}

// onPose is the publisher's word about itself.
func (n *Node) onPose(p *peer, from base.Key, m *wire.Pose) {
	if p == nil || p.out == outNone {
		n.n.Unasked++
		if p == nil {
			n.unsubStranger(from)
		} else if n.now >= p.unsubAt+second {
			// Our farewell was lost, or is still under way.
			p.unsubAt = n.now
			n.sendSub(p, wire.None)
		}
		return
	}
	off := n.hintError(p, &m.Body)
	n.take(p, &m.Body)
	if p.out == outAsked {
		n.confirm(p, off)
	}
}

// unsubStranger tells one who sends poses nobody asked for to stop.
func (n *Node) unsubStranger(k base.Key) {
	if n.strangers%4 == 1 {
		n.send(k, Reliable, &wire.Sub{Class: wire.None, Body: n.pose().Body})
	}
}

// take believes a newer body that its own avatar sent.
func (n *Node) take(p *peer, b *wire.Body) bool {
	if p.first && !b.Stamp.Newer(p.body.Stamp) {
		n.n.Stale++
		return false
	}
	p.body, p.at, p.first = *b, n.now, true
	p.body.AOI = clampAOI(b.AOI)
	if !p.seen && n.inside(b.Pos) {
		n.enters(p)
	}
	return true
}

// hintError is how far off an avatar that first speaks for itself is from
// where it was said to be, in units.
func (n *Node) hintError(p *peer, b *wire.Body) int64 {
	if p.first {
		return 0
	}
	return root(sub(p.pos(n.now), b.Pos).len2())
}

// confirm ends the question whether an avatar is there: it has spoken, and is
// off units from where it was said to be.
func (n *Node) confirm(p *peer, off int64) {
	p.out, p.tries = outLive, 0
	n.pending--
	n.rankSoon = true
	again := 2 * second
	near := n.matters(&p.body, p.at)
	switch {
	case near:
		n.judge(p, right)
	case off > n.interest()/2:
		n.judge(p, wrong)
		again = 10 * second
	default:
		// It was there, and has gone on or turned away since.
		n.judge(p, neither)
	}
	if !near && p.in == wire.None {
		n.unsubscribe(p)
		n.refuse(p.id, again)
		n.release(p)
	}
}

// verdict is what has become of a hint.
type verdict uint8

const (
	neither verdict = iota
	right
	wrong
)

// judge remembers whether the source of a hint was right. One that is wrong
// more often than right is not listened to for a minute: an honest one may
// name a few that have crashed, since it hears of that no sooner.
func (n *Node) judge(p *peer, v verdict) {
	if !p.hinted {
		return
	}
	p.hinted = false
	i := n.index.get(p.hinter)
	var h *peer
	if i >= 0 {
		h = &n.peers[i]
		h.pending = max(0, h.pending-1)
	}
	switch v {
	case right:
		n.n.HintsGood++
		if h != nil {
			h.good++
		}
	case wrong:
		n.n.HintsBad++
		if h != nil {
			h.bad++
		}
	}
	if h == nil {
		return
	}
	if h.bad >= 8 && h.bad > h.good && n.now >= h.distrust {
		h.distrust, h.good, h.bad = n.now+60*second, 0, 0
		n.event(Distrusted, h.id, h.key)
	}
	if h.good >= 128 {
		h.good, h.bad = h.good/2, h.bad/2
	}
}

// gone ends all relations with a peer.
func (n *Node) gone(p *peer, refuse int64) {
	if p == nil {
		return
	}
	n.stop(p)
	n.quit(p)
	n.refuse(p.id, refuse)
	n.release(p)
}

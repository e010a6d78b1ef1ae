package raynet

import (
	"cmp"
	"slices"
)

// The passive view (Leitao, Pereira, Rodrigues 2007) holds peers that went
// silent. Without it a split of the network is for ever: each side buries the
// other and then knows nobody there.

const (
	probeFirst = 8 * second
	probeLast  = 300 * second
)

// probe is when a passive peer is tried next.
type probe struct{ at, gap, deadAt int64 }

func (n *Node) joinPassive(p *peer) {
	if p.inPassive || n.cfg.Passive == 0 {
		return
	}
	if len(n.passive) >= n.cfg.Passive {
		oldest := n.passive[0]
		for _, q := range n.passive[1:] {
			if q.more.probe.deadAt < oldest.more.probe.deadAt {
				oldest = q
			}
		}
		n.leavePassive(oldest)
	}
	p.inPassive = true
	p.rest().probe = &probe{deadAt: n.now, gap: probeFirst, at: n.now + n.jittered(probeFirst)}
	n.passive = insert(n.passive, p)
}

func (n *Node) leavePassive(p *peer) {
	p.inPassive, p.more.probe = false, nil
	n.passive = erase(n.passive, p)
}

// passiveRound tries the departed peer that is due longest. An answer is a
// message like any other and brings it back.
func (n *Node) passiveRound() {
	var due *peer
	for _, p := range n.passive {
		if t := p.more.probe.at; t <= n.now && (due == nil || t < due.more.probe.at) {
			due = p
		}
	}
	if due == nil {
		return
	}
	t := due.more.probe
	t.gap = min(2*t.gap, probeLast)
	t.at = n.now + n.jittered(t.gap)
	n.offer(due, false)
}

// greetings is how many remembered nodes a newcomer speaks to at once.
const greetings = 8

// greet offers to the remembered nodes that were closest to this node's place:
// after a restart most neighbours are where they were, and name the others.
func (n *Node) greet() {
	known := make([]*peer, 0, len(n.random)+len(n.passive))
	for _, view := range [][]*peer{n.random, n.passive} {
		for _, p := range view {
			if p.hasRec && p.heardAt == unheard && p.sentAt == unheard {
				known = append(known, p)
			}
		}
	}
	slices.SortStableFunc(known, func(a, b *peer) int {
		return cmp.Compare(n.self.point.Dist2(a.at(n.now)), n.self.point.Dist2(b.at(n.now)))
	})
	for _, p := range known[:min(len(known), greetings)] {
		n.offer(p, false)
	}
}

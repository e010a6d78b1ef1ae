package raynet

// The passive view (Leitao, Pereira, Rodrigues 2007) holds peers that went
// silent. Without it a split of the network is for ever: each side buries the
// other and then knows nobody there.

const (
	probeFirst = 8 * second
	probeLast  = 300 * second
)

func (n *Node) joinPassive(p *peer) {
	if p.inPassive || n.cfg.Passive == 0 {
		return
	}
	if len(n.passive) >= n.cfg.Passive {
		oldest := n.passive[0]
		for _, q := range n.passive[1:] {
			if q.deadAt < oldest.deadAt {
				oldest = q
			}
		}
		n.leavePassive(oldest)
	}
	p.inPassive, p.deadAt = true, n.now
	p.probeGap = probeFirst
	p.probeAt = n.now + n.jittered(p.probeGap)
	n.passive = insert(n.passive, p)
}

func (n *Node) leavePassive(p *peer) {
	p.inPassive = false
	n.passive = erase(n.passive, p)
}

// passiveRound tries the departed peer that is due longest. An answer is a
// message like any other and brings it back.
func (n *Node) passiveRound() {
	var due *peer
	for _, p := range n.passive {
		if p.probeAt <= n.now && (due == nil || p.probeAt < due.probeAt) {
			due = p
		}
	}
	if due == nil {
		return
	}
	due.probeGap = min(2*due.probeGap, probeLast)
	due.probeAt = n.now + n.jittered(due.probeGap)
	n.offer(due, false)
}

package raynet

import "github.com/metatopia/metatopia/raynet/wire"

// leave says farewell to everybody who lists this node or is listed by it. It
// names no replacement: those around the hole are each other's neighbours, and
// each closes its own cell.
func (n *Node) leave() {
	n.self.seq++
	m := &wire.Leave{Record: n.makeRecord(true)}
	for _, p := range n.table.all {
		if p.inNear || p.inLong || n.ahead(p.leaseTo) {
			n.send(p, m, Reliable)
		}
	}
	for _, p := range n.table.all {
		if p.inNear || p.inLong {
			n.out.add(Unprotect{p.key()})
		}
	}
	n.left = true
}

// onLeave ends the whole epoch of the one who leaves: no older record of it,
// whoever brings it, has an effect while any view would take it.
func (n *Node) onLeave(p *peer, m *wire.Leave) {
	r := &m.Record
	switch {
	case r.Key != p.rec.Key:
		n.refuse(&n.n.WrongKey, p)
		return
	case p.hasRec && r.Stamp.Compare(p.rec.Stamp) <= 0:
		n.n.Stale++
		return
	case !n.verify(r):
		n.refuse(&n.n.BadSignature, p)
		return
	}
	n.n.Farewells++
	n.tombs.add(p.id, tomb{stamp: lastOf(r.Stamp.Epoch), until: n.now + max(n.cfg.TombFor, randomAge), final: true})
	p.leaseTo, p.pingAt, p.heardAt = unheard, unheard, unheard
	if p.inPassive {
		n.leavePassive(p)
	}
	n.remove(p)
	n.event(PeerLeft, p.key())
}

package raynet

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

const (
	healthEvery = 500 * millisecond
	// busyEvery is the same while lookups, closures or routes wait.
	busyEvery = 250 * millisecond
	// strangerGrace is added for a member that has never been heard: its
	// connection may still be made.
	strangerGrace = 2 * second
	// vouchLimit bounds, in DeadAfter, how long the word of others keeps a
	// member that this node cannot reach itself.
	vouchLimit = 3
)

// checkHealth looks after the near view, and every other time after everybody
// else.
func (n *Node) checkHealth() {
	n.standStill()
	n.keepSigned()
	h := health{n: n}
	for _, p := range n.near {
		if !n.ahead(p.watchAt) && n.watch(p) {
			h.dead = append(h.dead, p)
		}
		h.care(p, healthEvery)
	}
	if n.others = !n.others; !n.others {
		h.strangers()
	}
	for _, p := range h.dead {
		n.die(p)
	}
	n.expireHelps()
}

// health is one look at the peers.
type health struct {
	n    *Node
	dead []*peer
	beat *wire.Move // the same for all; nil until the first is due
}

// care forgives a part of what a peer owes, and beats if it holds a lease.
// every is the time between two calls.
func (h *health) care(p *peer, every int64) {
	n := h.n
	p.refill(every)
	if n.ahead(p.leaseTo) && n.since(p.sentAt) >= n.cfg.Beat-every/2 {
		if h.beat == nil {
			h.beat = n.move()
		}
		n.send(p, h.beat, LatestWins)
	}
}

// strangers looks after all who are not near: buries those that answer no
// ping and forgets those of no use.
func (h *health) strangers() {
	n := h.n
	n.tombs.expire(n.now)
	var gone []*peer
	for _, p := range n.table.all {
		switch {
		case p.inNear:
			continue
		case p.pingAt != unheard && n.since(p.pingAt) >= n.cfg.DeadAfter:
			h.dead = append(h.dead, p)
		case p.up && !p.hasRec && p.sentAt == unheard && n.since(p.sinceAt) > n.cfg.Beat:
			n.offer(p, false)
		case n.strayedAway(p):
			gone = append(gone, p)
		case !n.placed(p) && !n.fresh(p) && p.pingAt == unheard && n.since(p.sinceAt) > n.cfg.RecordAge:
			gone = append(gone, p)
		}
		h.care(p, 2*healthEvery)
	}
	for _, p := range gone {
		n.forget(p)
	}
}

// watch renews the lease on a near member and doubts it when it is silent;
// true means that it is dead.
func (n *Node) watch(p *peer) bool {
	m := p.near
	if n.since(m.subAt) >= n.cfg.Lease/2 && !n.ahead(m.busyTo) {
		n.subscribe(p)
	}
	if n.ahead(m.busyTo) && n.since(m.beatAt) >= n.cfg.Beat {
		m.beatAt = at(n.now)
		n.ping(p)
	}
	silent, grace := min(n.since(p.heardAt), n.since(m.joinedAt)), int64(0)
	if p.heardAt == unheard {
		grace = strangerGrace
	}
	if silent >= n.cfg.SuspectAfter+grace {
		n.doubt(p)
	}
	p.watchAt = unheard
	if !p.suspect && !n.ahead(m.busyTo) {
		p.watchAt = at(n.now + min(n.cfg.Lease/2-n.since(m.subAt), n.cfg.SuspectAfter+grace-silent))
	}
	vouched := max(n.since(m.vouchAt), silent-vouchLimit*n.cfg.DeadAfter)
	return min(silent, vouched) >= n.cfg.DeadAfter+grace
}

// doubt makes a member a suspect: it is pinged, and two others are asked to
// ping it, because the fault may lie between it and this node.
func (n *Node) doubt(p *peer) {
	if p.suspect {
		return
	}
	p.suspect, p.watchAt = true, unheard
	n.n.Suspects++
	n.ping(p)
	asked := 0
	if len(n.near) == 0 {
		return
	}
	first := n.rng.IntN(len(n.near))
	for i := range n.near {
		q := n.near[(first+i)%len(n.near)]
		if q != p && !q.suspect && q.heardAt != unheard {
			m := &wire.PingReq{Nonce: n.nextQuery(), Target: p.key()}
			n.plead(plea{nonce: m.Nonce, helper: q.id, target: p.id, at: at(n.now)})
			n.send(q, m, Reliable)
			if asked++; asked == 2 {
				return
			}
		}
	}
}

func (n *Node) ping(p *peer) {
	if p.pingAt == unheard {
		p.pingAt = at(n.now)
	}
	n.send(p, &wire.Ping{Nonce: n.nextQuery(), Have: p.stamp()}, Reliable)
}

// die buries a peer: out of every view, its record refused for a while, the
// hole it leaves closed by asking around it. It is tried again as a passive
// peer.
func (n *Node) die(p *peer) {
	p.pingAt, p.suspect, p.leaseTo = unheard, true, unheard
	n.n.Deaths++
	if p.hasRec {
		n.tombs.add(p.id, tomb{stamp: p.rec.Stamp, until: n.now + n.cfg.TombFor})
	}
	n.remove(p)
	n.event(PeerDied, p.key())
	if p.hasRec {
		n.joinPassive(p)
	}
}

// remove takes a peer out of the near, long and random views.
func (n *Node) remove(p *peer) {
	wasNear := p.inNear
	n.dropNear(p, false)
	n.leaveLong(p)
	n.leaveRandom(p)
	n.failFinds(p.key())
	n.failRoutes(p.key())
	n.news++
	if wasNear {
		n.dirty, n.changed = true, true
		n.mend(p.at(n.now))
	}
	// Neither its record nor its last word makes it a candidate again.
	p.bornAt, p.heardAt = unheard, unheard
}

// plea is a ping asked of another node.
type plea struct {
	nonce          uint32
	helper, target wire.ShortID
	at             instant
}

// maxPleas bounds the pleas that wait; the oldest goes first.
const maxPleas = 64

func (n *Node) plead(a plea) {
	if len(n.pleas) >= maxPleas {
		n.pleas = slices.Delete(n.pleas, 0, 1)
	}
	n.pleas = append(n.pleas, a)
}

// help is a ping done for another node.
type help struct {
	asker  base.Key
	nonce  uint32
	target base.Key
	at     int64
}

func (n *Node) onPingReq(p *peer, m *wire.PingReq) {
	t := n.table.byKey(m.Target)
	if t == nil {
		return
	}
	if len(n.helps) >= maxHelps {
		n.n.TooMany++
		return
	}
	n.helps = append(n.helps, help{asker: p.key(), nonce: m.Nonce, target: m.Target, at: n.now})
	// Not through ping: it is the asker who depends on the answer.
	n.send(t, &wire.Ping{Nonce: n.nextQuery(), Have: t.stamp()}, Reliable)
}

func (n *Node) onPong(p *peer, _ *wire.Pong) {
	keep := n.helps[:0]
	for _, h := range n.helps {
		if h.target != p.rec.Key {
			keep = append(keep, h)
		} else if a := n.table.byKey(h.asker); a != nil {
			n.send(a, &wire.PingAck{Nonce: h.nonce, Target: h.target}, Reliable)
		}
	}
	n.helps = keep
}

func (n *Node) expireHelps() {
	keep := n.helps[:0]
	for _, h := range n.helps {
		if n.now-h.at < n.cfg.DeadAfter {
			keep = append(keep, h)
		}
	}
	n.helps = keep
	n.pleas = slices.DeleteFunc(n.pleas, func(a plea) bool { return n.since(a.at) > vouchLimit*n.cfg.DeadAfter })
}

func (n *Node) onPingAck(p *peer, m *wire.PingAck) {
	t := n.table.byKey(m.Target)
	for i, a := range n.pleas {
		if a.nonce != m.Nonce || a.helper != p.id {
			continue
		}
		n.pleas = slices.Delete(n.pleas, i, i+1)
		if t != nil && t.id == a.target && t.inNear && t.suspect {
			t.near.vouchAt = at(n.now)
			return
		}
	}
	n.n.Unasked++
}

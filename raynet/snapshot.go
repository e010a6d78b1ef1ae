package raynet

import (
	"crypto/sha256"

	"github.com/metatopia/metatopia/internal/base"
)

// snapshotVersion is the first byte of a snapshot.
const snapshotVersion = 1

// AppendSnapshot writes what the node knows, canonically: its own record and
// counters, every peer with its places and times, the tombs and the random
// source. It is for comparing two runs and for looking into one. There is no
// Restore: a process that starts again is a new epoch, and what is worth
// keeping across a start is Cache.
func (n *Node) AppendSnapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(snapshotVersion)
	e.I64(n.now)
	e.Bool(n.left)
	e.U8(uint8(n.join))
	e.B = n.self.rec.AppendTo(e.B)
	n.self.pos.AppendTo(&e)
	n.self.vel.AppendTo(&e)
	e.U32(n.self.moveSeq)
	for _, t := range []int64{n.self.signedAt, n.self.movedAt, n.selectedAt, n.nearGap,
		n.nextNear, n.nextShuffle, n.nextLong, n.nextPassive, n.nextSelfFind, n.nextHealth} {
		e.I64(t)
	}
	e.U32(n.query)
	e.U64(n.routeID)
	e.U32(uint32(len(n.table.all)))
	for _, p := range n.table.all {
		p.appendTo(&e)
	}
	e.U32(uint32(len(n.tombs.order)))
	for _, id := range n.tombs.order {
		t := n.tombs.byID[id]
		e.U64(uint64(id))
		e.U32(t.stamp.Epoch)
		e.U32(t.stamp.Seq)
		e.I64(t.until)
		e.Bool(t.final)
	}
	e.U32(uint32(len(n.finds)))
	for _, f := range n.finds {
		e.U32(f.query)
		e.U8(uint8(f.kind))
		f.target.AppendTo(&e)
		for _, w := range f.paths {
			e.U32(uint32(len(w.cands)))
			for _, c := range w.cands {
				e.Key(c.key)
				e.U8(uint8(c.state))
			}
		}
	}
	e.U32(uint32(len(n.routes)))
	for _, r := range n.routes {
		e.Key(r.msg.Origin)
		e.U64(r.msg.ID)
		e.Key(r.next)
		e.I64(r.until)
	}
	e.Bool(n.others)
	e.Bool(n.closure.active)
	e.U32(uint32(n.closure.budget))
	state, inc := n.rng.State()
	e.U64(state)
	e.U64(inc)
	return e.B
}

func (p *peer) appendTo(e *base.Encoder) {
	e.Key(p.key())
	e.Bool(p.hasRec)
	if p.hasRec {
		e.B = p.rec.AppendTo(e.B)
		e.Bytes(p.addr())
		p.pos().AppendTo(e)
		p.vel.Vec().AppendTo(e)
	}
	for _, f := range []bool{p.up, p.suspect, p.inNear, p.inLong, p.inRandom, p.inPassive, p.more != nil && p.more.jumped} {
		e.Bool(f)
	}
	e.I64(p.poseAt)
	for _, t := range []instant{p.bornAt, p.sinceAt, p.heardAt, p.sentAt, p.pingAt, p.leaseTo, p.watchAt} {
		e.I32(int32(t))
	}
	e.U32(p.moveSeq)
	e.U8(p.group)
	e.U8(p.owed)
	if m := p.near; m != nil {
		for _, t := range []instant{m.joinedAt, m.wonAt, m.subAt, m.busyTo, m.beatAt, m.vouchAt, m.toldAt} {
			e.I32(int32(t))
		}
		e.U32(uint32(m.rays))
		e.U32(uint32(len(m.marks)))
		for _, k := range m.marks {
			e.U32(k)
		}
	}
	if x := p.more; x != nil {
		e.I64(x.dialAt)
		if x.probe != nil {
			e.I64(x.probe.at)
			e.I64(x.probe.gap)
			e.I64(x.probe.deadAt)
		}
	}
}

// Hash is the SHA-256 of the snapshot.
func (n *Node) Hash() [32]byte { return sha256.Sum256(n.AppendSnapshot(nil)) }

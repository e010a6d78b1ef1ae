package presence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

// snapshotVersion is the first byte of a snapshot.
const snapshotVersion = 1

// AppendSnapshot writes what the node knows, canonically: its own pose, every
// relation and every avatar heard of, by key and short id, then the hints that
// wait and the refusals, in the order they came. It is for comparing
// two runs and for looking into one; there is no Restore, since a node that
// starts again is a new epoch and finds everybody within seconds.
func (n *Node) AppendSnapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(snapshotVersion)
	e.I64(n.now)
	e.Bool(n.left)
	e.Bool(n.crowded)
	point := func(p wire.Point) { e.I32(p.X); e.I32(p.Y); e.I32(p.Z) }
	velocity := func(v wire.Velocity) { e.U16(uint16(v.X)); e.U16(uint16(v.Y)); e.U16(uint16(v.Z)) }
	stamp := func(s wire.Stamp) { e.U32(s.Epoch); e.U32(s.Seq) }
	stamp(n.me.stamp)
	point(n.me.pos)
	velocity(n.me.vel)
	e.U16(n.me.aoi)
	for _, t := range []int64{n.me.posedAt, n.reviewAt, n.flushAt, n.flushedAt, n.askAt, n.askedAt, n.askGap,
		n.reach, n.budget.poses, n.budget.digests, n.budget.at} {
		e.I64(t)
	}

	peers := make([]*peer, 0, len(n.peers))
	for i := range n.peers {
		if n.peers[i].used() {
			peers = append(peers, &n.peers[i])
		}
	}
	slices.SortFunc(peers, func(a, b *peer) int { return bytes.Compare(a.key[:], b.key[:]) })
	e.U32(uint32(len(peers)))
	for _, p := range peers {
		e.Key(p.key)
		stamp(p.body.Stamp)
		point(p.body.Pos)
		velocity(p.body.Vel)
		e.U16(p.body.AOI)
		e.Bool(p.first)
		e.Bool(p.seen)
		for _, v := range []uint8{uint8(p.out), uint8(p.want), uint8(p.in), p.tries, p.good, p.bad} {
			e.U8(v)
		}
		e.U32(p.duty)
		e.U32(p.sectors)
		for _, t := range []int64{p.at, p.heard, p.askedAt, p.awayAt, p.unsubAt, p.distrust, p.until, p.reach,
			p.roundAt, p.since} {
			e.I64(t)
		}
	}

	subs := slices.Clone(n.subs)
	slices.SortFunc(subs, func(a, b subscriber) int { return n.peers[a.at].key.Compare(n.peers[b.at].key) })
	e.U32(uint32(len(subs)))
	for _, s := range subs {
		e.Key(n.peers[s.at].key)
		e.U32(s.sentSeq)
		e.I64(s.sentAt)
	}

	heard := slices.Clone(n.heard)
	slices.SortFunc(heard, func(a, b hearsay) int { return cmp.Compare(a.id, b.id) })
	e.U32(uint32(len(heard)))
	for i := range heard {
		h := &heard[i]
		e.U64(uint64(h.id))
		point(h.pos)
		velocity(h.vel)
		e.U16(h.seq)
		for _, t := range []int64{h.at, h.since, h.whoAt} {
			e.I64(t)
		}
	}
	e.U32(uint32(len(n.waiting)))
	for i := range n.waiting {
		e.Key(n.waiting[i].key)
		e.I64(n.waiting[i].at)
	}
	e.U32(uint32(len(n.refused)))
	for _, r := range n.refused {
		e.U64(uint64(r.id))
		e.I64(r.until)
	}
	state, inc := n.rng.State()
	e.U64(state)
	e.U64(inc)
	return e.B
}

// Hash is the SHA-256 of the snapshot.
func (n *Node) Hash() [32]byte { return sha256.Sum256(n.AppendSnapshot(nil)) }

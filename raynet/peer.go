package raynet

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// peer is everything known of one other node. A peer without a record is one
// that has only been heard or dialled.
type peer struct {
	key base.Key
	id  wire.ShortID

	hasRec  bool
	rec     wire.Record
	addr    []byte // matches rec.Addr, or empty
	bornAt  int64  // when rec was signed, as far as its bearers could tell
	sinceAt int64  // when the peer became known

	// Pose: rec's, or that of a later Move.
	pos    spatial.Pos
	vel    spatial.Vec
	poseAt int64
	moves  wire.Stamp // of the last Move

	up      bool
	dialAt  int64
	heardAt int64 // last message from the peer itself
	sentAt  int64
	pingAt  int64 // oldest unanswered ping or shuffle
	vouchAt int64 // last time another peer said that it answers
	suspect bool

	inNear    bool
	nearAt    int64 // entered the near view
	score     Score
	wonAt     int64 // last selection in which it won a ray
	subAt     int64 // last NearSub sent
	busyUntil int64
	beatAt    int64 // last ping sent in place of a refused lease

	leaseUntil int64 // it holds a lease on this node until then

	inLong, inRandom, inPassive bool
	octave                      int

	probeAt, probeGap, deadAt int64

	marks    []mark // records the peer is known to have
	addrSent wire.Digest
}

// mark remembers that a peer knows a record.
type mark struct {
	id    wire.ShortID
	stamp wire.Stamp
}

// knows adds a mark and forgets the oldest beyond maxMarks.
func (p *peer) knows(id wire.ShortID, s wire.Stamp) {
	for i := range p.marks {
		if p.marks[i].id == id {
			if p.marks[i].stamp.Compare(s) < 0 {
				p.marks[i].stamp = s
			}
			return
		}
	}
	if len(p.marks) >= maxMarks {
		p.marks = append(p.marks[:0], p.marks[1:]...)
	}
	p.marks = append(p.marks, mark{id, s})
}

func (p *peer) hasMark(id wire.ShortID, s wire.Stamp) bool {
	for _, m := range p.marks {
		if m.id == id {
			return m.stamp.Compare(s) >= 0
		}
	}
	return false
}

// placed says that a view or a lease holds the peer.
func (p *peer) placed(now int64) bool {
	return p.inNear || p.inLong || p.inRandom || p.inPassive || p.leaseUntil > now
}

// at is the peer's overlay point now.
func (p *peer) at(now int64) spatial.Pos { return point(p.key, reckon(p.pos, p.vel, now-p.poseAt)) }

// table holds all peers, sorted by key for every walk whose order shows; the
// maps are for look-ups only.
type table struct {
	all   []*peer
	byKey map[base.Key]*peer
	byID  map[wire.ShortID]*peer
}

func newTable() table {
	return table{byKey: map[base.Key]*peer{}, byID: map[wire.ShortID]*peer{}}
}

func comparePeers(a, b *peer) int { return a.key.Compare(b.key) }

func (t *table) add(p *peer) {
	i, _ := slices.BinarySearchFunc(t.all, p, comparePeers)
	t.all = slices.Insert(t.all, i, p)
	t.byKey[p.key], t.byID[p.id] = p, p
}

func (t *table) remove(p *peer) {
	if i, ok := slices.BinarySearchFunc(t.all, p, comparePeers); ok {
		t.all = slices.Delete(t.all, i, i+1)
	}
	delete(t.byKey, p.key)
	if t.byID[p.id] == p {
		delete(t.byID, p.id)
	}
}

// insert and erase keep a view sorted by key.
func insert(view []*peer, p *peer) []*peer {
	i, ok := slices.BinarySearchFunc(view, p, comparePeers)
	if ok {
		return view
	}
	return slices.Insert(view, i, p)
}

func erase(view []*peer, p *peer) []*peer {
	if i, ok := slices.BinarySearchFunc(view, p, comparePeers); ok {
		return slices.Delete(view, i, i+1)
	}
	return view
}

// ensure gives the peer of a key, making room for it; nil when every known
// peer has a place.
func (n *Node) ensure(key base.Key) *peer {
	if p := n.table.byKey[key]; p != nil {
		return p
	}
	if len(n.table.all) >= maxPeers && !n.evict() {
		return nil
	}
	p := &peer{
		key: key, id: wire.ShortOf(key), sinceAt: n.now,
		bornAt: never, poseAt: never, dialAt: never, heardAt: never, sentAt: never,
		pingAt: never, vouchAt: never, nearAt: never, wonAt: never, subAt: never,
		busyUntil: never, beatAt: never, leaseUntil: never, deadAt: never,
	}
	n.table.add(p)
	return p
}

// evict forgets the peer without a place that was heard of longest ago; one
// that is not connected goes first.
func (n *Node) evict() bool {
	var worst *peer
	older := func(a, b *peer) bool {
		if a.up != b.up {
			return !a.up
		}
		return max(a.bornAt, a.heardAt) < max(b.bornAt, b.heardAt)
	}
	for _, p := range n.table.all {
		if !p.placed(n.now) && (worst == nil || older(p, worst)) {
			worst = p
		}
	}
	if worst == nil {
		return false
	}
	n.table.remove(worst)
	return true
}

// fresh says that a peer's record is young enough, or the peer itself was
// heard lately enough, to be taken for where it says it is.
func (n *Node) fresh(p *peer) bool {
	return p.hasRec && (n.now-p.bornAt <= n.cfg.RecordAge || n.now-p.heardAt <= n.cfg.DeadAfter)
}

// usable says that a peer may be named to others, routed through and chosen.
func (n *Node) usable(p *peer) bool { return n.fresh(p) && !p.suspect }

func (n *Node) heard(p *peer) {
	p.heardAt, p.pingAt, p.suspect = n.now, never, false
	if !p.hasRec {
		return
	}
	// The peer is there, whatever was said of it: a farewell is not undone.
	n.tombs.lift(p.id)
	if p.inPassive {
		n.leavePassive(p)
		n.dirty = true
	}
}

func (n *Node) peerUp(key base.Key) {
	if key == n.id {
		return
	}
	p := n.ensure(key)
	if p == nil {
		n.n.TooMany++
		return
	}
	p.up, p.dialAt = true, never
	if !p.hasRec || n.now-p.heardAt > n.cfg.Lease {
		n.offer(p, false)
	}
}

func (n *Node) peerDown(key base.Key) {
	if p := n.table.byKey[key]; p != nil {
		p.up = false
		if p.inNear {
			n.doubt(p)
		}
	}
}

// sendFailed is a hint, not a proof: a near member is doubted and given its
// time, others are worth less and are let go at once.
func (n *Node) sendFailed(key base.Key) {
	p := n.table.byKey[key]
	if p == nil {
		return
	}
	p.up = false
	n.failFinds(key)
	n.failRoutes(key)
	switch {
	case p.inNear:
		n.doubt(p)
	case p.inPassive:
	case p.inLong || p.inRandom:
		n.die(p)
	default:
		p.suspect = true
	}
}

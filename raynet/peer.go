package raynet

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// peer is everything known of one other node. It is kept small: a node knows
// a few hundred and a simulator holds a million nodes. What only a neighbour
// or only a departed peer needs is beside it.
type peer struct {
	id  wire.ShortID
	rec *wire.Record // never nil; only its key counts while hasRec is false

	near *nearness // nil outside the near view
	more *extra    // nil while there is nothing to keep

	poseAt int64
	x      [3]int32 // position: rec's, or that of a later Move

	bornAt  instant // when rec was signed, as far as its bearers could tell
	sinceAt instant // when the peer became known at about its place
	heardAt instant // last message from the peer itself
	sentAt  instant
	pingAt  instant // oldest unanswered ping or shuffle
	leaseTo instant // it holds a lease on this node until then
	watchAt instant // near: nothing is to be done about it before

	moveSeq uint32 // of the last Move in rec's epoch; 0 for none

	// Two bytes and less, so that 104 are enough.
	vel    wire.Velocity // with x
	jitter [3]int8       // of its point
	lag    uint8         // way of its moves, in units of lagUnit; 0 unknown
	group  uint8         // of addresses, folded; 0 unknown
	owed   uint8         // of its credit

	octave                              uint8
	hasRec, up, suspect                 bool
	inNear, inLong, inRandom, inPassive bool
}

// mood is what is so of a member of the near view.
type mood uint8

const (
	unjudged mood = 1 << iota // not in a selection since it joined
	timed                     // a move has come since the last NearSub
	stirs                     // has moved since the last look at the pairs
)

// nearness is what a node keeps of a member of its near view.
type nearness struct {
	marks []uint32 // prints of records the peer is known to have
	told  uint32   // the node's news when the last offer to the peer was made
	met   uint32   // slots of the members it is adjacent to

	joinedAt instant // entered the near view
	wonAt    instant // last selection in which it won a ray
	subAt    instant // last NearSub sent
	busyTo   instant
	beatAt   instant // last ping sent in place of a refused lease
	vouchAt  instant // last time another peer said that it answers
	toldAt   instant

	rays uint8 // won in the last selection, 255 for more
	mood mood
	slot uint8 // its number among the members
}

// joins gives a peer that enters the near view what is kept of a member.
func (n *Node) joins(p *peer) {
	m := n.table.near.take()
	*m = nearness{marks: m.marks[:0], joinedAt: at(n.now), wonAt: unheard, subAt: unheard, busyTo: unheard,
		beatAt: unheard, vouchAt: unheard, toldAt: unheard, mood: unjudged}
	p.near, p.watchAt = m, unheard
}

// extra is what a node keeps of few peers.
type extra struct {
	addr     []byte      // matches rec.Addr, or empty
	addrSent wire.Digest // own address the peer was given
	dialAt   int64
	probe    *probe // of a passive peer
	jumped   bool   // sinceAt is when it was last seen to jump
}

func (p *peer) key() base.Key { return p.rec.Key }

func (p *peer) pos() spatial.Pos {
	return spatial.Pos{X: int64(p.x[0]), Y: int64(p.x[1]), Z: int64(p.x[2])}
}

// setPose takes a valid position: every coordinate is within 2^30.
func (p *peer) setPose(pos spatial.Pos, vel wire.Velocity, at int64) {
	p.x, p.vel, p.poseAt = [3]int32{int32(pos.X), int32(pos.Y), int32(pos.Z)}, vel, at
}

// whereabouts is the pose carried on to a time.
func (p *peer) whereabouts(now int64) spatial.Pos {
	if p.vel == (wire.Velocity{}) {
		return p.pos()
	}
	return reckon(p.pos(), p.vel.Vec(), now-p.poseAt)
}

// at is the peer's overlay point now; see point.
func (p *peer) at(now int64) spatial.Pos {
	w := p.whereabouts(now)
	return spatial.Pos{X: w.X + int64(p.jitter[0]), Y: w.Y + int64(p.jitter[1]), Z: w.Z + int64(p.jitter[2])}
}

func (p *peer) rest() *extra {
	if p.more == nil {
		p.more = &extra{dialAt: never}
	}
	return p.more
}

func (p *peer) addr() []byte {
	if p.more == nil {
		return nil
	}
	return p.more.addr
}

// print is a mark of a record: a false match hides one hint from one peer.
func print(id wire.ShortID, s wire.Stamp) uint32 {
	h := (uint64(id) ^ uint64(s.Epoch)<<32 ^ uint64(s.Seq)) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

// knows notes that a neighbour has a record; the oldest marks are forgotten.
func (n *Node) knows(p *peer, id wire.ShortID, s wire.Stamp) {
	if p.near == nil || p.knowsIt(id, s) {
		return
	}
	m := &p.near.marks
	if *m == nil {
		*m = make([]uint32, 0, min(n.cfg.Marks, 12))
	}
	if len(*m) >= n.cfg.Marks {
		copy(*m, (*m)[1:])
		*m = (*m)[:len(*m)-1]
	}
	*m = append(*m, print(id, s))
}

func (p *peer) knowsIt(id wire.ShortID, s wire.Stamp) bool {
	return p.near != nil && slices.Contains(p.near.marks, print(id, s))
}

// placed says that a view or a lease holds the peer.
func (n *Node) placed(p *peer) bool {
	return p.inNear || p.inLong || p.inRandom || p.inPassive || n.ahead(p.leaseTo)
}

// table holds all peers, sorted by key: short ids are in the order of keys.
// ids has their ids in the same order, so that a search reads one run of memory.
type table struct {
	all []*peer
	ids []wire.ShortID

	peers stock[peer]
	near  stock[nearness]
}

func comparePeers(a, b *peer) int {
	if a.id != b.id {
		return cmp.Compare(a.id, b.id)
	}
	return a.rec.Key.Compare(b.rec.Key) // elsewhere in memory
}

// tableRoom holds the views of a node in a world that stands still.
const tableRoom = 72

// first is the place of the first peer whose id is not below. Ids are spread
// evenly, so it is at most a few places from where it ought to be.
func (t *table) first(id wire.ShortID) int {
	at, _ := bits.Mul64(uint64(id), uint64(len(t.ids)))
	i := int(at)
	for i > 0 && t.ids[i-1] >= id {
		i--
	}
	for i < len(t.ids) && t.ids[i] < id {
		i++
	}
	return i
}

func (t *table) byKey(key base.Key) *peer {
	id := wire.ShortOf(key)
	for i := t.first(id); i < len(t.ids) && t.ids[i] == id; i++ {
		if t.all[i].rec.Key == key {
			return t.all[i]
		}
	}
	return nil
}

// byID gives the first peer of an id: two keys that share one are somebody's
// work, and cost only the peers of that somebody.
func (t *table) byID(id wire.ShortID) *peer {
	if i := t.first(id); i < len(t.ids) && t.ids[i] == id {
		return t.all[i]
	}
	return nil
}

// add files a peer in a table that will not grow beyond most.
func (t *table) add(p *peer, most int) {
	if t.all == nil {
		room := min(tableRoom, most)
		t.all, t.ids = make([]*peer, 0, room), make([]wire.ShortID, 0, room)
	}
	i, _ := slices.BinarySearchFunc(t.all, p, comparePeers)
	t.all, t.ids = slices.Insert(t.all, i, p), slices.Insert(t.ids, i, p.id)
}

func (t *table) remove(p *peer) {
	if i, ok := slices.BinarySearchFunc(t.all, p, comparePeers); ok {
		t.all, t.ids = slices.Delete(t.all, i, i+1), slices.Delete(t.ids, i, i+1)
		t.peers.give(p)
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

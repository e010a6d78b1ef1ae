package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

// never is a time before every other, far enough from overflow.
const never int64 = -1 << 61

// outState is how far a subscription of this node to a peer has come.
type outState uint8

const (
	outNone  outState = iota
	outAsked          // Sub sent, nothing heard of it
	outLive           // its poses come
)

// peer is a direct relation: this node subscribes to it, or it to this node.
// It keeps its place in the slice while it lasts; a free place has no relation.
type peer struct {
	key   base.Key
	id    wire.ShortID
	body  wire.Body // newest pose: its own word, or a hint while first is false
	at    int64     // when that pose was made, as far as known
	heard int64     // last message of its own
	first bool      // body is its own word
	// seen: it is in the area of interest, hysteresis included.
	seen bool
	// d2 is the squared distance at the last review.
	d2 int64

	// This node's subscription to it.
	out      outState
	want     wire.Class
	tries    uint8
	duty     uint32 // sectors it is the sensor of
	askedAt  int64  // last Sub
	awayAt   int64  // since when it is of no interest; never while it is
	hinter   wire.ShortID
	hinted   bool // hinter has named it, and has not been judged for it
	unsubAt  int64
	pending  int8 // questions open because of its hints
	good     uint8
	bad      uint8
	distrust int64 // its notices are ignored until

	// Its subscription to this node.
	in       wire.Class
	until    int64
	reach    int64 // units
	sectors  uint32
	begun    uint32 // sectors asked for since the round began
	all      uint32 // sectors of which the round tells all
	roundAt  int64  // begin of the digest round
	since    int64  // begin of the round before
	cursor   int    // next place of the round; done when negative
	idle     uint8  // rounds that had nobody to tell of, up to 2
	named    int    // hearsay that it is the source of
	window   uint32
	count    uint16
	overflow uint16
}

func (p *peer) used() bool { return p.out != outNone || p.in != wire.None }

// pos thinks the newest pose on to now.
func (p *peer) pos(now int64) wire.Point { return ahead(p.body.Pos, p.body.Vel, now-p.at) }

// usable reports whether the pose may be told to others: it is the peer's own,
// and not older than that of a live one gets. Who only subscribes says where
// it is with each lease.
func (n *Node) usable(p *peer) bool {
	return p.used() && p.first && n.now-p.at <= n.cfg.Lease/2
}

// find gives the relation with a key, or nil.
func (n *Node) find(k base.Key) *peer {
	i := n.index.get(wire.ShortOf(k))
	if i < 0 || n.peers[i].key != k {
		return nil
	}
	return &n.peers[i]
}

// add makes a place for a relation; nil when there is no room, or when
// another key has the same short id. Pointers to other peers are void after.
func (n *Node) add(k base.Key) *peer {
	id := wire.ShortOf(k)
	if k == n.id || id == n.self || n.index.get(id) >= 0 {
		return nil
	}
	var at int
	switch {
	case len(n.free) > 0:
		at = int(n.free[len(n.free)-1])
		n.free = n.free[:len(n.free)-1]
	case len(n.peers) < n.cfg.MaxPeers:
		at = len(n.peers)
		n.peers = append(n.peers, peer{})
		n.told = append(n.told, [maxPeers / 64]uint64{})
	default:
		n.n.TooMany++
		return nil
	}
	n.peers[at] = peer{key: k, id: id, awayAt: never, unsubAt: never, distrust: never, cursor: -1}
	n.index.put(id, at)
	if h := n.hindex.get(id); h >= 0 {
		n.peers[at].seen = n.heard[h].seen
		n.forget(h)
	}
	return &n.peers[at]
}

// release frees the place of a peer without relations.
func (n *Node) release(p *peer) {
	if p.used() {
		return
	}
	at := n.index.get(p.id)
	n.leaves(p)
	n.index.del(p.id)
	n.unsettle(at)
	if p.named > 0 {
		for i := range n.heard {
			if n.heard[i].from == int32(at) {
				n.heard[i].from = -1
			}
		}
	}
	*p = peer{}
	n.free = append(n.free, uint16(at))
}

// enters and leaves keep the area of interest of the observers.
func (n *Node) enters(p *peer) {
	if !p.seen {
		p.seen = true
		n.event(Entered, p.id, p.key)
	}
}

func (n *Node) leaves(p *peer) {
	if p.seen {
		p.seen = false
		n.event(Left, p.id, p.key)
	}
}

func (n *Node) event(k EventKind, id wire.ShortID, key base.Key) {
	n.out.Events = append(n.out.Events, Event{k, id, key})
}

// refusal is an avatar that is not asked again for a while.
type refusal struct {
	id    wire.ShortID
	until int64
}

// refuse keeps hints about an avatar from being followed for d.
func (n *Node) refuse(id wire.ShortID, d int64) {
	oldest := 0
	for i := range n.refused {
		if n.refused[i].id == id {
			n.refused[i].until = n.now + d
			return
		}
		if n.refused[i].until < n.refused[oldest].until {
			oldest = i
		}
	}
	switch {
	case len(n.refused) > 0 && n.refused[oldest].until <= n.now, len(n.refused) >= maxRefused:
		n.refused[oldest] = refusal{id, n.now + d}
	default:
		n.refused = append(n.refused, refusal{id, n.now + d})
	}
}

func (n *Node) isRefused(id wire.ShortID) bool {
	for i := range n.refused {
		if n.refused[i].id == id {
			return n.refused[i].until > n.now
		}
	}
	return false
}

// interest is the radius within which this node wants to know everybody.
func (n *Node) interest() int64 { return n.me.radius() + margin(n.me.radius()) }

// matters reports whether a body, seen at time at, is in the area of interest
// or will be soon.
func (n *Node) matters(b *wire.Body, at int64) bool {
	pos, vel := n.me.at(n.now)
	d := sub(ahead(b.Pos, b.Vel, n.now-at), pos)
	return meets(d, speed(b.Vel).minus(speed(vel)), n.interest(), n.cfg.Lookahead)
}

// inside reports whether a peer's newest pose is in the area of interest
// itself, without any margin.
func (n *Node) inside(p wire.Point) bool {
	pos, _ := n.me.at(n.now)
	r := n.me.radius()
	return sub(p, pos).len2() <= r*r
}

// bodyOf is a neighbour of the overlay as a body without a stamp.
func bodyOf(b *Neighbour) wire.Body {
	return wire.Body{Pos: wire.PointOf(b.Pos), Vel: wire.VelocityOf(b.Vel), AOI: b.AOI}
}

// clampAOI bounds an area of interest in metres.
func clampAOI(m uint16) uint16 { return min(m, maxAOI) }

package presence

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Env is what a node shares with the others that the same goroutine steps.
type Env interface {
	Scratch() *Scratch
}

// Scratch holds buffers that are used within one Step: one for each
// goroutine. The zero value is ready.
type Scratch struct {
	keys      []int64
	near      []scanned
	tell      []telling
	marks     []wire.Mark
	known     []known
	questions []question
}

// Alone is an Env for a single node.
func Alone() Env { return &alone{} }

type alone struct{ s Scratch }

func (a *alone) Scratch() *Scratch { return &a.s }

// Start is what differs from node to node.
type Start struct {
	Pos   spatial.Pos
	AOI   uint16 // metres, at most 1,000
	Epoch uint32 // must grow with every start of a node; zero is refused
	Seed  uint64 // decides phases and choices, and the order of tables
}

// Node is the interest layer of one avatar.
type Node struct {
	cfg  *Config
	id   base.Key
	self wire.ShortID
	env  Env
	rng  *base.Rand

	// Of the Step under way.
	now int64
	out *Outbox

	started, left bool
	me            own

	peers []peer
	told  [][maxPeers / 64]uint64 // pairs of places that know each other
	free  []uint16
	index index
	subs  []subscriber // nearest first at the last ranking

	heard  []hearsay
	hindex index

	feed    []fed
	waiting []fed // hints that are not followed yet
	refused []refusal

	wanted   int // subscriptions of this node
	pending  int // of these, not answered yet
	found    int // hints followed since the last question
	crowded  bool
	rankSoon bool
	reach    int64
	least    int64 // urgency of the last subscription, hysteresis included

	turn, asks, askTurn, pairAt, digestTurn int

	reviewAt, flushAt, flushedAt int64
	askAt, askedAt, askGap       int64
	wakeAt                       int64

	strangers      int
	strangerWindow uint32

	budget budget
	n      Counters
}

// fed is an avatar named by the overlay, or by a peer.
type fed struct {
	key  base.Key
	body wire.Body
	at   int64
	from wire.ShortID // the peer; 0 for the overlay
}

// New makes a node that knows nobody. cfg comes from Complete; a nil env is
// Alone.
func New(cfg *Config, id base.Key, start Start, env Env) (*Node, error) {
	if start.Epoch == 0 {
		return nil, fmt.Errorf("%w: epoch 0", ErrConfig)
	}
	if env == nil {
		env = Alone()
	}
	n := &Node{
		cfg: cfg, id: id, self: wire.ShortOf(id), env: env, rng: base.NewRand(start.Seed, 0x9e),
		askedAt: never, askGap: cfg.AskMin,
	}
	n.index.seed, n.hindex.seed = n.rng.Uint64(), n.rng.Uint64()
	n.me.pos, n.me.aoi = wire.PointOf(start.Pos), clampAOI(start.AOI)
	n.me.stamp.Epoch = start.Epoch
	n.reach = n.interest()
	return n, nil
}

// Step takes one input at time now (ns, monotonic) and appends the effects to
// out.
func (n *Node) Step(now int64, in Input, out *Outbox) {
	n.now, n.out = max(now, n.now), out
	if n.left {
		return
	}
	if !n.started {
		n.begin()
	}
	n.handle(in)
	if n.left {
		return
	}
	if n.now >= n.flushAt || n.now >= n.reviewAt {
		n.budget.refill(n.now, n.cfg)
	}
	if n.now >= n.flushAt {
		n.flush()
	}
	if n.now >= n.reviewAt {
		n.review()
		n.reviewAt = n.now + n.cfg.ReviewEvery
	}
	if t := max(min(n.reviewAt, n.flushAt), n.now+1); t != n.wakeAt {
		n.wakeAt = t
		out.WakeAt = t
	}
	n.out = nil
}

func (n *Node) begin() {
	n.started = true
	n.me.posedAt = n.now
	n.budget = budget{at: n.now - burst}
	n.reviewAt = n.now + int64(n.rng.Float64()*float64(n.cfg.ReviewEvery))
	n.flushAt = n.now + int64(n.rng.Float64()*float64(n.cfg.FullEvery))
	n.askAt = n.reviewAt
}

func (n *Node) handle(in Input) {
	switch in := in.(type) {
	case Recv:
		m, err := wire.Parse(in.Bytes)
		if err != nil {
			n.n.MsgsIn++
			n.n.BytesIn += uint64(len(in.Bytes))
			n.n.Malformed++
			return
		}
		n.recv(in.From, m, len(in.Bytes))
	case Message:
		n.recv(in.From, in.Msg, wire.Size(in.Msg))
	case Tick:
	case SetPose:
		n.setPose(in)
	case Neighbours:
		n.setFeed(in.List)
	case PeerGone:
		n.gone(n.find(in.Key), 2*second)
	case Leave:
		n.leave()
	}
}

func (n *Node) setPose(in SetPose) {
	o := &n.me
	o.pos, o.vel, o.aoi = wire.PointOf(in.Pos), wire.VelocityOf(in.Vel), clampAOI(in.AOI)
	o.posedAt, o.fresh = n.now, false
	n.flushAt = min(n.flushAt, max(n.now, n.flushedAt+n.cfg.FullEvery))
}

func (n *Node) setFeed(list []Neighbour) {
	n.feed = n.feed[:0]
	for i := range list[:min(len(list), maxFeed)] {
		if b := &list[i]; b.Key != n.id {
			n.feed = append(n.feed, fed{key: b.Key, body: bodyOf(b), at: n.now - max(0, b.AgeNs)})
		}
	}
}

// leave says farewell to all peers.
func (n *Node) leave() {
	m := &wire.Bye{}
	for i := range n.peers {
		if p := &n.peers[i]; p.used() {
			n.send(p.key, Reliable, m)
		}
	}
	n.left = true
}

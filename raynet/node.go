package raynet

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Env is what the core needs and may not have itself. Nodes may share one that
// is called by one goroutine.
type Env interface {
	// Sign signs with the private key of a node of this process.
	Sign(key base.Key, msg []byte) [64]byte
	Verify(key base.Key, msg, sig []byte) bool
	// Scratch gives the buffers of a selection. Nothing is kept there between
	// two Steps.
	Scratch() *Scratch
}

// never is a time before every other, far enough from overflow.
const never int64 = -1 << 61

// Node is one overlay point.
type Node struct {
	cfg  *Config
	kind wire.Kind
	id   base.Key
	env  Env
	rng  base.Rand
	box  spatial.Box // the world box, a margin wider: points are jittered

	// Of the Step under way.
	now     int64
	out     *Outbox
	speaker *peer // whose message is looked at

	started bool
	left    bool
	startAt int64
	wakeAt  int64

	self  own
	table table
	tombs tombs
	boot  []base.Key // bootstrap keys, for a node that knows nobody

	near    []*peer // sorted by key, like all views
	long    []*peer
	random  []*peer
	passive []*peer

	others     bool // the last health check was of the near view only
	dirty      bool // the candidates have changed since the last selection
	selectedAt int64
	changed    bool   // the near view has changed since the last round
	news       uint32 // counts who became known, moved or was lost
	nearGap    int64
	unrest     float64 // mean speed of ray winners against this node, m/s

	stirred   bool // a near member has moved since the last look at the pairs
	noticedAt int64
	askWindow int64
	asked     int // because of hints of movers, since then

	spacing float64 // mean distance of ray winners in metres; 0 unknown
	reach2  uint64  // squared, units²: farther ones hardly cut the cell; 0 unknown

	nextNear, nextShuffle, nextLong, nextPassive, nextSelfFind, nextHealth int64

	// How long the node has been at its place, and what guards it there.
	anchor    spatial.Pos
	anchorAt  int64
	electedAt int64
	alarmAt   int64
	seats     []seat
	court     *court
	slots     []slot // of the random view; empty until the first peer
	slotTurn  int
	slotRng   base.Rand // its state is secret

	shuffles int // quick ones so far
	longTurn int
	nextFill int64 // earliest next lookup for an octave of the long view
	fillGap  int64

	query   uint32 // last used lookup, closure or ping number
	finds   []*lookup
	closure closure
	join    joinState
	joined  bool
	joinAt  int64 // earliest next attempt

	routeID uint64
	routes  []*relay
	seen    seen
	helps   []help
	pleas   []plea

	n Counters
}

// New makes a node that knows nobody. cfg must come from Complete.
func New(cfg *Config, id base.Key, start Start, env Env) (*Node, error) {
	if start.Kind == 0 {
		start.Kind = wire.Avatar
	}
	if !start.Kind.Valid() || start.Epoch == 0 {
		return nil, fmt.Errorf("%w: kind or epoch of the start", ErrConfig)
	}
	n := &Node{
		cfg: cfg, kind: start.Kind, id: id, env: env, rng: *base.NewRand(start.Seed, 1),
		box:        spatial.Box{Min: shift(cfg.Min, -margin), Max: shift(cfg.Max, margin)},
		selectedAt: never, joinAt: never, noticedAt: never, askWindow: never,
		anchorAt: never, electedAt: never, alarmAt: never,
		nearGap: cfg.NearEvery, fillGap: cfg.LongEvery,
	}
	n.self.epoch, n.self.unixMs = start.Epoch, start.UnixMs
	n.self.posed = n.clamp(start.Pos)
	n.self.pose(&id, n.self.posed, spatial.Vec{})
	n.self.signedAt, n.self.movedAt, n.self.jumpAt = never, never, never
	n.slotRng = secret(id, start, env)
	// A random start keeps the route numbers of two runs apart for peers
	// that remember the first.
	n.routeID = n.rng.Uint64()
	return n, nil
}

// Step takes one input at time now (ns, monotonic) and appends the effects to
// out in the order to perform them.
func (n *Node) Step(now int64, in Input, out *Outbox) {
	n.now, n.out = max(now, n.now), out
	defer func() { n.out, n.speaker = nil, nil }()
	if !n.started {
		n.start()
	}
	if n.left {
		return
	}
	n.table.peers.settle()
	n.table.near.settle()
	n.walkOn()
	n.handle(in)
	if n.left {
		return
	}
	n.timers()
	n.settle()
	n.wake()
}

func (n *Node) start() {
	n.started, n.startAt = true, n.now
	phase := func(period int64) int64 { return n.now + int64(n.rng.Float64()*float64(period)) }
	n.nextNear = phase(n.cfg.NearEvery)
	n.nextShuffle = phase(n.cfg.NearEvery)
	n.nextLong = phase(n.cfg.LongEvery)
	n.nextPassive = phase(n.cfg.PassiveEvery)
	n.nextSelfFind = n.now + n.cfg.SelfFindEvery/2 + int64(n.rng.Float64()*float64(n.cfg.SelfFindEvery))
	n.nextHealth = phase(healthEvery)
	n.sign()
}

func (n *Node) handle(in Input) {
	switch in := in.(type) {
	case Recv:
		n.parse(in.From, in.Bytes)
	case Message:
		n.recv(in.From, in.Msg)
	case Tick:
	case PeerUp:
		n.peerUp(in)
	case PeerDown:
		n.peerDown(in.Key)
	case SendFailed:
		n.sendFailed(in.To)
	case SetPose:
		n.setPose(in)
	case SetAddr:
		n.setAddr(in.Addr)
	case Bootstrap:
		n.bootstrap(in)
	case Find:
		n.startFind(findUser, in.Target, in.Token)
	case Route:
		n.startRoute(in)
	case Leave:
		n.leave()
	}
}

// timers runs what is due. One round of each kind at most: a driver that slept
// long gets no burst.
func (n *Node) timers() {
	if n.now >= n.nextHealth {
		n.nextHealth = n.now + healthEvery
		n.checkHealth()
	}
	if n.self.moved && n.now >= n.self.movedAt+n.cfg.MoveEvery {
		n.flushMove()
	}
	if n.now >= n.nextNear {
		n.nearRound()
		n.nextNear = n.now + n.jittered(n.nearPeriod())
	}
	if n.now >= n.nextShuffle {
		n.nextShuffle = n.now + n.jittered(n.shuffleRound())
	}
	if n.now >= n.nextLong {
		n.longRound()
		n.nextLong = n.now + n.jittered(n.cfg.LongEvery)
	}
	if n.now >= n.nextPassive {
		n.passiveRound()
		n.nextPassive = n.now + n.jittered(n.cfg.PassiveEvery)
	}
	if n.now >= n.nextSelfFind {
		n.startFind(findSelf, n.self.pos, 0)
		n.nextSelfFind = n.now + n.jittered(n.cfg.SelfFindEvery)
	}
}

// jittered spreads a period by a tenth either way, so that nodes started
// together do not stay in step.
func (n *Node) jittered(period int64) int64 {
	return period - period/10 + int64(n.rng.Float64()*float64(period/5))
}

// selectEvery bounds how often news alone causes a selection. Among movers
// there is always some: it is the time in which they go shapePart of the local
// spacing, from selectFast to selectSlow.
const (
	selectEvery = 200 * millisecond
	selectFast  = 100 * millisecond
	selectSlow  = 400 * millisecond
	shapePart   = 0.1
)

func (n *Node) selectGap() int64 {
	if !n.lively() {
		return selectEvery
	}
	return max(n.inWhich(shapePart, selectSlow), selectFast)
}

// settle brings the views and the work in progress up to date with what this
// Step has learned.
func (n *Node) settle() {
	if n.dirty && (n.closure.active || n.now >= n.selectedAt+n.selectGap()) {
		n.reselect()
	}
	if n.stirred && n.now >= n.noticedAt+n.noticeGap() {
		n.notices()
	}
	n.pumpJoin()
	n.pumpFinds()
	n.pumpClosure()
	n.pumpRoutes()
}

func (n *Node) wake() {
	t := min(n.nextHealth, n.nextNear, n.nextShuffle, n.nextLong, n.nextPassive, n.nextSelfFind)
	if n.self.moved {
		t = min(t, n.self.movedAt+n.cfg.MoveEvery)
	}
	if n.dirty {
		t = min(t, n.selectedAt+n.selectGap())
	}
	if len(n.finds) > 0 || n.closure.active || len(n.routes) > 0 {
		t = min(t, n.now+busyEvery)
	}
	t = max(t, n.now+1)
	if t != n.wakeAt {
		n.wakeAt = t
		n.out.add(WakeAt{t})
	}
}

// parse is one message from an authenticated peer, as bytes.
func (n *Node) parse(from base.Key, b []byte) {
	m, err := wire.Parse(b)
	if err != nil {
		n.n.MsgsIn++
		n.n.BytesIn += uint64(len(b))
		if from != n.id {
			n.n.Malformed++
			n.event(Refused, from)
		}
		return
	}
	n.recv(from, m)
}

// recv is one message. It belongs to everybody: nothing may change it.
func (n *Node) recv(from base.Key, m wire.Message) {
	n.n.MsgsIn++
	n.n.BytesIn += uint64(wire.Size(m))
	if from == n.id {
		return
	}
	p := n.ensure(from)
	if p == nil {
		n.n.TooMany++
		return
	}
	n.speaker = p
	if l, ok := m.(*wire.Leave); ok {
		n.onLeave(p, l)
		return
	}
	n.heard(p)
	if !n.afford(p, m) {
		return
	}
	switch m := m.(type) {
	case *wire.Shuffle:
		n.onShuffle(p, m)
	case *wire.NearOffer:
		n.onOffer(p, m)
	case *wire.Notice:
		n.onNotice(p, m)
	case *wire.NearWant:
		n.onWant(p, m)
	case *wire.NearGive:
		n.onGive(p, m)
	case *wire.NearSub:
		n.onSub(p, m)
	case *wire.NearUnsub:
		p.leaseTo = unheard
	case *wire.Busy:
		n.onBusy(p, m)
	case *wire.Move:
		n.onMove(p, m)
	case *wire.Ping:
		n.send(p, &wire.Pong{Nonce: m.Nonce}, Reliable)
		if n.self.vel != (spatial.Vec{}) {
			n.send(p, n.move(), LatestWins)
		}
		n.refresh(p, m.Have)
	case *wire.Pong:
		n.onPong(p, m)
	case *wire.PingReq:
		n.onPingReq(p, m)
	case *wire.PingAck:
		n.onPingAck(p, m)
	case *wire.Find:
		n.onFind(p, m)
	case *wire.Closer:
		n.onCloser(p, m)
	case *wire.Route:
		n.onRoute(p, m)
	case *wire.RouteAck:
		n.onRouteAck(p, m)
	case *wire.Closure:
		n.onClosure(p, m)
	case *wire.ClosureRep:
		n.onClosureRep(p, m)
	}
}

// redial is the least time between two Dial effects for one peer.
const redial = 2 * second

// send appends a Send, and a Dial before it when the peer is not up.
func (n *Node) send(p *peer, m wire.Message, c Class) {
	if !p.up && n.now >= p.rest().dialAt+redial {
		p.more.dialAt = n.now
		n.out.add(Dial{Key: p.key(), Addr: p.addr()})
	}
	p.sentAt = at(n.now)
	n.n.MsgsOut++
	n.n.BytesOut += uint64(wire.Size(m))
	n.out.send(Send{To: p.key(), Class: c, Msg: m})
}

func (n *Node) event(k EventKind, key base.Key) { n.out.add(Event{Kind: k, Key: key}) }

func (n *Node) nextQuery() uint32 {
	n.query++
	return n.query
}

package rival

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/raysim"
)

// Figures of von. The buffers are those of VAST.js scaled to an area of
// interest of 25 m: it detects 2 m beyond it (at a walk, a second and a half)
// and lets go 1.25 times as far out. A neighbour that is no longer of interest
// goes after 2 s, a silent one after 10 s, and everybody says something every
// 5 s (MAX_DROP_SECONDS, NONOVERLAP_MULTIPLIER, MAX_TIMELY_PERIOD).
const (
	vonRays   = 256
	vonGuess  = 128 // rays for the cell of another
	vonAOI    = raysim.AOI
	vonDetect = vonAOI + 2.0
	vonLoose  = vonAOI + 2.0*1.25
	vonDrop   = 2_000  // ms
	vonSilent = 10_000 // ms
	vonAlive  = 5 * raysim.Second
	// vonTick is how often what has gathered is looked at (TICK_INTERVAL),
	// vonCare how often a node looks after its neighbours, and
	// vonCompare how often it has them compare at most for a newcomer, once it
	// is no newcomer itself.
	vonTick    = 100 * raysim.Millisecond
	vonCare    = raysim.Second
	vonCompare = 5 * raysim.Second
	vonYoung   = 20 * raysim.Second
	// vonMove is how often a mover tells. VAST tells every step; twice a
	// second is enough for what is measured and takes a third of the time.
	vonMove     = 500 * raysim.Millisecond
	vonMoveMany = raysim.Second
	vonMany     = 20_000
	// vonAsk is how long a hello may stay without an answer.
	vonAsk = 6 * raysim.Second
	// vonCrowd is how many neighbours say enough of the density around.
	vonCrowd = 20
	// maxFresh bounds the nodes told of that wait for the next tick, and those
	// that have not answered a hello.
	maxFresh = 512
)

// von is VON (Hu, Chen and Chen 2006) in three dimensions, after VAST.js's
// lib/VON_peer.js: a node is connected to those in its area of interest and to
// its enclosing neighbours, those whose Voronoi cells touch its own among all
// it knows, here by 256 rays. A newcomer's query goes greedily to the node that
// its place belongs to, which answers with whom it should know; to each of
// these it says hello with the neighbours that it thinks the other has, and is
// told those that are missing. A mover tells all its neighbours; those at the
// boundary of its area look whom it now comes to know and tell it.
//
// What differs: who is told of by whom is decided by what has changed since
// the neighbour was last looked at, not by a table of what each neighbour is
// known to know; enclosing neighbours are looked for by a mover's enclosing
// neighbours only; a hello and the list of enclosing neighbours are one
// message; neighbours compare each second while a node is young and after one
// has vanished, else every five seconds, not with every hello, which no start of
// everybody at once would survive. Since there is no network
// yet that a newcomer could rely on, queries are repeated 1, 2, 4, 8 and 16 s
// after the start, through another node each time. A broken connection is
// noticed and its route sent again.
//
// VON has no long links: greedy routing takes the neighbours.
type von struct {
	s      *shard
	rays   []vec
	guess  []vec
	walls  walls
	at     point
	self   int32
	rng    base.Rand
	known  []neighbour // by node
	fresh  []contact   // told of, to be looked at
	asked  []asked     // said hello to, not heard from
	boot   []int32
	routes sentRoutes
	halo   float64 // half the mean distance of the enclosing neighbours, metres
	every  int64   // between two moves told

	careAt, moveAt, joinAt, aliveAt, compareAt, bornAt int64

	joins   int
	changed bool // the enclosing neighbours may be others
	unsure  bool // the enclosing neighbours should compare
	lost    bool // and soon: one of them has vanished
}

// neighbour is one that a node is connected to. Times are ms.
type neighbour struct {
	contact          // mark is the time of its pose
	toldAt    point  // where it was when it was last told of others
	since     uint32 // connected
	told      uint32 // when it was last told of others
	shifted   uint32 // when it was last seen to move
	heard     uint32
	keep      uint32 // not let go before
	enclosing bool
}

// asked is a node that has been said hello to; until is when it may be again.
type asked struct {
	node  int32
	until int64
}

const (
	vonQuery = iota
	vonNodes
	vonHello
	vonHelloAnswer
	vonEnclosing
	vonMoved
	vonMovedBoundary
	vonBye
	vonRoute
)

var vonKinds = []string{"query", "nodes", "hello", "hello_answer", "enclosing", "move", "move_boundary", "bye", "route"}

// vonMessage is any of them: a header of 8 bytes, nodes of 30 (address 6, id 8,
// place 12, time 4) and ids of 8.
type vonMessage struct {
	list []contact
	ids  []int32
	kind uint8
}

func (m *vonMessage) Size() int   { return 8 + 30*len(m.list) + 8*len(m.ids) }
func (m *vonMessage) Kind() uint8 { return m.kind }

func newVon(start raysim.Start, nodes int, s *shard) raysim.Machine {
	v := &von{s: s, rays: raysOf(vonRays, start.Seed>>40), guess: raysOf(vonGuess, start.Seed>>40),
		walls: wallsOf(start.Box), at: pointOf(start.Pos), self: start.Node,
		rng: *base.NewRand(start.Seed, 1), careAt: never, moveAt: never, joinAt: never, aliveAt: never, every: vonMove}
	if nodes > vonMany {
		v.every = vonMoveMany
	}
	return v
}

// Step implements raysim.Machine.
func (v *von) Step(now int64, ev *raysim.Event, out *raysim.Out) {
	switch ev.Kind {
	case raysim.EvStart:
		v.boot, v.bornAt = ev.Keys, now
		v.joinAt, v.careAt, v.aliveAt = now, now+vonCare, now+vonAlive
	case raysim.EvPose:
		if p := pointOf(ev.Pos); p != v.at {
			v.at, v.changed = p, true
			v.moveAt = min(v.moveAt, max(now, v.aliveAt-vonAlive+v.every))
		}
	case raysim.EvMessage:
		switch m := ev.Msg.(type) {
		case *vonMessage:
			v.receive(now, ev.From, m, out)
		case *route:
			v.pass(now, m, out)
		}
	case raysim.EvRoute:
		v.pass(now, &route{ev.Token, pointOf(ev.Pos), 0, vonRoute}, out)
	case raysim.EvSendFailed:
		v.heardOf(ev.From)
		v.lose(ev.From)
		for _, r := range v.routes.failed(ev.From) {
			v.pass(now, r, out)
		}
	case raysim.EvLeave:
		for i := range v.known {
			v.send(v.known[i].node, vonBye, nil, nil, out)
		}
		return
	}
	v.wake(now, out)
}

func (v *von) wake(now int64, out *raysim.Out) {
	if now >= v.joinAt {
		v.join(now, out)
	}
	if now >= v.moveAt || now >= v.aliveAt {
		v.tell(now, out)
	}
	if now >= v.careAt {
		v.careAt = now + vonCare
		v.care(now, out)
	} else if len(v.fresh) > 0 && now >= v.careAt-vonCare+vonTick {
		// A second tick between two rounds of care.
		v.meet(now, out)
	}
	next := min(v.joinAt, v.moveAt, v.aliveAt, v.careAt)
	if len(v.fresh) > 0 {
		next = min(next, now+vonTick)
	}
	if next != never {
		out.WakeAt(next)
	}
}

func (v *von) me(now int64) contact { return contact{v.self, v.at, millis(now)} }

func (v *von) send(to int32, kind uint8, list []contact, ids []int32, out *raysim.Out) {
	m := &vonMessage{kind: kind}
	m.list = append(m.list, list...)
	m.ids = append(m.ids, ids...)
	out.Send(to, raysim.Reliable, m)
}

// join sends a query through one of the nodes that the newcomer started from.
func (v *von) join(now int64, out *raysim.Out) {
	v.joinAt = never
	if len(v.boot) == 0 {
		return
	}
	if to := v.boot[v.joins%len(v.boot)]; to != v.self {
		v.send(to, vonQuery, []contact{v.me(now)}, nil, out)
	}
	if v.joins++; v.joins <= 5 {
		v.joinAt = now + raysim.Second<<max(v.joins-2, 0)
	}
}

// pass routes over all neighbours.
func (v *von) pass(now int64, r *route, out *raysim.Out) {
	sent, to := r.step(v.at, out, v.contacts())
	v.routes.add(now, sent, to)
}

// contacts lists the neighbours; valid until the next selection.
func (v *von) contacts() []contact {
	all := v.s.cands[:0]
	for i := range v.known {
		all = append(all, v.known[i].contact)
	}
	v.s.cands = all
	return all
}

// Views implements raysim.Viewer.
func (v *von) Views(views *raysim.Views) {
	for i := range v.known {
		views.Near = append(views.Near, v.known[i].node)
	}
}

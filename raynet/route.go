package raynet

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

const (
	// ackTimeout is how long a hop may take to say that it took a route
	// over; ackDialing the same when it must be dialled.
	ackTimeout = second
	ackDialing = 3 * second
	// routeTries is how many next hops one node tries.
	routeTries = 6
)

// relay is a route passed on and not yet acknowledged.
type relay struct {
	msg   *wire.Route
	next  base.Key
	until int64
	tried []base.Key
	own   bool // this node is the origin
	token uint64
}

// seen remembers the routes taken over and the best distance of each, so that
// a repeated one is acknowledged and goes no further. One that comes back with
// a better distance is no repetition: among movers a node may be passed twice.
type seen struct {
	has   map[seenKey]uint64 // for look-ups only; nil while empty
	order []seenKey
}

type seenKey struct {
	origin base.Key
	id     uint64
}

// add says whether k is new or has come closer.
func (s *seen) add(k seenKey, best uint64) bool {
	if last, ok := s.has[k]; ok {
		if best < last {
			s.has[k] = best
		}
		return best < last
	}
	if len(s.order) >= maxSeen {
		delete(s.has, s.order[0])
		s.order = append(s.order[:0], s.order[1:]...)
	}
	if s.has == nil {
		s.has = map[seenKey]uint64{}
	}
	s.has[k] = best
	s.order = append(s.order, k)
	return true
}

// ended says whether a route has ended here, or is being looked around for
// before it does.
const ended = 0

// set notes what became of a route that is remembered still.
func (s *seen) set(m *wire.Route, best uint64) {
	if k := (seenKey{m.Origin, m.ID}); s.has[k] != best {
		if _, ok := s.has[k]; ok {
			s.has[k] = best
		}
	}
}

func (n *Node) startRoute(in Route) {
	if len(in.Payload) > wire.MaxPayload || !in.Target.Valid() {
		n.n.TooMany++
		n.out.add(RouteLost{in.Token})
		return
	}
	n.routeID++
	m := &wire.Route{ID: n.routeID, Origin: n.id, Target: in.Target, Best: math.MaxUint64, TTL: wire.MaxTTL,
		Payload: append([]byte(nil), in.Payload...)}
	m.Sig = n.env.Sign(n.id, m.SigningBytes(n.cfg.World))
	n.seen.add(seenKey{n.id, m.ID}, m.Best)
	r := &relay{msg: m, own: true, token: in.Token}
	if in.Sure {
		if f := n.startFind(findSure, m.Target, in.Token); f != nil {
			f.route = r
			return
		}
	}
	n.pass(r)
}

func (n *Node) onRoute(p *peer, m *wire.Route) {
	if len(n.routes) >= maxRoutes {
		// No ack: the sender tries another.
		n.n.TooMany++
		return
	}
	n.send(p, &wire.RouteAck{ID: m.ID, Origin: m.Origin}, Reliable)
	if k := (seenKey{m.Origin, m.ID}); !n.seen.add(k, m.Best) {
		if n.chases(m) && n.seen.has[k] != ended {
			// Those around the target have passed it in a circle: they are
			// as close to it as can be told.
			n.deliver(&relay{msg: m})
		}
		return
	}
	n.n.RoutesIn++
	own := *m
	m = &own
	if m.TTL == 0 {
		n.n.RoutesLost++
		return
	}
	m.TTL--
	n.pass(&relay{msg: m, tried: []base.Key{p.key()}})
}

// pass gives a route to the known node closest to its target, if that is
// closer than every node the route has visited; else the route ends here,
// once nobody near the target knows anyone closer.
func (n *Node) pass(r *relay) {
	m := r.msg
	mine := m.Target.Dist2(n.self.point)
	best := min(m.Best, mine)
	if n.chases(m) {
		best = mine
	}
	var next *peer
	nearest := best
	for _, p := range n.table.all {
		if !n.usable(p) || slices.Contains(r.tried, p.key()) {
			continue
		}
		if d := m.Target.Dist2(p.at(n.now)); d < nearest && !n.vague(p, d) {
			next, nearest = p, d
		}
	}
	switch {
	case next != nil && len(r.tried) < routeTries:
		m.Best, m.Confirmed = best, n.chases(m) && next.inNear
		n.forward(r, next)
	case m.Confirmed:
		n.deliver(r)
	default:
		n.seen.set(m, ended)
		f := n.startFind(findConfirm, m.Target, 0)
		if f == nil {
			n.deliver(r)
			return
		}
		f.route = r
	}
}

// chases says that a route is at its end but those around the target move: it
// goes on to whoever is closer by now, though one of those before may have been
// closer still when it was there. The 64 hops bound that.
func (n *Node) chases(m *wire.Route) bool { return m.Confirmed && n.unrest > 0 }

func (n *Node) forward(r *relay, p *peer) {
	r.next = p.key()
	r.tried = append(r.tried, r.next)
	r.until = n.now + ackTimeout
	if !p.up {
		r.until = n.now + ackDialing
	}
	n.n.RoutesOut++
	n.routes = append(n.routes, r)
	// A copy: the next try may say something else.
	m := *r.msg
	n.send(p, &m, Reliable)
}

// confirmed ends the look around the target that precedes a delivery: a node
// that answered and is closer than all visited ones gets the route instead.
func (n *Node) confirmed(f *lookup) {
	r := f.route
	if r == nil {
		return
	}
	m := r.msg
	best := m.Target.Dist2(n.self.point)
	if n.unrest == 0 {
		best = min(best, m.Best)
	}
	var next *peer
	nearest := best
	for _, c := range n.answers(f) {
		if p := n.holding(c.key); p == nil && c.d2 < nearest {
			// It was forgotten since it answered.
			if p = n.ensure(c.key); p != nil {
				next, nearest = p, c.d2
			}
		} else if p != nil {
			if d := m.Target.Dist2(p.at(n.now)); d < nearest && !n.vague(p, d) {
				next, nearest = p, d
			}
		}
	}
	for _, p := range n.near {
		if d := m.Target.Dist2(p.at(n.now)); !p.suspect && p.heardAt != unheard && d < nearest && !n.vague(p, d) {
			next, nearest = p, d
		}
	}
	if next != nil {
		m.Best, m.Confirmed = best, true
		n.seen.set(m, best)
		r.tried = nil
		n.forward(r, next)
		return
	}
	n.deliver(r)
}

// sure ends the lookup of a route that trusts no hop: it goes to the closest
// that answered, in one step.
func (n *Node) sure(f *lookup) {
	r := f.route
	if r == nil {
		return
	}
	if cs := n.answers(f); len(cs) > 0 {
		n.confirmed(f)
		return
	}
	n.pass(r)
}

// deliver gives the payload out here, if its origin signed it.
func (n *Node) deliver(r *relay) {
	m := r.msg
	if m.Origin != n.id && !n.env.Verify(m.Origin, m.SigningBytes(n.cfg.World), m.Sig[:]) {
		n.n.BadSignature++
		n.event(Refused, m.Origin)
		return
	}
	n.seen.set(m, ended)
	n.n.RoutesDelivered++
	n.out.add(Deliver{Target: m.Target, Payload: m.Payload, From: m.Origin})
}

func (n *Node) onRouteAck(p *peer, m *wire.RouteAck) {
	for i, r := range n.routes {
		if r.next == p.rec.Key && r.msg.ID == m.ID && r.msg.Origin == m.Origin {
			n.routes = slices.Delete(n.routes, i, i+1)
			return
		}
	}
	n.n.Unasked++
}

// pumpRoutes tries the next best hop where no ack came in time.
func (n *Node) pumpRoutes() {
	for i := 0; i < len(n.routes); {
		r := n.routes[i]
		if n.now < r.until {
			i++
			continue
		}
		n.routes = slices.Delete(n.routes, i, i+1)
		n.n.RouteRetries++
		if p := n.table.byKey(r.next); p != nil {
			n.mistrust(p)
		}
		if len(r.tried) >= routeTries {
			n.n.RoutesLost++
			if r.own {
				n.out.add(RouteLost{r.token})
			}
			continue
		}
		n.pass(r)
	}
}

// mistrust looks into a peer that did not acknowledge a route.
func (n *Node) mistrust(p *peer) {
	if p.inNear {
		n.doubt(p)
	} else {
		p.suspect = true
		n.ping(p)
	}
}

// failRoutes stops waiting for a peer that is gone.
func (n *Node) failRoutes(key base.Key) {
	for _, r := range n.routes {
		if r.next == key {
			r.until = n.now
		}
	}
}

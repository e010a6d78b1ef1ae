package rival

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/raysim"
)

// Figures of the specification: both views hold c descriptors, a layer makes
// an exchange each second, a cell is judged by a thousand rays. Above 10,000
// nodes a quarter of the rays has to do for the time it takes.
const (
	classicView     = 10
	classicPeriod   = raysim.Second
	classicRays     = 1000
	classicRaysMany = 250
	classicMany     = 10_000
)

// classic is RayNet by its specification (Davide Frey, "RayNet Specification",
// Docs/specification/raynet.tex of Solipsis 3D): a Kleinberg view and a Voronoi
// view by push and pull gossip. selectToKeep of the Voronoi layer judges its
// view, what was received and the Kleinberg view together, and keeps those
// without whom the volume would grow the most.
//
// Where the text is silent or the authors' C++ differs: rays end at the walls
// of the world, since volumes would be infinite without; whoever bounds no ray
// ranks by distance; a descriptor of age 0 of the sender goes with every
// message; of two descriptors of a node the younger stays; a Kleinberg view that
// is too long without what was sent loses the oldest. A node keeps its set of
// rays for life, as the text's table of best peers by ray needs.
//
// Routing is greedy over both views and takes no acknowledgements: what is
// sent to a dead node is lost.
type classic struct {
	s         *shard
	rays      []vec
	walls     walls
	at        point
	self      int32
	rng       base.Rand
	kleinberg []contact
	voronoi   []contact
	sent      []contact // to the partner of the Kleinberg exchange under way
	partner   int32
	boot      []int32
	dead      graves
	wakeAt    int64
	turn      uint8
}

const (
	classicKleinberg = iota
	classicKleinbergAnswer
	classicVoronoi
	classicVoronoiAnswer
	classicRoute
)

var classicKinds = []string{"kleinberg", "kleinberg_answer", "voronoi", "voronoi_answer", "route"}

// gossip is the C++ code's datagram: a header of 8 bytes, descriptors of 26
// (two ports, IPv4 address, age, three float32 with commas) and a zero.
type gossip struct {
	list []contact
	kind uint8
}

func (g *gossip) Size() int   { return 8 + 26*len(g.list) + 1 }
func (g *gossip) Kind() uint8 { return g.kind }

func newClassic(start raysim.Start, nodes int, s *shard) raysim.Machine {
	n := classicRays
	if nodes > classicMany {
		n = classicRaysMany
	}
	return &classic{s: s, rays: raysOf(n, start.Seed>>40), walls: wallsOf(start.Box), at: pointOf(start.Pos),
		self: start.Node, rng: *base.NewRand(start.Seed, 1), partner: -1, wakeAt: never}
}

// Step implements raysim.Machine.
func (c *classic) Step(now int64, ev *raysim.Event, out *raysim.Out) {
	switch ev.Kind {
	case raysim.EvStart:
		c.boot = ev.Keys
		for _, to := range c.boot {
			if to != c.self {
				c.offer(to, classicKleinberg, nil, out)
				c.offer(to, classicVoronoi, nil, out)
			}
		}
		c.wakeAt = now + classicPeriod/2
		out.WakeAt(c.wakeAt)
	case raysim.EvWake:
		c.wake(now, out)
	case raysim.EvPose:
		c.at = pointOf(ev.Pos)
	case raysim.EvMessage:
		c.dead.raise(ev.From)
		switch m := ev.Msg.(type) {
		case *gossip:
			c.receive(now, ev.From, m, out)
		case *route:
			m.step(c.at, out, c.kleinberg, c.voronoi)
		}
	case raysim.EvRoute:
		(&route{ev.Token, pointOf(ev.Pos), 0, classicRoute}).step(c.at, out, c.kleinberg, c.voronoi)
	case raysim.EvSendFailed:
		c.kleinberg, c.voronoi = drop(c.kleinberg, ev.From), drop(c.voronoi, ev.From)
		c.dead.bury(now, ev.From)
	}
}

// wake runs the two layers half a period apart.
func (c *classic) wake(now int64, out *raysim.Out) {
	if now < c.wakeAt {
		return
	}
	c.wakeAt += classicPeriod / 2
	out.WakeAt(c.wakeAt)
	if c.turn ^= 1; c.turn == 1 {
		c.sent = c.sent[:0]
		if c.partner = c.choose(c.kleinberg); c.partner >= 0 {
			c.sent = append(c.sent, c.kleinbergPart(c.partner)...)
			c.offer(c.partner, classicKleinberg, c.sent, out)
			older(c.kleinberg)
		}
		return
	}
	if to := c.choose(c.voronoi); to >= 0 {
		c.offer(to, classicVoronoi, c.voronoiPart(to), out)
		older(c.voronoi)
	}
}

// choose draws a partner; an address from the start for an empty view.
func (c *classic) choose(view []contact) int32 {
	switch {
	case len(view) > 0:
		return view[c.rng.IntN(len(view))].node
	case len(c.boot) > 0:
		if b := c.boot[c.rng.IntN(len(c.boot))]; b != c.self {
			return b
		}
	}
	return -1
}

func older(view []contact) {
	for i := range view {
		view[i].mark++
	}
}

// offer sends descriptors, its own as the last.
func (c *classic) offer(to int32, kind uint8, list []contact, out *raysim.Out) {
	m := &gossip{append(make([]contact, 0, len(list)+1), list...), kind}
	m.list = append(m.list, contact{c.self, c.at, 0})
	out.Send(to, raysim.Datagram, m)
}

// kleinbergPart is selectToSend of the Kleinberg layer: c/2 members are drawn
// with chances that fall with the square of the distance and stay, the others
// go. Of a view that is not full one half stays: it would never grow if all
// did. The answer is valid until the next selection.
func (c *classic) kleinbergPart(to int32) []contact {
	rest := c.s.cands[:0]
	for _, m := range c.kleinberg {
		if m.node != to {
			rest = append(rest, m)
		}
	}
	c.s.cands = rest
	weight := func(m *contact) float64 { return 1 / float64(max(m.at.dist2(c.at), 1)) }
	for range min(classicView/2, len(rest)/2) {
		sum := 0.0
		for i := range rest {
			sum += weight(&rest[i])
		}
		x, k := c.rng.Float64()*sum, 0
		for ; k < len(rest)-1; k++ {
			if x -= weight(&rest[k]); x < 0 {
				break
			}
		}
		rest[k] = rest[len(rest)-1]
		rest = rest[:len(rest)-1]
	}
	return rest[:min(len(rest), classicView/2)]
}

// voronoiPart is selectToSend of the Voronoi layer: c/2 members at random.
func (c *classic) voronoiPart(to int32) []contact {
	rest := c.s.cands[:0]
	for _, m := range c.voronoi {
		if m.node != to {
			rest = append(rest, m)
		}
	}
	c.s.cands = rest
	n := min(classicView/2, len(rest))
	for i := range n {
		j := i + c.rng.IntN(len(rest)-i)
		rest[i], rest[j] = rest[j], rest[i]
	}
	return rest[:n]
}

func (c *classic) receive(now int64, from int32, m *gossip, out *raysim.Out) {
	switch m.kind {
	case classicKleinberg:
		// What was sent is copied before the view changes.
		part := slices.Clone(c.kleinbergPart(from))
		c.offer(from, classicKleinbergAnswer, part, out)
		c.keepKleinberg(now, m.list, part)
	case classicKleinbergAnswer:
		sent := c.sent
		if from != c.partner {
			sent = nil
		}
		c.keepKleinberg(now, m.list, sent)
	case classicVoronoi:
		c.offer(from, classicVoronoiAnswer, c.voronoiPart(from), out)
		c.keepVoronoi(now, m.list)
	case classicVoronoiAnswer:
		c.keepVoronoi(now, m.list)
	}
}

// merge adds a descriptor to a list, or makes the one there younger.
func (c *classic) merge(now int64, list []contact, m contact) []contact {
	if m.node == c.self || c.dead.holds(now, m.node) {
		return list
	}
	if i := index(list, m.node); i >= 0 {
		if m.mark < list[i].mark {
			list[i] = m
		}
		return list
	}
	return append(list, m)
}

// keepKleinberg is selectToKeep of the Kleinberg layer.
func (c *classic) keepKleinberg(now int64, got, sent []contact) {
	view := c.kleinberg
	for _, m := range got {
		view = c.merge(now, view, m)
	}
	for _, m := range sent {
		if len(view) > classicView && index(got, m.node) < 0 {
			view = drop(view, m.node)
		}
	}
	for len(view) > classicView {
		old := 0
		for i := range view {
			if view[i].mark > view[old].mark {
				old = i
			}
		}
		view = drop(view, view[old].node)
	}
	older(view)
	c.kleinberg = view
}

// keepVoronoi is selectToKeep of the Voronoi layer.
func (c *classic) keepVoronoi(now int64, got []contact) {
	cands := append(c.s.cands[:0], c.voronoi...)
	for _, m := range got {
		cands = c.merge(now, cands, m)
	}
	for _, m := range c.kleinberg {
		cands = c.merge(now, cands, m)
	}
	c.s.cands = cands
	if len(cands) > classicView {
		worth := c.s.weigh(c.at, c.walls, c.rays, cands)
		order := c.s.order[:0]
		for i := range cands {
			order = append(order, int32(i))
		}
		c.s.order = order
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(worth[b].loss, worth[a].loss),
				cmp.Compare(cands[a].at.dist2(c.at), cands[b].at.dist2(c.at)), cmp.Compare(cands[a].node, cands[b].node))
		})
		c.voronoi = c.voronoi[:0]
		for _, i := range order[:classicView] {
			c.voronoi = append(c.voronoi, cands[i])
		}
	} else {
		c.voronoi = append(c.voronoi[:0], cands...)
	}
	older(c.voronoi)
}

// Views implements raysim.Viewer.
func (c *classic) Views(v *raysim.Views) {
	for _, m := range c.voronoi {
		v.Near = append(v.Near, m.node)
	}
	for _, m := range c.kleinberg {
		v.Long = append(v.Long, m.node)
	}
}

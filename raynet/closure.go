package raynet

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// A closure asks every ray winner not yet asked who else cuts the node's cell,
// until no new winner turns up (after Lee and Lam's join of a Delaunay
// triangulation). A joining node does it once; a node that lost a neighbour
// asks the few winners next to the hole.

const (
	closureTimeout = 1500 * millisecond
	closureDialing = 3 * second
	// mendAsks is how many winners next to a hole are asked.
	mendAsks = 6
)

type closure struct {
	active   bool
	holed    bool
	hole     spatial.Pos
	budget   int
	asked    []base.Key
	inflight []asking
	joining  bool
}

type asking struct {
	key   base.Key
	query uint32
	until int64
}

func (c *closure) start(budget int) {
	if !c.active {
		*c = closure{active: true}
	}
	c.budget = min(c.budget+budget, closureBudget)
}

// mend closes the hole that a lost neighbour leaves.
func (n *Node) mend(hole spatial.Pos) {
	fresh := !n.closure.active
	n.closure.start(mendAsks)
	if fresh {
		n.closure.holed, n.closure.hole = true, hole
	}
}

func (n *Node) pumpClosure() {
	c := &n.closure
	if !c.active {
		return
	}
	c.inflight = slices.DeleteFunc(c.inflight, func(a asking) bool { return n.now >= a.until })
	if len(c.inflight) < closureWidth && c.budget > 0 {
		around := n.self.point
		if c.holed {
			around = c.hole
		}
		s := n.env.Scratch()
		next := s.asks[:0]
		for _, p := range n.near {
			if p.rays() > 0 && !p.suspect && !slices.Contains(c.asked, p.key()) {
				next = append(next, p)
			}
		}
		s.asks = next
		slices.SortStableFunc(next, func(a, b *peer) int {
			return cmp.Compare(around.Dist2(a.at(n.now)), around.Dist2(b.at(n.now)))
		})
		for _, p := range next {
			if len(c.inflight) >= closureWidth || c.budget == 0 {
				break
			}
			n.askClosure(p)
		}
	}
	if len(c.inflight) > 0 || n.dirty {
		return
	}
	joining := c.joining
	*c = closure{}
	if joining {
		n.closedOwnCell()
	}
}

func (n *Node) askClosure(p *peer) {
	c := &n.closure
	m := &wire.Closure{Query: n.nextQuery(), Self: n.selfEntry(p)}
	for _, q := range n.near {
		if q.rays() > 0 && len(m.Winners) < wire.MaxWinners {
			m.Winners = append(m.Winners, q.id)
		}
	}
	until := n.now + closureTimeout
	if !p.up {
		until = n.now + closureDialing
	}
	c.asked = append(c.asked, p.key())
	c.inflight = append(c.inflight, asking{p.key(), m.Query, until})
	c.budget--
	n.send(p, m, Reliable)
}

func (n *Node) onClosure(p *peer, m *wire.Closure) {
	if !n.admitSelf(p, &m.Self) {
		return
	}
	origin := p.at(n.now)
	j := n.candidates(origin, p, candUsable)
	j.add(candidate{}, origin, apart(origin, n.self.point, &p.rec.Key, &n.id))
	cs := n.judge(j, origin)
	rep := &wire.ClosureRep{Query: m.Query}
	for _, c := range worthMost(cs) {
		if len(rep.Entries) == wire.MaxEntries {
			break
		}
		if c.p != nil && c.score.Rays > 0 && !slices.Contains(m.Winners, c.p.id) {
			n.knows(p, c.p.id, c.p.rec.Stamp)
			rep.Entries = append(rep.Entries, n.entry(c.p))
		}
	}
	n.send(p, rep, Reliable)
}

func (n *Node) onClosureRep(p *peer, m *wire.ClosureRep) {
	c := &n.closure
	i := slices.IndexFunc(c.inflight, func(a asking) bool { return a.key == p.rec.Key && a.query == m.Query })
	if i < 0 {
		n.n.Unasked++
		return
	}
	c.inflight = slices.Delete(c.inflight, i, i+1)
	for j := range m.Entries {
		n.admit(p, &m.Entries[j], n.cfg.RecordAge)
	}
}

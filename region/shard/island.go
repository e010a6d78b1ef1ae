package shard

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// graph is who touches whom after the last step. It follows from the world.
type graph struct {
	pairs  []edge // who touches or is joined to whom, both ways, sorted
	bonds  []edge // who is joined to whom
	member []*body
}

type edge struct{ a, b physics.BodyID }

// look fills the graph. Static bodies and the ground tie nobody together.
func (s *Shard) look() {
	g := &s.graph
	g.pairs = g.pairs[:0]
	if s.held == nil {
		s.held, s.moored = map[physics.BodyID]bool{}, map[physics.BodyID]bool{}
	}
	clear(s.held)
	clear(s.moored)
	s.world.EachTouch(func(t physics.Touch) bool {
		if t.Touching {
			s.held[t.A], s.held[t.B] = true, true
			s.face(t.A, &t)
			s.face(t.B, &t)
		}
		if t.A != physics.Ground && t.Touching && s.loose(t.A) && s.loose(t.B) {
			g.pairs = append(g.pairs, edge{t.A, t.B}, edge{t.B, t.A})
		}
		return true
	})
	g.bonds = g.bonds[:0]
	s.world.EachJoint(func(j physics.Joint) bool {
		s.held[j.A], s.held[j.B] = true, true
		if s.rigid(j.A) || s.rigid(j.B) {
			s.moored[j.A], s.moored[j.B] = true, true
		}
		if s.loose(j.A) && s.loose(j.B) {
			g.bonds = append(g.bonds, edge{j.A, j.B}, edge{j.B, j.A})
		}
		return true
	})
	g.bonds = tidy(g.bonds)
	g.pairs = tidy(append(g.pairs, g.bonds...))
}

func tidy(list []edge) []edge {
	slices.SortFunc(list, func(x, y edge) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return slices.Compact(list)
}

// face notes the direction of a contact of a ghost.
func (s *Shard) face(n physics.BodyID, t *physics.Touch) {
	b := s.named[n]
	if b == nil || b.ghost == nil || !t.Placed {
		return
	}
	g := b.ghost
	if g.faced != s.tick {
		g.faces, g.faced = g.faces[:0], s.tick
	}
	d := det.Vec(t.Normal)
	for _, f := range g.faces {
		if det.Abs(f.Dot(d)) > sameFace {
			return
		}
	}
	if len(g.faces) < maxFaces {
		g.faces = append(g.faces, d)
	}
}

// rigid reports whether n is a body that nothing pushes.
func (s *Shard) rigid(n physics.BodyID) bool {
	p, ok := s.world.Body(n)
	return ok && immovable(&p)
}

// loose reports whether a body can be pushed, and so ties others to it.
func (s *Shard) loose(n physics.BodyID) bool {
	p, ok := s.world.Body(n)
	return ok && !immovable(&p) && p.Flags&(physics.Sensor|physics.Out) == 0 && s.named[n] != nil
}

// touching calls f with every body that b touches.
func (s *Shard) touching(b *body, f func(*body)) { s.along(s.graph.pairs, b, f) }

func (s *Shard) along(list []edge, b *body, f func(*body)) {
	i, _ := slices.BinarySearchFunc(list, b.num, func(e edge, n physics.BodyID) int { return cmp.Compare(e.a, n) })
	for ; i < len(list) && list[i].a == b.num; i++ {
		if o := s.named[list[i].b]; o != nil {
			f(o)
		}
	}
}

// assembly is every body that is joined to b, directly or through others: it
// never comes apart by a hand-off.
func (s *Shard) assembly(b *body) []*body {
	list, _ := s.flood(s.graph.bonds, b, handoff.MaxGroup)
	return list
}

// island is every body that b touches or is joined to, directly or through
// others, b first; whole is false when there are more than limit. The list is
// good until the next walk.
func (s *Shard) island(b *body, limit int) (list []*body, whole bool) {
	return s.flood(s.graph.pairs, b, limit)
}

// flood walks along edges from b, at most limit bodies far.
func (s *Shard) flood(edges []edge, b *body, limit int) (list []*body, whole bool) {
	s.walk++
	b.mark = s.walk
	list, whole = append(s.graph.member[:0], b), true
	for i := 0; i < len(list) && whole; i++ {
		s.along(edges, list[i], func(o *body) {
			switch {
			case o.mark == s.walk:
			case len(list) == limit:
				whole = false
			default:
				o.mark = s.walk
				list = append(list, o)
			}
		})
	}
	s.graph.member = list
	return list, whole
}

package raynet

import (
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Among movers something is news many times a second, and most of it is about
// somebody who stands behind a neighbour. A selection is not needed to see
// that: a point that a member of the near view sees at more than an angle from
// this node is hidden behind the member, and its face is small or none.
// Everybody else may be a neighbour. Who is hidden by nobody alive is never
// left out, at the edge of a crowd neither.

// shadeLimit is cos² of that angle, 135 degrees: of the cells of even worlds it
// hides 0.1 % of the solid angle, and 7 in 10 of those who have no face.
const shadeLimit = 0.5

// shades lists where the members are from this node, for hides. The buffer
// holds until the next call.
func (n *Node) shades() []pvec {
	s := n.env.Scratch()
	v, o := s.shades[:0], pvecOf(n.self.point)
	for _, p := range n.near {
		if !p.suspect && p.heardAt != unheard {
			v = append(v, pvecOf(p.at(n.now)).minus(o))
		}
	}
	s.shades = v
	return v
}

// hidden says that somebody at an offset from this node is behind a member.
func hidden(at pvec, shades []pvec) bool {
	for _, m := range shades {
		mm := m.dot(m)
		d := m.dot(at) - mm
		if d <= 0 {
			continue
		}
		q := at.minus(m)
		if float64(d*d) > shadeLimit*float64(mm*q.dot(q)) {
			return true
		}
	}
	return false
}

// lively says that the shades decide who is looked at: the near view is full
// and its members move. Where nothing moves every selection sees all.
func (n *Node) lively() bool {
	return n.unrest > 0 && n.reach2 != 0 && !n.closure.active && len(n.near) == n.cfg.Contrib+n.cfg.Sticky
}

// hides says that somebody at a place cannot be a neighbour of note.
func (n *Node) hides(at spatial.Pos) bool {
	return n.lively() && hidden(pvecOf(at).minus(pvecOf(n.self.point)), n.shades())
}

// metBy names to a member those members that the last look at the pairs has
// found next to it: among movers what its cell needs is in the near view too,
// or on its way there.
func (n *Node) metBy(p *peer, limit int) (hints []wire.Hint) {
	for _, q := range n.near {
		if len(hints) == limit {
			break
		}
		if p.near.met>>q.near.slot&1 == 0 || !n.usable(q) || p.knowsIt(q.id, n.version(q)) {
			continue
		}
		n.knows(p, q.id, n.version(q))
		hints = append(hints, n.hint(q))
	}
	return hints
}

package physics

import (
	"github.com/metatopia/metatopia/physics/tree"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// move ends the step of an awake body. It is false when the body left the
// bounds of an open world, or when the result is not finite: that is thrown
// away, so that no NaN enters the state.
func (s *solid) move(r *row, share float32, c *Config) bool {
	p, v, spin := s.pos().AddScaled(share, r.moved()), r.vel(), r.spin()
	if !p.Finite() || !r.turn().Finite() || !v.Finite() || !spin.Finite() {
		return false
	}
	q, in := det.Quat(s.Rot), p
	if !s.upright() {
		q = rotation(r.turn().Scale(share)).Mul(q).Unit()
	}
	v = v.Limit(MaxSpeed)
	in.X, v.X = bound(p.X, v.X, c.Min.X, c.Max.X)
	in.Y, v.Y = bound(p.Y, v.Y, c.Min.Y, c.Max.Y)
	in.Z, v.Z = bound(p.Z, v.Z, c.Min.Z, c.Max.Z)
	s.Pos, s.Rot = spatial.Vec(in), spatial.Quat(q)
	s.Vel, s.Spin = spatial.Vec(v), spatial.Vec(spin.Limit(MaxSpin))
	return in == p || !c.Open
}

// bound brings a centre that left the world back to its edge and takes away
// the speed that led out.
func bound(p, v, lo, hi float32) (float32, float32) {
	switch {
	case p < lo:
		return lo, max(v, 0)
	case p > hi:
		return hi, min(v, 0)
	}
	return p, v
}

// expel freezes a body where it got out of the world. It is still there, meets
// nobody and is not found, until CmdSet brings it back.
func (w *World) expel(s *solid) {
	s.Flags |= Out
	s.standing = false
	s.stop()
	w.forget(s.ID)
	w.tell(EvOut, s)
}

// withdraw takes the leaf of a body that meets nobody.
func (n *near) withdraw(s *solid) {
	if s.proxy != 0 {
		n.tree(s).Remove(tree.Leaf(s.proxy - 1))
		s.proxy = 0
	}
}

package region

import (
	"encoding/binary"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// TieKind says how two things hold together.
type TieKind uint8

const (
	TieBall     TieKind = TieKind(physics.BallJoint)     // at a point, turning freely
	TieHinge    TieKind = TieKind(physics.HingeJoint)    // turning about Axis
	TieSlider   TieKind = TieKind(physics.SliderJoint)   // sliding along Axis
	TieFixed    TieKind = TieKind(physics.FixedJoint)    // not at all
	TieDistance TieKind = TieKind(physics.DistanceJoint) // as far apart as they are, at most
)

// Tie asks that a loose thing be held to another, or to a place of the world.
// What is tied together is handed over a border together.
type Tie struct {
	A, B  base.ID // B zero: the world
	Kind  TieKind
	At    spatial.Pos // where they are held; of TieDistance only B's end when that is the world
	Axis  spatial.Vec // of a hinge or a slider, in the world; zero: upright
	Break float32     // N that end it; 0: it never breaks
}

func (t Tie) appendTo(e *base.Encoder) {
	e.ID(t.A)
	e.ID(t.B)
	e.U8(uint8(t.Kind))
	t.At.AppendTo(e)
	t.Axis.AppendTo(e)
	e.F32(t.Break)
}

func readTie(d *base.Decoder) Tie {
	t := Tie{A: d.ID(), B: d.ID(), Kind: TieKind(d.U8()), At: spatial.ReadPos(d), Axis: spatial.ReadVec(d), Break: d.F32()}
	if d.Err() == nil && (t.Kind < TieBall || t.Kind > TieDistance || t.A == t.B || !(t.Break >= 0 && t.Break <= physics.MaxForce) || !(t.Axis.Len() <= 1000)) {
		d.Fail(fmt.Errorf("a tie of kind %d that breaks at %v N", t.Kind, t.Break))
	}
	return t
}

// mayTie: who owns a thing may tie it, and who has the right to tie all; what is
// not loose may be tied to.
func (s *Sim) mayTie(key base.Key, t *Thing) bool {
	return t.Owner == key || s.May(key, RightTies)
}

// tied is a player's wish to tie or untie.
func (s *Sim) tied(x *signed, me *session) (Code, base.ID, bool) {
	in := &x.in.Tie
	a, b := s.thing(in.A), s.thing(in.B)
	switch {
	case a == nil || b == nil && !in.B.IsZero():
		return NoThing, in.A, false
	case !s.mayTie(x.Key, a) || b != nil && !s.mayTie(x.Key, b):
		return NotAllowed, a.ID, false
	case !s.near(me, a, TieReach) || b != nil && !s.near(me, b, TieReach):
		return TooFar, a.ID, false
	case x.in.Kind == InUntie:
		s.untie(in.A, in.B)
		return OK, a.ID, false
	case !s.tie(in, s.jointMade(x.Key, x.Seq)):
		return BadInput, a.ID, false
	}
	return OK, a.ID, false
}

// tie makes a joint. It is false for what cannot be tied: the first must be
// loose, the second loose or the world, for what never moves cannot go along
// over a border.
func (s *Sim) tie(in *Tie, id physics.JointID) bool {
	a, b := s.thing(in.A), s.thing(in.B)
	if a == nil || !a.loose() || !in.B.IsZero() && (b == nil || !b.loose()) || s.ties(in.A) >= MaxTies || b != nil && s.ties(in.B) >= MaxTies {
		return false
	}
	at := in.At.Sub(s.cfg.Site)
	box := s.cfg.physics()
	if at.X < box.Min.X || at.X > box.Max.X || at.Y < box.Min.Y || at.Y > box.Max.Y || at.Z < box.Min.Z || at.Z > box.Max.Z {
		return false
	}
	pa := s.body(a)
	pb := physics.Body{Rot: spatial.Identity}
	if b != nil {
		pb = s.body(b)
	}
	if at.Sub(pa.Pos).Len() > maxTieArm || b != nil && at.Sub(pb.Pos).Len() > maxTieArm {
		return false
	}
	if _, taken := s.shard.World().Joint(id); taken {
		return false
	}
	j := physics.Joint{ID: id, Kind: physics.JointKind(in.Kind), BreakForce: in.Break}
	turn := axisTurn(in.Axis)
	j.FrameA, j.FrameB = frameOf(&pa, at, turn), frameOf(&pb, at, turn)
	switch in.Kind {
	case TieFixed, TieBall, TieHinge, TieSlider:
		j.Flags = physics.JointCollide
	case TieDistance:
		// From middle to middle, or to the place.
		j.FrameA.Pos = spatial.Vec{}
		far := at
		if b != nil {
			j.FrameB.Pos, far = spatial.Vec{}, pb.Pos
		}
		j.Flags = physics.JointLimit | physics.JointCollide
		j.High = far.Sub(pa.Pos).Len()
	}
	return s.shard.Do(shard.Input{Kind: shard.InCommand, ID: in.A, Other: in.B, Command: physics.Command{Kind: physics.CmdJoint, Joint: &j}}) == nil
}

// jointID is new in every region: it comes from the region, the tick and how
// many were made before.
func (s *Sim) jointID() physics.JointID {
	s.spawned++
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(s.tick))
	binary.LittleEndian.PutUint64(n[8:], s.spawned)
	id := base.DeriveID("joint", s.cfg.ID[:], n[:])
	return physics.JointID(max(1, binary.LittleEndian.Uint64(id[:])))
}

// jointMade is that of a joint that a player makes: it comes from the input alone,
// so that without it the others' joints have the ids that they have with it.
func (s *Sim) jointMade(k base.Key, seq uint64) physics.JointID {
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(s.tick))
	binary.LittleEndian.PutUint64(n[8:], seq)
	id := base.DeriveID("joint made", s.cfg.ID[:], k[:], n[:])
	return physics.JointID(max(1, binary.LittleEndian.Uint64(id[:])))
}

// axisTurn turns X, the axis of a joint, to where it shall be in the world.
func axisTurn(axis spatial.Vec) det.Quat {
	if axis.Len() < 0.001 {
		axis = spatial.Vec{Y: 1}
	}
	u := det.Vec(axis.Scale(1 / axis.Len()))
	if u.X < -0.9999 {
		return det.Quat{Z: 1} // half a turn
	}
	// The half-way quaternion from X to u.
	x := det.Vec{X: 1}
	c := x.Cross(u)
	return det.Quat{X: c.X, Y: c.Y, Z: c.Z, W: 1 + u.X}.Unit()
}

// frameOf is a place and a turn of the world in a body's own axes.
func frameOf(b *physics.Body, at spatial.Vec, turn det.Quat) physics.Frame {
	back := det.Quat(b.Rot).Conj()
	return physics.Frame{Pos: spatial.Vec(back.Rotate(det.Vec(at.Sub(b.Pos)))), Rot: spatial.Quat(back.Mul(turn).Unit())}
}

// ties is how many joints hold a thing.
func (s *Sim) ties(id base.ID) (n int) {
	s.eachTie(id, func(physics.Joint) { n++ })
	return n
}

func (s *Sim) eachTie(id base.ID, f func(physics.Joint)) {
	num, ok := s.shard.Number(id)
	if !ok {
		return
	}
	s.shard.World().EachJoint(func(j physics.Joint) bool {
		if j.A == num || j.B == num {
			f(j)
		}
		return true
	})
}

// untie ends what holds a thing to another; zero: to anything.
func (s *Sim) untie(a, b base.ID) (n int) {
	other, _ := s.shard.Number(b)
	s.eachTie(a, func(j physics.Joint) {
		if b.IsZero() || j.A == other || j.B == other {
			n++
			s.do(shard.Input{Kind: shard.InCommand, ID: a, Command: physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: j.ID}}})
		}
	})
	return n
}

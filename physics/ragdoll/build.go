package ragdoll

import (
	"fmt"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Place is where a skeleton stands and how it moves when it lets go.
type Place struct {
	Body     physics.BodyID  // of the first bone; the others follow
	Joint    physics.JointID // of the second bone with its parent; the others follow
	Pos      spatial.Vec     // of the feet
	Rot      spatial.Quat    // about the feet; zero = Identity
	Vel      spatial.Vec     // m/s
	Spin     spatial.Vec     // rad/s, about the feet
	Mass     float32         // kg, of all bones
	Friction float32         // of all bones
	Tone     float32         // friction of the joints, as a share of what it takes to hold each bone out; 0.1 is limp
	Flags    physics.Flags   // of all bodies
	Filter   physics.Filter  // of all bodies
}

// Build appends to cmds what makes s at p: first all bodies, then all joints.
func (s Skeleton) Build(p Place, cmds []physics.Command) ([]physics.Command, error) {
	if err := s.Check(); err != nil {
		return cmds, err
	}
	last := physics.BodyID(len(s) - 1)
	if p.Body == physics.Ground || p.Body+last < p.Body || p.Joint == 0 || p.Joint+physics.JointID(last) < p.Joint {
		return cmds, fmt.Errorf("ragdoll: %w: ids from %d and %d", ErrSkeleton, p.Body, p.Joint)
	}
	if p.Rot == (spatial.Quat{}) {
		p.Rot = spatial.Identity
	}
	total := float32(0)
	for i := range s {
		total += s[i].Share
	}
	for i := range s {
		cmds = append(cmds, physics.Command{Kind: physics.CmdAdd, Body: s.body(i, &p, p.Mass/total)})
	}
	for i := 1; i < len(s); i++ {
		j := s.joint(i, &p, p.Mass/total)
		cmds = append(cmds, physics.Command{Kind: physics.CmdJoint, Joint: &j})
	}
	return cmds, nil
}

func (s Skeleton) body(i int, p *Place, unit float32) physics.Body {
	b := &s[i]
	turn := det.Quat(p.Rot).Unit()
	r := turn.Rotate(b.centre())
	return physics.Body{
		ID: p.Body + physics.BodyID(i), Shape: b.shape(), Flags: p.Flags, Filter: p.Filter,
		Pos: spatial.Vec(det.Vec(p.Pos).Add(r)), Rot: spatial.Quat(turn.Mul(b.turn()).Unit()),
		Vel: spatial.Vec(det.Vec(p.Vel).Add(det.Vec(p.Spin).Cross(r))), Spin: p.Spin,
		Mass: float32(b.Share * unit), Friction: p.Friction,
	}
}

// gravity is what Tone is measured by, m/s².
const gravity = 9.81

// joint between bone i and its parent. The twist is 0 as the skeleton stands,
// wherever in its cone the bone is then.
func (s Skeleton) joint(i int, p *Place, unit float32) physics.Joint {
	b := &s[i]
	parent := &s[b.Parent]
	j := physics.Joint{
		ID: p.Joint + physics.JointID(i-1), Kind: physics.BallJoint, Flags: physics.JointLimit | physics.JointCone,
		A: p.Body + physics.BodyID(b.Parent), B: p.Body + physics.BodyID(i),
		Low: b.Joint.Low, High: b.Joint.High, Cone: b.Joint.Cone,
	}
	x := det.Vec(b.Joint.Axis).Unit(det.Vec{X: 1})
	onA := arc(det.Vec{X: 1}, x)
	onB := onA
	if b.Joint.Hinge {
		j.Kind, j.Flags = physics.HingeJoint, physics.JointLimit
	} else {
		onB = arc(x, b.dir()).Mul(onA)
	}
	j.FrameA, j.FrameB = parent.frame(b.At, onA), b.frame(b.At, onB)
	weight := float32(float32(b.Share*unit) * gravity)
	j.Motor.MaxTorque = float32(p.Tone * float32(weight*b.Length))
	return j
}

// frame of a place and axes of the standing skeleton, seen from the bone.
func (b *Bone) frame(at spatial.Vec, axes det.Quat) physics.Frame {
	back := b.turn().Conj()
	return physics.Frame{
		Pos: spatial.Vec(back.Rotate(det.Vec(at).Sub(b.centre()))),
		Rot: spatial.Quat(back.Mul(axes).Unit()),
	}
}

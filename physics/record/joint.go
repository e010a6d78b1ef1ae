package record

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

func withJoint(k physics.CommandKind) bool {
	return k == physics.CmdJoint || k == physics.CmdUnjoint || k == physics.CmdMotor
}

// appendJoint writes u64 id, u8 kind, u8 flags, u64 a, u64 b, the frames on A
// and on B (vec, quat), f32 low, high, cone, hertz, damping, target, speed, vec
// linear, vec angular, f32 most force, most torque, break force, break torque.
func appendJoint(e *base.Encoder, j *physics.Joint) {
	e.U64(uint64(j.ID))
	e.U8(uint8(j.Kind))
	e.U8(uint8(j.Flags))
	e.U64(uint64(j.A))
	e.U64(uint64(j.B))
	appendFrame(e, &j.FrameA)
	appendFrame(e, &j.FrameB)
	for _, x := range [...]float32{j.Low, j.High, j.Cone, j.Spring.Hertz, j.Spring.Damping, j.Spring.Target, j.Motor.Speed} {
		appendFloat(e, x)
	}
	appendVec(e, j.Motor.Linear)
	appendVec(e, j.Motor.Angular)
	for _, x := range [...]float32{j.Motor.MaxForce, j.Motor.MaxTorque, j.BreakForce, j.BreakTorque} {
		appendFloat(e, x)
	}
}

func readJoint(d *base.Decoder) physics.Joint {
	return physics.Joint{
		ID:   physics.JointID(d.U64()),
		Kind: physics.JointKind(d.U8()), Flags: physics.JointFlags(d.U8()),
		A: physics.BodyID(d.U64()), B: physics.BodyID(d.U64()),
		FrameA: readFrame(d), FrameB: readFrame(d),
		Low: readFloat(d), High: readFloat(d), Cone: readFloat(d),
		Spring: physics.Spring{Hertz: readFloat(d), Damping: readFloat(d), Target: readFloat(d)},
		Motor: physics.Motor{
			Speed: readFloat(d), Linear: readVec(d), Angular: readVec(d),
			MaxForce: readFloat(d), MaxTorque: readFloat(d),
		},
		BreakForce: readFloat(d), BreakTorque: readFloat(d),
	}
}

func appendFrame(e *base.Encoder, f *physics.Frame) {
	appendVec(e, f.Pos)
	for _, x := range [...]float32{f.Rot.X, f.Rot.Y, f.Rot.Z, f.Rot.W} {
		appendFloat(e, x)
	}
}

func readFrame(d *base.Decoder) physics.Frame {
	return physics.Frame{
		Pos: readVec(d),
		Rot: spatial.Quat{X: readFloat(d), Y: readFloat(d), Z: readFloat(d), W: readFloat(d)},
	}
}

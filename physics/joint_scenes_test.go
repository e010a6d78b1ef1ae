package physics

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// jointScene is a machine: every kind of joint, motors that are told other
// things, one joint that breaks, one that is taken away, a body that goes.
func jointScene() scene {
	door := Body{ID: 2, Shape: boxShape(0.5, 1, 0.05), Pos: v(0.5, 1.05, 0), Mass: 15, Friction: 0.4}
	lift := Body{ID: 3, Shape: boxShape(0.8, 0.1, 0.8), Pos: v(4, 1, 0), Mass: 20, Friction: 0.6}
	load := crate(4, 4.1, 1.65, 0)
	pend := bob(5, -3, 3, 0)
	tail := bob(6, -3, 2.2, 0)
	limb := Body{ID: 7, Shape: boxShape(0.1, 0.4, 0.1), Pos: v(-6, 3, 0), Mass: 2}
	arm := Body{ID: 8, Shape: boxShape(0.1, 0.4, 0.1), Pos: v(-6, 2.2, 0), Mass: 2, Friction: 0.5}
	float := Body{ID: 9, Shape: boxShape(0.5, 0.1, 0.5), Pos: v(0, 4, 4), Mass: 5}
	post := Body{ID: 10, Shape: boxShape(0.2, 1, 0.2), Flags: Static, Pos: v(0, 5, 8)}
	sign := Body{ID: 11, Shape: boxShape(0.6, 0.3, 0.05), Pos: v(0.9, 5, 8), Mass: 8}
	var js [9]Joint
	js[0] = hang(1, HingeJoint, Body{}, door, v(0, 1.05, 0), v(0, 1, 0))
	js[0].Flags, js[0].Low, js[0].High = JointLimit, -2, 1
	js[0].Spring = Spring{Hertz: 0.5, Damping: 0.4, Target: 0.5}
	js[1] = hang(2, SliderJoint, Body{}, lift, v(4, 1, 0), v(0, 1, 0))
	js[1].Flags, js[1].Low, js[1].High = JointLimit, -0.8, 2
	js[1].Motor = Motor{Speed: 1, MaxForce: 600}
	js[2] = hang(3, DistanceJoint, Body{}, pend, v(-3, 4, 0), v(1, 0, 0))
	js[2].Flags, js[2].Low, js[2].High, js[2].FrameB = JointLimit, 1, 1, Frame{}
	js[3] = hang(4, DistanceJoint, pend, tail, v(-3, 3, 0), v(1, 0, 0))
	js[3].FrameB = Frame{}
	js[3].Spring = Spring{Hertz: 2, Damping: 0.2, Target: 0.7}
	js[4] = hang(5, BallJoint, Body{}, limb, v(-6, 3.4, 0), v(0, 1, 0))
	js[4].Flags, js[4].Low, js[4].High, js[4].Cone = JointLimit|JointCone, -0.5, 0.5, 0.7
	js[4].Motor.MaxTorque = 0.2
	js[5] = hang(6, BallJoint, limb, arm, v(-6, 2.6, 0), v(0, 1, 0))
	js[5].Flags, js[5].Spring = JointCollide, Spring{Hertz: 3, Damping: 0.5}
	js[6] = hang(7, MotorJoint, Body{}, float, v(0, 4, 4), v(1, 0, 0))
	js[6].Motor = Motor{MaxForce: 200, MaxTorque: 50}
	js[6].Spring = Spring{Hertz: 2, Damping: 0.7}
	js[7] = hang(8, FixedJoint, sign, post, v(0.2, 5, 8), v(1, 0, 0)) // A after B
	js[7].BreakTorque = 90
	js[8] = hang(9, FixedJoint, door, load, v(1, 1, 0), v(0, 1, 0))
	js[8].Spring = Spring{Hertz: 1, Damping: 0.5}
	first := []Command{}
	for _, b := range []Body{door, lift, load, pend, tail, limb, arm, float, post, sign} {
		first = append(first, add(b))
	}
	for i := range js[:8] {
		first = append(first, joined(js[i]))
	}
	motor := func(j Joint, by Motor) Command {
		j.Motor = by
		return Command{Kind: CmdMotor, Joint: &j}
	}
	up := js[6]
	up.FrameA.Pos = v(1, 5, 4)
	return scene{"joints", Config{}, 300, map[int][]Command{
		0: first,
		30: {
			{Kind: CmdImpulse, ID: 2, Vec: v(0, 0, 60)}, {Kind: CmdImpulse, ID: 6, Vec: v(3, 0, 1)},
			{Kind: CmdImpulse, ID: 8, Vec: v(6, 0, 9)}, {Kind: CmdMotor, Joint: &up},
		},
		90:  {motor(js[1], Motor{Speed: -0.5, MaxForce: 300}), {Kind: CmdImpulse, ID: 11, Vec: v(0, -10, 4)}},
		150: {joined(js[8]), {Kind: CmdUnjoint, Joint: &Joint{ID: 4}}},
		200: {{Kind: CmdRemove, ID: 7}},
	}}
}

// jointMix hangs bodies of a mixScene together at random, with every value
// within its limits but otherwise anything.
func jointMix(seed uint64, bodies, steps int) scene {
	s := mixScene(seed, bodies, steps)
	s.name = "joint mix"
	r := base.NewRand(seed, 9)
	f := func(lo, hi float32) float32 {
		return lo + float32((hi-lo)*float32(float64(r.Uint32()>>8)/(1<<24)))
	}
	var ids []BodyID
	for i := range steps {
		for _, c := range s.at[i] {
			if c.Kind == CmdAdd {
				ids = append(ids, c.Body.ID)
			}
		}
	}
	spot := func() Frame {
		return Frame{v(f(-1, 1), f(-1, 1), f(-1, 1)), spatial.Quat(det.AxisAngle(det.Vec{Y: 0.6, Z: 0.8}, f(-3, 3)))}
	}
	some := func(hi float32) float32 {
		if r.IntN(2) == 0 {
			return 0
		}
		return f(0, hi)
	}
	for i := range bodies {
		j := Joint{
			ID: JointID(1 + r.IntN(4*bodies)), Kind: JointKind(1 + r.IntN(6)), Flags: JointFlags(r.IntN(8)),
			A: ids[r.IntN(len(ids))], B: ids[r.IntN(len(ids))], FrameA: spot(), FrameB: spot(),
			Low: f(-1, 0), High: f(0, 2), Cone: f(0, 2), BreakForce: some(2000), BreakTorque: some(2000),
			Spring: Spring{some(20), some(3), f(-1, 1)},
			Motor:  Motor{f(-5, 5), v(f(-3, 3), f(-3, 3), f(-3, 3)), v(f(-3, 3), f(-3, 3), f(-3, 3)), some(500), some(200)},
		}
		if j.Kind == DistanceJoint {
			j.Low = 0
		}
		if r.IntN(6) == 0 {
			j.A = Ground
		}
		when := r.IntN(steps / 2)
		s.at[when] = append(s.at[when], joined(j))
		again := j
		again.Motor, again.Spring = Motor{MaxForce: some(300), MaxTorque: some(100), Speed: f(-2, 2)}, Spring{}
		later := when + 1 + r.IntN(steps/2)
		switch i % 4 {
		case 0:
			s.at[later] = append(s.at[later], Command{Kind: CmdMotor, Joint: &again})
		case 1:
			s.at[later] = append(s.at[later], Command{Kind: CmdUnjoint, Joint: &again})
		}
	}
	return s
}

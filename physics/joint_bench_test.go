package physics

import "testing"

// BenchmarkJoints is a step of 1,000 balls that each hang on a joint of their
// own, and of 1,000 loose ones.
func BenchmarkJoints(b *testing.B) {
	for kind, name := range []string{"none", "ball", "hinge", "slider", "fixed", "distance", "motor"} {
		b.Run(name, func(b *testing.B) {
			var bodies []Body
			var joints []Joint
			for i := range 1000 {
				x := bob(BodyID(i+1), float32(i%30), 50+float32(i/30), 0)
				bodies = append(bodies, x)
				j := hang(JointID(i+1), JointKind(kind), Body{}, x, x.Pos.Add(v(0, 1, 0)), v(0, 0, 1))
				switch j.Kind {
				case 0:
					continue
				case DistanceJoint:
					j.FrameB, j.Flags, j.High = Frame{}, JointLimit, 1
				case HingeJoint, SliderJoint, BallJoint:
					j.Flags, j.Low, j.High, j.Cone = JointLimit|JointCone, -1, 1, 1
				case MotorJoint:
					j.Motor, j.Spring = Motor{MaxForce: 100, MaxTorque: 100}, Spring{Hertz: 3, Damping: 1}
				}
				joints = append(joints, j)
			}
			c := Config{Sleepless: true, MaxBodies: 1000}
			if kind == 0 {
				c.Gravity = Weightless
			}
			w := world(b, c, bodies, joints...)
			for b.Loop() {
				w.Step(nil, nil)
			}
		})
	}
}

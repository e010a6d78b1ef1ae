package region

import (
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

const jumpSpeed = 4.2 // metres per second upwards: 0.9 m high

// idle: the avatar stands and is told nothing new.
func (me *session) idle() bool {
	return !me.Walking && !me.Jump && me.Steer == (spatial.Vec{}) && me.Drive == (spatial.Vec{})
}

// walk turns what the player wants into the velocity that physics holds.
func (s *Sim) walk(j *job, me *session) {
	var want spatial.Vec
	switch {
	case me.Walking:
		want = s.walkTo(j.body.Pos, me)
	case s.tick < me.SteerUntil:
		want = me.Steer
	default:
		me.Steer = spatial.Vec{}
	}
	if want == me.Drive && !me.Jump {
		return
	}
	me.Drive = want
	if me.Jump {
		want.Y = jumpSpeed
		me.Jump = false
	}
	j.cmds = append(j.cmds, command(j.thing.ID, physics.Command{Kind: physics.CmdDrive, Vec: want, F: avatarAccel}))
}

// walkTo goes straight for the target. A walker that makes no way for
// stuckTicks steps aside for a moment, left and right in turn: enough to get
// round a tree or a bench, and the same on every machine.
func (s *Sim) walkTo(pos spatial.Vec, me *session) spatial.Vec {
	to := me.Target.Sub(s.cfg.Site).Sub(pos)
	to.Y = 0
	left := to.Len()
	if left <= arriveWithin {
		me.Walking = false
		return spatial.Vec{}
	}
	if me.Stuck++; me.Stuck >= stuckTicks {
		way := pos.Sub(me.Last)
		way.Y = 0
		// A quarter of what free walking would have made.
		if me.Aside == 0 && left > 1 && way.Len() < float32(WalkSpeed*stuckTicks/TickRate*0.25) {
			me.Aside, me.Side = asideTicks, !me.Side
		}
		me.Stuck, me.Last = 0, pos
	}
	speed := min(float32(WalkSpeed), float32(left*4))
	want := to.Scale(speed / left)
	if me.Aside > 0 {
		me.Aside--
		angle := float32(1.4) // about 80 degrees
		if me.Side {
			angle = -angle
		}
		sin, cos := det.Sin(angle), det.Cos(angle)
		want = spatial.Vec{X: float32(want.X*cos) - float32(want.Z*sin), Z: float32(want.X*sin) + float32(want.Z*cos)}
	}
	// Steps of 1/16 m/s: small changes of direction are not worth a command.
	//lint:clamped by WalkSpeed
	round := func(v float32) float32 { return float32(float32(int32(float32(v*16))) / 16) }
	return spatial.Vec{X: round(want.X), Z: round(want.Z)}
}

// roll slows balls that roll on the ground: physics has no rolling resistance,
// and without it a ball goes on to the end of the world.
func (s *Sim) roll() {
	ground := s.cfg.Min.Sub(s.cfg.Site).Y
	for _, t := range s.things {
		if t.Shape != Sphere || !t.loose() || s.resting(t.ID) {
			continue
		}
		b, ok := s.shard.Body(t.ID)
		if !ok || b.Pos.Y-b.Shape.Half.X > ground+0.05 {
			continue
		}
		v := spatial.Vec{X: b.Vel.X, Z: b.Vel.Z}
		speed := v.Len()
		if speed < 0.02 {
			continue
		}
		// At most what it has: braking never turns it round.
		brake := min(speed, float32(rollBrake/TickRate))
		s.do(command(t.ID, physics.Command{Kind: physics.CmdImpulse, Vec: v.Scale(-float32(brake*b.Mass) / speed)}))
	}
}

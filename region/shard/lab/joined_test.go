package lab

import (
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
)

// TestJoinedWhileOffered: a body is joined to another while it is on offer
// alone. The offer is taken back, and both go together or not at all.
func TestJoinedWhileOffered(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 4, Steps: 3})
	for i, x := range []float32{-0.4, -0.9} {
		b := box(0.2, 1, at(x, 0.2, 0))
		b.Friction = 0
		b.Vel.X = 1
		if err := l.Add(Name(i), b, 0); err != nil {
			t.Fatal(err)
		}
	}
	s, joined := l.Regions[0].Shard, false
	for k := range 200 {
		l.Step()
		if _, offered := s.Hand().Offered(Name(0)); offered && !joined {
			a, _ := s.Body(Name(1))
			b, _ := s.Body(Name(0))
			half := float32((b.Pos.X - a.Pos.X) / 2)
			j := physics.Joint{ID: 7, Kind: physics.BallJoint, FrameA: physics.Frame{Pos: at(half, 0, 0)}, FrameB: physics.Frame{Pos: at(-half, 0, 0)}}
			if err := s.Do(shard.Input{Kind: shard.InCommand, ID: Name(1), Other: Name(0), Command: physics.Command{Kind: physics.CmdJoint, Joint: &j}}); err != nil {
				t.Fatal(err)
			}
			joined = true
		}
		if list, _ := l.States(); joined && list[0].Owner != list[1].Owner {
			t.Fatalf("tick %d: %d owns one end, %d the other", k, list[0].Owner, list[1].Owner)
		}
	}
	list, _ := l.States()
	if !joined || list[0].Owner != 1 || l.Total.HandoffIn != 2 || l.Regions[1].Shard.World().Joints() != 1 {
		t.Errorf("joined %v, owner %d, %d hand-offs, %d joints", joined, list[0].Owner, l.Total.HandoffIn, l.Regions[1].Shard.World().Joints())
	}
}

package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// Look is what a region's physics held after the last tick, for who wants to
// see why bodies move as they do. It is no part of the state.
type Look struct {
	Tick    base.Tick
	Bodies  []LookBody  // in the order of their numbers
	Touches []LookTouch // in the order of the bodies' numbers
}

// LookBody is one body with who owns it.
type LookBody struct {
	ID     base.ID
	Owner  base.ID // region; another one's body is a ghost here
	Number uint64  // of the body in this region
	Epoch  uint64
	Shape  Shape
	Size   spatial.Vec // full extents, m
	Motion Motion      // relative to the site
	Fixed  bool
	Asleep bool
	// Age is how many ticks ago its owner spoke of it; 0 when it is owned
	// here.
	Age base.Tick
}

// LookTouch is where two bodies meet. A zero id is the ground or a wall.
type LookTouch struct {
	A, B    base.ID
	Normal  spatial.Vec // unit, from A to B
	Points  []spatial.Vec
	Impulse float32 // N·s in the last physics step
}

// Look shows the bodies within radius metres of a place relative to the site,
// and where they meet; at most so many of each.
func (s *Sim) Look(at spatial.Vec, radius float32, bodies, touches int) Look {
	l := Look{Tick: s.tick}
	ids := map[physics.BodyID]base.ID{}
	world := s.shard.World()
	s.shard.Each(func(v shard.View) bool {
		b := &v.Body
		size := b.Shape.Half.Scale(2)
		if b.Pos.Sub(at).Len() > radius+size.Len() {
			return true
		}
		l.Bodies = append(l.Bodies, LookBody{ID: v.ID, Owner: v.Owner, Number: uint64(b.ID), Epoch: v.Epoch, Shape: Shape(b.Shape.Kind), Size: size,
			Motion: Motion{b.Pos, b.Rot, b.Vel, b.Spin}, Fixed: b.Flags&physics.Static != 0, Asleep: world.Resting(b.ID), Age: v.Lag})
		return true
	})
	slices.SortFunc(l.Bodies, func(a, b LookBody) int {
		if a.Number < b.Number {
			return -1
		}
		return 1 // numbers are unique
	})
	l.Bodies = l.Bodies[:min(len(l.Bodies), bodies)]
	for i := range l.Bodies {
		ids[physics.BodyID(l.Bodies[i].Number)] = l.Bodies[i].ID
	}
	world.EachTouch(func(t physics.Touch) bool {
		a, okA := ids[t.A]
		b, okB := ids[t.B]
		if !t.Placed || !t.Touching || !okB || !okA && t.A != physics.Ground {
			return true
		}
		if len(l.Touches) >= touches {
			return false
		}
		x := LookTouch{A: a, B: b, Normal: t.Normal}
		for _, p := range t.Points[:t.Count] {
			x.Points = append(x.Points, p.Pos)
			x.Impulse += p.Impulse
		}
		// A point's impulse is of one substep: the last.
		x.Impulse = float32(x.Impulse * float32(world.Config().Substeps))
		l.Touches = append(l.Touches, x)
		return true
	})
	return l
}

// Observe calls f with every physics step from the next tick on: the commands
// it was given and the world after it. nil ends it. f must not change either.
// It is no part of the state.
func (s *Sim) Observe(f func(cmds []physics.Command, w *physics.World)) { s.shard.Observe(f) }

// Physics is the world of the last tick, to be read before the next one.
func (s *Sim) Physics() *physics.World { return s.shard.World() }

package oracle

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

func at(pos spatial.Vec) physics.Frame { return physics.Frame{Pos: pos} }

// aboutZ is a frame whose axis, X, lies along Z.
func aboutZ(pos spatial.Vec) physics.Frame {
	return physics.Frame{Pos: pos, Rot: spatial.Quat{Y: -float32(math.Sqrt2) / 2, W: float32(math.Sqrt2) / 2}}
}

// period of a swing in X, in seconds: between the first and the last time that
// it passes 0 from below, over their number.
func (p *pair) period(id physics.BodyID, steps int) map[world]float64 {
	type swing struct{ last, first, end, n float64 }
	seen := map[world]*swing{p.ours: {}, p.theirs: {}}
	for step := range steps {
		p.step(1)
		for _, w := range []world{p.ours, p.theirs} {
			s, x := seen[w], along(id)(w)
			if step > 0 && s.last < 0 && x >= 0 {
				t := (float64(step) + s.last/(s.last-x)) * dt
				if s.n == 0 {
					s.first = t
				}
				s.end = t
				s.n++
			}
			s.last = x
		}
	}
	out := map[world]float64{}
	for w, s := range seen {
		out[w] = (s.end - s.first) / (s.n - 1)
	}
	return out
}

// hang is a ball of 0.1 m on a line of 2 m from a place 10 m high, 0.3 m aside.
func (p *pair) hang(j physics.Joint) float64 {
	const l, aside = 2.0, 0.3
	down := math.Sqrt(l*l - aside*aside)
	p.add(ball(2, 0.1, v(aside, float32(10-down), 0)))
	j.ID, j.A, j.B = 1, physics.Ground, 2
	p.join(j)
	// For small swings, and what a swing of 8.6 degrees takes more.
	return 2 * math.Pi * math.Sqrt(l/g) * (1 + math.Pow(math.Asin(aside/l), 2)/16)
}

// TestPendulum: on a ball joint a ball swings as long as its line says, with
// what it has for turning.
func TestPendulum(t *testing.T) {
	p := both(t)
	want := p.hang(physics.Joint{Kind: physics.BallJoint, FrameA: at(v(0, 10, 0)),
		FrameB: at(v(-0.3, float32(math.Sqrt(4-0.09)), 0))})
	of := p.period(2, 600)
	p.alike("period", 0.02, want, func(w world) float64 { return of[w] })
	p.alike("farthest from the line's end", 0.01, 2, func(w world) float64 { return float64(w.body(2).Pos.Sub(v(0, 10, 0)).Len()) })
}

// TestRope: on a rope it swings likewise; a slack one does not hold.
func TestRope(t *testing.T) {
	p := both(t)
	want := p.hang(physics.Joint{Kind: physics.DistanceJoint, Flags: physics.JointLimit, High: 2, FrameA: at(v(0, 10, 0))})
	of := p.period(2, 600)
	p.alike("period", 0.02, want, func(w world) float64 { return of[w] })
	p.alike("length", 0.02, 2, func(w world) float64 { return float64(w.body(2).Pos.Sub(v(0, 10, 0)).Len()) })
	p = both(t)
	p.add(ball(2, 0.1, v(0, 9, 0)))
	p.join(physics.Joint{ID: 1, Kind: physics.DistanceJoint, Flags: physics.JointLimit, High: 2, A: physics.Ground, B: 2, FrameA: at(v(0, 10, 0))})
	p.step(24)
	p.alike("falls while it is slack", 0.06, 9-g*0.4*0.4/2, height(2))
	p.step(120)
	p.alike("hangs", 0.03, 8, height(2))
}

// TestHinge: a door of 2 m hangs from one edge: it swings as a rod does, and
// about the axis of the hinge alone.
func TestHinge(t *testing.T) {
	p := both(t)
	const l = 2.0
	door := box(2, v(0.3, float32(10-math.Sqrt(1-0.09)), 0), v(0.05, 1, 0.5))
	// It hangs 0.3 m aside: its upper edge is at the hinge.
	angle := math.Asin(0.3)
	door.Rot = spatial.Quat{Z: float32(math.Sin(angle / 2)), W: float32(math.Cos(angle / 2))}
	p.add(door)
	p.join(physics.Joint{ID: 1, Kind: physics.HingeJoint, A: physics.Ground, B: 2, FrameA: aboutZ(v(0, 10, 0)), FrameB: aboutZ(v(0, 1, 0))})
	inertia := (0.1*0.1+l*l)/12 + 1.0
	want := 2 * math.Pi * math.Sqrt(inertia/g) * (1 + angle*angle/16)
	of := p.period(2, 600)
	p.alike("period", 0.02, want, func(w world) float64 { return of[w] })
	p.alike("out of its plane", 0.01, 0, func(w world) float64 { return math.Abs(float64(w.body(2).Pos.Z)) })
}

// TestSlider: on a rail at 30 degrees a box goes as without friction, up to the
// end of it.
func TestSlider(t *testing.T) {
	p := both(t)
	half := -math.Pi / 12
	tilt := spatial.Quat{Z: float32(math.Sin(half)), W: float32(math.Cos(half))}
	b := box(2, v(0, 20, 0), v(0.3, 0.3, 0.3))
	p.add(b)
	p.join(physics.Joint{ID: 1, Kind: physics.SliderJoint, Flags: physics.JointLimit, Low: -1, High: 4, A: physics.Ground, B: 2,
		FrameA: physics.Frame{Pos: b.Pos, Rot: tilt}, FrameB: physics.Frame{Rot: tilt}})
	p.step(60)
	gone := func(w world) float64 { return float64(w.body(2).Pos.Sub(b.Pos).Len()) }
	p.alike("gone in 1 s", 0.06, g*0.5/2, gone)
	p.alike("turned", 0.01, 0, func(w world) float64 { return math.Abs(float64(w.body(2).Rot.Z)) })
	p.step(120)
	p.alike("at the end", 0.03, 4, gone)
}

// TestWeld: two boxes that are welded fall and lie like one.
func TestWeld(t *testing.T) {
	p := both(t)
	p.floor()
	p.add(box(2, v(0, 1.5, 0), v(0.5, 0.5, 0.5)))
	p.add(box(3, v(1, 1.5, 0), v(0.5, 0.5, 0.5)))
	p.join(physics.Joint{ID: 1, Kind: physics.FixedJoint, A: 2, B: 3, FrameA: at(v(0.5, 0, 0)), FrameB: at(v(-0.5, 0, 0))})
	p.step(120)
	p.alike("height", 0.01, 0.5, height(2))
	p.alike("apart", 0.01, 1, func(w world) float64 { return float64(w.body(2).Pos.Sub(w.body(3).Pos).Len()) })
}

// TestChain: ten balls on ball joints hang as long as the chain is.
func TestChain(t *testing.T) {
	p := both(t)
	last := physics.Ground
	for i := range 10 {
		id := physics.BodyID(2 + i)
		p.add(ball(id, 0.2, v(0.5+float32(i), 20, 0)))
		j := physics.Joint{ID: physics.JointID(1 + i), Kind: physics.BallJoint, A: last, B: id, FrameA: at(v(0.5, 0, 0)), FrameB: at(v(-0.5, 0, 0))}
		if last == physics.Ground {
			j.FrameA = at(v(0, 20, 0))
		}
		p.join(j)
		last = id
	}
	p.step(60)
	p.alike("the end after 1 s", 0.5, unknown, height(last))
	stretch := func(w world) float64 {
		most := 0.0
		for i := range 9 {
			a, b := w.body(physics.BodyID(2+i)), w.body(physics.BodyID(3+i))
			gap := a.Pos.Add(a.Rot.Rotate(v(0.5, 0, 0))).Sub(b.Pos.Add(b.Rot.Rotate(v(-0.5, 0, 0))))
			most = max(most, float64(gap.Len()))
		}
		return most
	}
	p.alike("the widest gap of a joint", 0.05, 0, stretch)
}

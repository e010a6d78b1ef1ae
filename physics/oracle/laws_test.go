package oracle

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// pair is a scene in both engines.
type pair struct {
	t            *testing.T
	ours, theirs world
}

func both(t *testing.T) *pair {
	e := needRapier(t)
	return &pair{t, newOurs(t), newRapier(t, e)}
}

func (p *pair) add(b physics.Body)   { p.ours.add(b); p.theirs.add(b) }
func (p *pair) join(j physics.Joint) { p.ours.join(j); p.theirs.join(j) }
func (p *pair) step(n int)           { p.ours.step(n); p.theirs.step(n) }

// alike measures both and fails where they differ by more than within, or
// where ours is further than that from want; a NaN wants nothing.
func (p *pair) alike(what string, within, want float64, measure func(world) float64) {
	p.t.Helper()
	a, b := measure(p.ours), measure(p.theirs)
	p.t.Logf("%s: ours %.4f, Rapier %.4f", what, a, b)
	if !(math.Abs(a-b) <= within) {
		p.t.Errorf("%s: ours %.4f, Rapier %.4f: more than %.4f apart", what, a, b, within)
	}
	if !math.IsNaN(want) && !(math.Abs(a-want) <= within) {
		p.t.Errorf("%s: %.4f, should be %.4f within %.4f", what, a, want, within)
	}
}

var unknown = math.NaN()

func v(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

func box(id physics.BodyID, pos, half spatial.Vec) physics.Body {
	return physics.Body{ID: id, Shape: physics.Shape{Kind: physics.Box, Half: half}, Pos: pos, Mass: 1, Friction: 0.5}
}

func ball(id physics.BodyID, r float32, pos spatial.Vec) physics.Body {
	return physics.Body{ID: id, Shape: physics.Shape{Kind: physics.Sphere, Half: v(r, r, r)}, Pos: pos, Mass: 1, Friction: 0.5}
}

func static(b physics.Body) physics.Body {
	b.Flags, b.Mass = physics.Static, 0
	return b
}

func (p *pair) floor() { p.add(static(box(1, v(0, -0.5, 0), v(100, 0.5, 100)))) }

func height(id physics.BodyID) func(world) float64 {
	return func(w world) float64 { return float64(w.body(id).Pos.Y) }
}

func along(id physics.BodyID) func(world) float64 {
	return func(w world) float64 { return float64(w.body(id).Pos.X) }
}

func speed(id physics.BodyID) func(world) float64 {
	return func(w world) float64 { return float64(w.body(id).Vel.Len()) }
}

func spin(id physics.BodyID) func(world) float64 {
	return func(w world) float64 { return float64(w.body(id).Spin.Len()) }
}

const g = 9.81

// TestDrop: what falls is where it must be, and lies where it must lie.
func TestDrop(t *testing.T) {
	p := both(t)
	p.floor()
	p.add(ball(2, 0.5, v(0, 5.5, 0)))
	p.add(box(3, v(5, 5.5, 0), v(0.5, 0.5, 0.5)))
	p.step(30)
	p.alike("ball after half a second", 0.05, 5.5-g/8, height(2))
	p.alike("its speed", 0.1, g/2, speed(2))
	p.step(120)
	p.alike("ball at rest", 0.01, 0.5, height(2))
	p.alike("box at rest", 0.01, 0.5, height(3))
	p.alike("its speed", 0.02, 0, speed(3))
}

// TestSlide: a box that slides is stopped by friction after v²/2μg.
func TestSlide(t *testing.T) {
	p := both(t)
	p.floor()
	b := box(2, v(0, 0.25, 0), v(0.5, 0.25, 0.5))
	b.Vel = v(5, 0, 0)
	p.add(b)
	p.step(30)
	p.alike("speed after half a second", 0.1, 5-0.5*g/2, speed(2))
	p.step(90)
	p.alike("where it stops", 0.1, 25/(2*0.5*g), along(2))
	p.alike("speed then", 0.01, 0, speed(2))
}

// slope is a box on a plane that is tilted by degrees about Z, after so many
// steps: how far it slid.
func slope(t *testing.T, degrees float64, steps int) (p *pair, slid func(world) float64) {
	p = both(t)
	half := degrees * math.Pi / 360
	turn := spatial.Quat{Z: float32(math.Sin(half)), W: float32(math.Cos(half))}
	floor := static(box(1, v(0, 0, 0), v(50, 0.5, 50)))
	floor.Rot = turn
	start := turn.Rotate(v(0, 0.75, 0))
	b := box(2, start, v(0.5, 0.25, 0.5))
	b.Rot = turn
	p.add(floor)
	p.add(b)
	p.step(steps)
	return p, func(w world) float64 { return float64(w.body(2).Pos.Sub(start).Len()) }
}

// TestSlope: friction of 0.5 holds up to 26.6 degrees.
func TestSlope(t *testing.T) {
	p, slid := slope(t, 25, 120)
	p.alike("slid in 2 s at 25 degrees", 0.05, 0, slid)
	p, slid = slope(t, 35, 60)
	a := 35 * math.Pi / 180
	p.alike("slid in 1 s at 35 degrees", 0.1, g*(math.Sin(a)-0.5*math.Cos(a))/2, slid)
}

// TestStack: ten boxes stand on each other, each where it was put.
func TestStack(t *testing.T) {
	p := both(t)
	p.floor()
	for i := range 10 {
		p.add(box(physics.BodyID(2+i), v(0, 0.5+float32(i), 0), v(0.5, 0.5, 0.5)))
	}
	p.step(300)
	for i := range 10 {
		p.alike("height", 0.03, 0.5+float64(i), height(physics.BodyID(2+i)))
		p.alike("off the middle", 0.05, 0, along(physics.BodyID(2+i)))
	}
}

// highest is how high a body comes in so many steps, in either engine.
func highest(p *pair, id physics.BodyID, steps int) map[world]float64 {
	top := map[world]float64{p.ours: 0, p.theirs: 0}
	for range steps {
		p.step(1)
		for _, w := range []world{p.ours, p.theirs} {
			top[w] = max(top[w], height(id)(w))
		}
	}
	return top
}

// TestBounce: a ball comes back up to e² of the height.
func TestBounce(t *testing.T) {
	for _, e := range []float64{0, 0.5, 0.8} {
		p := both(t)
		p.floor()
		b := ball(2, 0.25, v(0, 2.25, 0))
		b.Restitution = float32(e)
		p.add(b)
		p.step(45) // it meets the floor at 0.64 s
		top := highest(p, 2, 60)
		p.alike("height of the bounce", 0.15, 0.25+2*e*e, func(w world) float64 { return top[w] })
	}
}

// TestHit: two balls keep their momentum, and part as the restitution says.
func TestHit(t *testing.T) {
	p := both(t)
	a, b := ball(2, 0.5, v(-2, 20, 0)), ball(3, 0.5, v(0, 20, 0))
	a.Vel, b.Mass = v(5, 0, 0), 3
	a.Restitution, b.Restitution = 0.5, 0.5
	p.add(a)
	p.add(b)
	p.step(30)
	vx := func(id physics.BodyID) func(world) float64 {
		return func(w world) float64 { return float64(w.body(id).Vel.X) }
	}
	p.alike("the struck one", 0.06, 5*1.5/4, vx(3))
	p.alike("the other", 0.15, 5*(1-3*0.5)/4, vx(2))
}

// TestRolling: a ball thrown flat slides until it rolls, at five sevenths of
// its speed. Ours has resistance to rolling, which takes a little of that.
func TestRolling(t *testing.T) {
	p := both(t)
	p.floor()
	b := ball(2, 0.5, v(0, 0.5, 0))
	b.Vel = v(5, 0, 0)
	p.add(b)
	p.step(30)
	p.alike("speed when it rolls", 0.2, 5*5.0/7, speed(2))
	p.alike("spin then", 0.4, 5*5.0/7/0.5, spin(2))
}

// TestTwist: a box that spins on the floor is stopped by friction under it.
func TestTwist(t *testing.T) {
	p := both(t)
	p.floor()
	b := box(2, v(0, 0.25, 0), v(0.5, 0.25, 0.5))
	b.Spin = v(0, 10, 0)
	p.add(b)
	p.step(20)
	p.alike("spin after a third of a second", 1.5, unknown, spin(2))
	p.step(100)
	p.alike("spin at last", 0.05, 0, spin(2))
}

// TestTopple: a row of thin boxes falls when the first is pushed.
func TestTopple(t *testing.T) {
	const n = 12
	p := both(t)
	p.floor()
	for i := range n {
		b := box(physics.BodyID(2+i), v(float32(i)*0.6, 0.5, 0), v(0.06, 0.5, 0.25))
		if i == 0 {
			b.Spin = v(0, 0, -2)
			b.Vel = v(1, 0, 0)
		}
		p.add(b)
	}
	// When the last has begun to fall, in seconds.
	fell := map[world]float64{}
	for step := range 300 {
		p.step(1)
		for _, w := range []world{p.ours, p.theirs} {
			if _, yes := fell[w]; !yes && w.body(n+1).Rot.Rotate(v(0, 1, 0)).Y < 0.9 {
				fell[w] = float64(step) * dt
			}
		}
	}
	p.alike("the last falls after", 0.4, unknown, func(w world) float64 {
		if s, ok := fell[w]; ok {
			return s
		}
		return unknown
	})
	lying := func(w world) float64 {
		count := 0.0
		for i := range n {
			if w.body(physics.BodyID(2+i)).Rot.Rotate(v(0, 1, 0)).Y < 0.9 {
				count++
			}
		}
		return count
	}
	p.alike("lying", 0, n, lying)
}

// TestSpin: a free body spins on about its axis, and stays where it falls.
func TestSpin(t *testing.T) {
	p := both(t)
	b := box(2, v(0, 60, 0), v(0.2, 0.5, 1))
	b.Spin = v(4, 0, 0) // about the axis of the largest moment
	p.add(b)
	p.step(120)
	p.alike("spin after 2 s", 0.05, 4, spin(2))
	p.alike("fallen", 0.2, 60-g*2, height(2))
}

// tipped is how high a box stands over the edge that it tips over after t
// seconds, when its middle was over metres beyond the edge and nothing slips.
func tipped(over, t float64) float64 {
	r, angle := math.Hypot(over, 0.5), math.Atan2(over, 0.5)
	turn, inertia := 0.0, 1.0/6+r*r
	for range 10_000 {
		turn += g * r * math.Sin(angle) / inertia * t / 10_000
		angle += turn * t / 10_000
	}
	return r * math.Cos(angle)
}

// TestTip: a box that hangs over an edge stays while its middle does not, and
// tips in the time it must. Ours is quicker by a little, Rapier slower.
func TestTip(t *testing.T) {
	for _, over := range []float64{-0.05, 0.02, 0.05, 0.1} {
		p := both(t)
		p.floor()
		p.add(static(box(2, v(0, 0.5, 0), v(0.5, 0.5, 0.5))))
		p.add(box(3, v(float32(0.5+over), 1.5, 0), v(0.5, 0.5, 0.5)))
		p.step(40)
		want := 1.5
		if over > 0 {
			want = 1 + tipped(over, 40*dt)
		}
		p.alike("height", 0.025, want, height(3))
	}
}

// TestLadder: a plank that leans on a wall slides down below 36.9 degrees, as
// friction of 0.5 at both ends lets it.
func TestLadder(t *testing.T) {
	for _, c := range []struct{ degrees, sinks float64 }{{34, 1}, {40, 0}, {60, 0}} {
		p := both(t)
		p.floor()
		p.add(static(box(2, v(-1, 5, 0), v(1, 5, 5))))
		const long, thick = 1.5, 0.05
		a := c.degrees * math.Pi / 180
		start := long*math.Sin(a) + thick*math.Cos(a)
		b := box(3, v(float32(long*math.Cos(a)+thick*math.Sin(a)), float32(start), 0), v(long, thick, 0.25))
		b.Rot = spatial.Quat{Z: float32(math.Sin(-a / 2)), W: float32(math.Cos(-a / 2))}
		p.add(b)
		p.step(120)
		p.alike("share of its height that is lost", 0.07, c.sinks, func(w world) float64 { return (start - height(3)(w)) / (start - thick) })
	}
}

// TestMassRatio: a heavy box stays on three light ones.
func TestMassRatio(t *testing.T) {
	p := both(t)
	p.floor()
	for i := range 3 {
		p.add(box(physics.BodyID(2+i), v(0, 0.5+float32(i), 0), v(0.5, 0.5, 0.5)))
	}
	heavy := box(9, v(0, 3.5, 0), v(0.5, 0.5, 0.5))
	heavy.Mass = 20
	p.add(heavy)
	p.step(240)
	p.alike("the heavy one", 0.12, 3.5, height(9))
}

package physics

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// scene is a fixed history: the same commands on every machine.
type scene struct {
	name  string
	cfg   Config
	steps int
	at    map[int][]Command
}

func v(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

func ballShape(r float32) Shape      { return Shape{Kind: Sphere, Half: v(r, 0, 0)} }
func boxShape(x, y, z float32) Shape { return Shape{Kind: Box, Half: v(x, y, z)} }
func add(b Body) Command             { return Command{Kind: CmdAdd, Body: b} }
func drive(id BodyID, w spatial.Vec, f float32) Command {
	return Command{Kind: CmdDrive, ID: id, Vec: w, F: f}
}

func crate(id BodyID, x, y, z float32) Body {
	return Body{ID: id, Shape: boxShape(0.5, 0.5, 0.5), Pos: v(x, y, z), Mass: 1, Friction: 0.5}
}

func ball(id BodyID, r, x, y, z float32) Body {
	return Body{ID: id, Shape: ballShape(r), Pos: v(x, y, z), Mass: 1, Friction: 0.5, Restitution: 0.5}
}

func avatar(id BodyID, x, z float32) Body {
	return Body{ID: id, Shape: ballShape(0.4), Flags: Upright, Pos: v(x, 0.4, z), Mass: 70, Friction: 0.8}
}

func stackScene() scene {
	var cmds []Command
	for i := range 10 {
		cmds = append(cmds, add(crate(BodyID(i+1), 0, 0.5+float32(i), 0)))
	}
	return scene{"stack", Config{}, 300, map[int][]Command{0: cmds}}
}

func pyramidScene(rows int) scene {
	var cmds []Command
	for r := range rows {
		for i := range rows - r {
			x := float32((float32(i) - float32(float32(rows-r-1)*0.5)) * 1.05)
			cmds = append(cmds, add(crate(BodyID(len(cmds)+1), x, 0.5+float32(r), 0)))
		}
	}
	return scene{"pyramid", Config{}, 200, map[int][]Command{0: cmds}}
}

// heapScene drops n³ bodies made by f on each other.
func heapScene(name string, n int, f func(id BodyID, x, y, z float32) Body) scene {
	var cmds []Command
	for y := range n {
		shift := float32(float32(y&1) * 0.3)
		for x := range n {
			for z := range n {
				id := BodyID(len(cmds) + 1)
				cmds = append(cmds, add(f(id,
					float32(float32(x-n/2)*1.2)+shift, 1+float32(float32(y)*1.3), float32(float32(z-n/2)*1.2)+float32(shift*0.7))))
			}
		}
	}
	return scene{name, Config{}, 200, map[int][]Command{0: cmds}}
}

func avatarScene() scene {
	thrown := ball(7, 0.15, -6, 1.5, 0.05)
	thrown.Mass, thrown.Vel, thrown.Spin = 0.4, v(12, 3, 0), v(0, 4, 1)
	wall := Body{ID: 20, Shape: boxShape(0.2, 1, 3), Flags: Static, Pos: v(4, 1, 0), Friction: 0.6}
	return scene{"avatar", Config{}, 240, map[int][]Command{
		0:   {add(avatar(3, 0, 0)), add(thrown), add(wall), add(crate(9, 1.5, 0.5, 0.2)), drive(3, v(1.4, 0, 0), 12)},
		60:  {drive(3, v(1.4, 4, 0.5), 12)},
		120: {drive(3, v(0, 0, 0), 12), {Kind: CmdImpulse, ID: 9, Vec: v(-2, 3, 1)}},
		180: {{Kind: CmdRemove, ID: 20}},
	}}
}

func arcScene() scene {
	b := ball(5, 0.1, 0, 2, 0)
	b.Vel, b.Spin = v(6, 9, -3), v(1, 2, 3)
	return scene{"arc", Config{}, 100, map[int][]Command{0: {add(b)}}}
}

// mixScene is everything at once from a seed: shapes, statics, ghosts,
// avatars, and commands while it runs.
func mixScene(seed uint64, bodies, steps int) scene {
	r := base.NewRand(seed, 1)
	f := func(lo, hi float32) float32 {
		return lo + float32((hi-lo)*float32(float64(r.Uint32()>>8)/(1<<24)))
	}
	at := map[int][]Command{}
	for i := range bodies {
		b := Body{
			ID: BodyID(1 + r.Uint64()>>1), Pos: v(f(-4, 4), f(0.5, 8), f(-4, 4)),
			Vel: v(f(-8, 8), f(-8, 8), f(-8, 8)), Spin: v(f(-9, 9), f(-9, 9), f(-9, 9)),
			Mass: f(0.1, 20), Friction: f(0, 1), Restitution: f(0, 0.9),
			Shape: boxShape(f(0.1, 0.7), f(0.1, 0.7), f(0.1, 0.7)),
		}
		b.Rot = spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, f(-3, 3)))
		switch r.IntN(8) {
		case 0, 1, 2:
			b.Shape = ballShape(f(0.1, 0.6))
		case 3:
			b.Flags = Static
		case 4:
			b.Flags = Ghost
		case 5:
			b.Flags = Upright
		}
		when := 0
		if i%3 == 0 {
			when = r.IntN(steps / 2)
		}
		at[when] = append(at[when], add(b))
		later := when + 1 + r.IntN(steps/2)
		switch c := (Command{ID: b.ID}); r.IntN(5) {
		case 0:
			c.Kind = CmdRemove
			at[later] = append(at[later], c)
		case 1:
			c.Kind, c.Vec = CmdImpulse, v(f(-20, 20), f(-20, 20), f(-20, 20))
			at[later] = append(at[later], c)
		case 2:
			c.Kind, c.Body = CmdSet, b
			at[later] = append(at[later], c)
		case 3:
			c.Kind, c.Vec, c.F = CmdDrive, v(f(-3, 3), f(-1, 4), f(-3, 3)), 20
			at[later] = append(at[later], c)
		}
	}
	cfg := Config{Min: v(-6, 0, -6), Max: v(6, 12, 6)}
	return scene{"mix", cfg, steps, at}
}

// kindsScene is an open world with a lift, a door, sensors, bodies that do not
// meet, and some that fall out of it.
func kindsScene() scene {
	s := heapScene("kinds", 3, crate)
	s.cfg = Config{Open: true, Min: v(-20, -5, -20), Max: v(20, 20, 20)}
	for i := range s.at[0] {
		b := &s.at[0][i].Body
		switch i % 5 {
		case 1:
			b.Filter = Filter{Category: 2, Mask: 1}
		case 2:
			b.Filter.Group = -1
		case 3:
			b.Shape = ballShape(0.4)
		}
	}
	fixed := func(id BodyID, flags Flags, shape Shape, x, y, z float32) Command {
		return add(Body{ID: id, Shape: shape, Flags: flags, Pos: v(x, y, z), Friction: 0.5})
	}
	lift, door := fixed(90, Kinematic, boxShape(1, 0.1, 1), 0, 0.3, 0), fixed(91, Kinematic, boxShape(0.1, 2, 2), -4, 2, 0)
	lift.Body.Vel, door.Body.Vel, door.Body.Spin = v(0, 0.6, 0), v(2, 0, 0), v(0, 1, 0)
	back := lift.Body
	back.Vel = v(0.3, -0.4, 0)
	eye := fixed(94, Sensor, boxShape(1, 1, 1), 0, 8, 0)
	eye.Body.Mass = 2
	s.at[0] = append(s.at[0], fixed(80, Static, boxShape(6, 0.5, 4), 0, -0.5, 0), lift, door,
		fixed(92, Static|Sensor, boxShape(3, 1, 3), 3, 1, 0), fixed(93, Kinematic|Sensor, ballShape(2), 0, 1, 3), eye)
	s.at[80] = []Command{{Kind: CmdSet, ID: 90, Body: back}, {Kind: CmdRemove, ID: 92}}
	return s
}

func scenes() []scene {
	return []scene{
		stackScene(), pyramidScene(8), heapScene("spheres", 4, func(id BodyID, x, y, z float32) Body { return ball(id, 0.5, x, y, z) }),
		heapScene("crates", 4, crate), avatarScene(), arcScene(), mixScene(7, 40, 200), kindsScene(),
		jointScene(), jointMix(3, 40, 200), carScene(), shapesScene(), surfaceScene(), characterScene(), fieldScene(),
	}
}

// play runs s and calls f after every step. Commands that are refused (a drive
// of a body that is not upright) are part of the scene.
func (s scene) play(t testing.TB, f func(step int, w *World, ev []Event)) *World {
	t.Helper()
	w, err := New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	var ev []Event
	for i := range s.steps {
		ev, _ = w.Step(s.at[i], ev[:0])
		if f != nil {
			f(i, w, ev)
		}
	}
	return w
}

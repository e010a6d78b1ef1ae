package lab

import (
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
)

// Thing is one body of a Scene. Owner is -1 for the region it stands in.
type Thing struct {
	Body  physics.Body
	Owner int
}

// Scene is bodies around the border X = 0 and how long they are watched.
type Scene struct {
	Name    string
	Ticks   int // of 60 Hz
	Physics physics.Config
	Things  []Thing
	Forms   []*shape.Geometry // of the things
	Pinned  bool              // nothing is handed over
	Kicks   []Kick
}

// Kick is an impulse that the owner of a body gives it, of which the other
// region learns by the lag.
type Kick struct {
	At      int // ticks of 60 Hz from the start
	Thing   int
	Impulse spatial.Vec
}

func at(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

func ball(r, mass float32, pos, vel spatial.Vec) physics.Body {
	return physics.Body{Shape: physics.Shape{Kind: physics.Sphere, Half: at(r, r, r)}, Pos: pos, Vel: vel, Mass: mass, Friction: 0.5}
}

func box(half, mass float32, pos spatial.Vec) physics.Body {
	return physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: at(half, half, half)}, Pos: pos, Mass: mass, Friction: 0.5}
}

// Pair is two equal balls of two owners, one of which is at rest beside the
// border. bounce 0 makes them stay together.
func Pair(bounce float32) Scene {
	a, b := ball(0.5, 1, at(-3, 20, 0), at(5, 0, 0)), ball(0.5, 1, at(0.5, 20, 0), spatial.Vec{})
	a.Restitution, b.Restitution = bounce, bounce
	name := "pair"
	if bounce > 0 {
		name = "bounce"
	}
	return Scene{Name: name, Ticks: 90, Physics: physics.Config{Gravity: physics.Weightless}, Things: []Thing{{a, 0}, {b, 1}}}
}

// Block is a ball that meets a block of fifty times its mass.
func Block() Scene {
	a, b := ball(0.5, 1, at(-4, 20, 0.1), at(10, 0, 0)), box(1, 50, at(1.2, 20, 0))
	a.Restitution = 0.5
	return Scene{Name: "block", Ticks: 90, Physics: physics.Config{Gravity: physics.Weightless}, Things: []Thing{{a, 0}, {b, 1}}}
}

// Approach is balls that come from afar at many speeds and each hit one that
// rests on the other side, or another that comes the other way.
func Approach() Scene {
	s := Scene{Name: "approach", Ticks: 240, Physics: physics.Config{Gravity: physics.Weightless}}
	for i := range 8 {
		v := float32(5 + 5*i)
		z := float32(3 * i)
		a, b := ball(0.5, 1, at(-20-v, 20, z), at(v, 0, 0)), ball(0.5, 2, at(1, 20, z+0.2), spatial.Vec{})
		if i%2 == 1 {
			b.Pos.X, b.Vel.X = 20+v, -v
		}
		a.Restitution = 0.7
		s.Things = append(s.Things, Thing{a, -1}, Thing{b, -1})
	}
	return s
}

// Cradle is five balls in a row over the border, hit by a sixth.
func Cradle() Scene {
	s := Scene{Name: "cradle", Ticks: 120, Physics: physics.Config{Gravity: physics.Weightless}}
	for i := range 6 {
		b := ball(0.25, 1, at(float32(float32(i)*0.6)-1.5, 20, 0), spatial.Vec{})
		if i == 0 {
			b.Pos.X, b.Vel.X = -4, 5
		}
		b.Restitution, b.Friction = 1, 0
		s.Things = append(s.Things, Thing{b, -1})
	}
	return s
}

// Kicked is Pair, but the ball at rest is kicked aside when it is nearly met:
// shortly enough that the other region cannot know.
func Kicked() Scene {
	s := Pair(0.5)
	s.Name = "kicked"
	s.Kicks = []Kick{{28, 1, at(0.5, 0, 2)}}
	return s
}

// Shaken is Tower, of which a box in the middle is kicked by its owner.
func Shaken() Scene {
	s := Tower(false)
	s.Name = "shaken tower"
	s.Kicks = []Kick{{120, 5, at(0, 0, 1)}}
	return s
}

// Wall is 12 by 8 boxes across the border, hit by a ball of 5 kg.
func Wall() Scene {
	s := Scene{Name: "wall", Ticks: 180}
	for y := range 8 {
		for x := range 12 {
			s.Things = append(s.Things, Thing{box(0.5, 1, at(float32((float32(x)-5.5)*1.02), 0.5+float32(y), 0)), -1})
		}
	}
	s.Things = append(s.Things, Thing{ball(0.8, 5, at(-2, 3, -6), at(4, 1.5, 14.5)), -1})
	return s
}

// Pile is boxes that fall onto the border.
func Pile() Scene {
	s := Scene{Name: "pile", Ticks: 360}
	for i := range 64 {
		x, y, z := i%4, i/16, i/4%4
		shift := float32(float32(y%2) * 0.3)
		s.Things = append(s.Things, Thing{box(0.5, 1, at(float32((float32(x)-1.5)*1.1)+shift, 1+float32(1.2*float32(y)), float32((float32(z)-1.5)*1.1)+shift)), -1})
	}
	return s
}

// Tower is ten boxes on the border. alternate gives every other one to the
// other region for good; otherwise they are handed over as they should be.
func Tower(alternate bool) Scene {
	s := Scene{Name: "tower", Ticks: 600, Pinned: alternate}
	if alternate {
		s.Name = "alternating tower"
	}
	for i := range 10 {
		s.Things = append(s.Things, Thing{box(0.5, 1, at(0, 0.5+float32(i), 0)), i & 1})
	}
	return s
}

// Flight is balls thrown over the border, through the air.
func Flight() Scene {
	s := Scene{Name: "flight", Ticks: 120}
	for i := range 8 {
		b := ball(0.2, 0.5, at(-4, 6, float32(2*i-8)), at(6+float32(i), 6, 0.5))
		b.Spin = at(1, 2, 3)
		s.Things = append(s.Things, Thing{b, -1})
	}
	return s
}

// Roll is balls that roll over the border.
func Roll() Scene {
	s := Scene{Name: "roll", Ticks: 180}
	for i := range 8 {
		v := 3 + float32(i)
		b := ball(0.3, 1, at(-3, 0.3, float32(2*i-8)), at(v, 0, 0))
		b.Spin = at(0, 0, -v/0.3)
		s.Things = append(s.Things, Thing{b, -1})
	}
	return s
}

package lab

import (
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Scenes of bodies with geometries. The region that does not own them gets
// their shapes while they come.

func must(g *shape.Geometry, _ shape.Pose, err error) *shape.Geometry {
	if err != nil {
		panic("lab: " + err.Error())
	}
	return g
}

// Crystal is a hull of fourteen corners, some 0.5 m in radius, a little
// different for each n.
func Crystal(n int) *shape.Geometry {
	list := []det.Vec{{X: 0.5}, {X: -0.5}, {Y: 0.5 + float32(0.01*float32(n))}, {Y: -0.5}, {Z: 0.5}, {Z: -0.5}}
	for i := range 8 {
		list = append(list, det.Vec{X: float32(0.32 * float32(i&1*2-1)), Y: float32(0.32 * float32(i>>1&1*2-1)), Z: float32(0.32 * float32(i>>2*2-1))})
	}
	return must(shape.NewHull(list))
}

// Crate is a box made of its corners.
func Crate(half float32) *shape.Geometry {
	var list []det.Vec
	for i := range 8 {
		list = append(list, det.Vec{X: float32(half * float32(i&1*2-1)), Y: float32(half * float32(i>>1&1*2-1)), Z: float32(half * float32(i>>2*2-1))})
	}
	return must(shape.NewHull(list))
}

// Dumbbell is a compound of two balls on a bar.
func Dumbbell() *shape.Geometry {
	bar := shape.Child{Shape: shape.Shape{Kind: shape.Box, Half: det.Vec{X: 0.1, Y: 0.1, Z: 0.8}}, Pose: shape.At(det.Vec{}, det.Identity)}
	end := func(z float32) shape.Child {
		return shape.Child{Shape: shape.Shape{Kind: shape.Sphere, Half: det.Vec{X: 0.4, Y: 0.4, Z: 0.4}}, Pose: shape.At(det.Vec{Z: z}, det.Identity)}
	}
	return must(shape.NewCompound([]shape.Child{bar, end(-0.8), end(0.8)}))
}

func formed(g *shape.Geometry, mass float32, pos, vel spatial.Vec) physics.Body {
	return physics.Body{Shape: physics.Shape{Kind: g.Kind(), Geometry: g.ID()}, Pos: pos, Vel: vel, Mass: mass, Friction: 0.5}
}

// Shove is a compound that flies over the border into a hull at rest behind it,
// past its middle, so that both turn.
func Shove() Scene {
	bell, stone := Dumbbell(), Crystal(0)
	a, b := formed(bell, 5, at(-14, 20, 0.3), at(6, 0, 0)), formed(stone, 8, at(1.5, 20, 0), spatial.Vec{})
	a.Restitution = 0.4
	return Scene{Name: "shove", Ticks: 240, Physics: physics.Config{Gravity: physics.Weightless},
		Forms: []*shape.Geometry{bell, stone}, Things: []Thing{{a, 0}, {b, 1}}}
}

// Push is a compound that slides against a box across the border and pushes it
// along.
func Push() Scene {
	bell := Dumbbell()
	a, b := formed(bell, 20, at(-9, 20, 0), at(5, 0, 0)), box(0.5, 2, at(0.8, 20, 0))
	return Scene{Name: "push", Ticks: 240, Physics: physics.Config{Gravity: physics.Weightless},
		Forms: []*shape.Geometry{bell}, Things: []Thing{{a, 0}, {b, 1}}}
}

// Tumble is hulls that are thrown over the border and fall behind it.
func Tumble() Scene {
	s := Scene{Name: "tumble", Ticks: 150}
	for i := range 6 {
		g := Crystal(i)
		b := formed(g, 3, at(-7, 4, float32(3*i-8)), at(5+float32(i), 5, 0.3))
		b.Spin = at(1, 2, float32(i))
		s.Forms = append(s.Forms, g)
		s.Things = append(s.Things, Thing{b, -1})
	}
	return s
}

// Stack is Tower of hulls.
func Stack() Scene {
	g := Crate(0.5)
	s := Scene{Name: "stack of hulls", Ticks: 600, Forms: []*shape.Geometry{g}}
	for i := range 10 {
		s.Things = append(s.Things, Thing{formed(g, 1, at(0, 0.5+float32(i), 0), spatial.Vec{}), -1})
	}
	return s
}

// Package scenes is worlds that are measured and compared: the same bodies on
// every machine, and for every engine.
package scenes

import (
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// Scene is a world that is let go.
type Scene struct {
	Name   string
	Config physics.Config
	Bodies []physics.Body // statics first; all at rest
}

const (
	friction = 0.5
	// first is the id of the first body that moves; those below are ground.
	first physics.BodyID = 100
)

// Speed are the scenes whose speed is compared: 1 kg bodies with friction 0.5
// on a static box, nothing bounces, nothing sleeps.
func Speed() []Scene { return []Scene{Pile(), Pyramid(), Rain()} }

// Pile is 1,000 unit boxes in ten layers, of which every other is shifted by
// almost half a place, so that its sides tumble: a fifth of its height is gone
// after 10 s, in any engine.
func Pile() Scene { return Heap(10) }

// Heap is a pile of n layers of n by n.
func Heap(n int) Scene {
	s := open("pile")
	for y := range n {
		shift := float32(float32(y&1) * 0.6)
		for x := range n {
			for z := range n {
				s.box(float32(float32(x-n/2)*1.3)+shift, 1+float32(float32(y)*1.3), float32(float32(z-n/2)*1.3)+shift)
			}
		}
	}
	return s
}

// Pyramid is 210 unit boxes in 20 rows, which stands.
func Pyramid() Scene {
	const rows = 20
	s := open("pyramid")
	for r := range rows {
		for i := range rows - r {
			s.box(float32((float32(i)-float32(float32(rows-r-1)*0.5))*1.05), 0.5+float32(r), 0)
		}
	}
	return s
}

// Rain is 5,000 spheres of 1 m that fall into a pen of 24 m by 24 m.
func Rain() Scene { return Drops(5000, 18) }

// Drops is a rain of n in layers of row by row.
func Drops(n, row int) Scene {
	s := open("rain")
	half := float32(float32(row)*0.625) + 0.75
	high, across := spatial.Vec{X: 1, Y: 20, Z: half + 2}, spatial.Vec{X: half, Y: 20, Z: 1}
	s.fixed(spatial.Vec{X: -half - 1, Y: 20}, high)
	s.fixed(spatial.Vec{X: half + 1, Y: 20}, high)
	s.fixed(spatial.Vec{Y: 20, Z: -half - 1}, across)
	s.fixed(spatial.Vec{Y: 20, Z: half + 1}, across)
	middle := float32(float32(row-1) * 0.5)
	for i := range n {
		x, y, z := i%row, i/row/row, i/row%row
		// No sphere falls straight onto another.
		dx, dz := float32(float32(y%3)*0.11), float32(float32(y%5)*0.07)
		s.sphere(float32((float32(x)-middle)*1.25)+dx, 1+float32(float32(y)*1.5), float32((float32(z)-middle)*1.25)+dz)
	}
	return s
}

// open has a floor of 200 m by 200 m with its face at 0.
func open(name string) Scene {
	s := Scene{Name: name, Config: physics.Config{
		Min: spatial.Vec{X: -128, Y: -8, Z: -128}, Max: spatial.Vec{X: 128, Y: 120, Z: 128},
		MaxBodies: 8192, Sleepless: true,
	}}
	s.fixed(spatial.Vec{Y: -0.5}, spatial.Vec{X: 100, Y: 0.5, Z: 100})
	return s
}

func (s *Scene) fixed(pos, half spatial.Vec) {
	s.Bodies = append(s.Bodies, physics.Body{
		ID: physics.BodyID(1 + len(s.Bodies)), Shape: physics.Shape{Kind: physics.Box, Half: half},
		Flags: physics.Static, Pos: pos, Friction: friction,
	})
}

func (s *Scene) box(x, y, z float32) {
	s.loose(physics.Shape{Kind: physics.Box, Half: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}}, x, y, z)
}

func (s *Scene) sphere(x, y, z float32) {
	s.loose(physics.Shape{Kind: physics.Sphere, Half: spatial.Vec{X: 0.5}}, x, y, z)
}

func (s *Scene) loose(shape physics.Shape, x, y, z float32) {
	s.Bodies = append(s.Bodies, physics.Body{
		ID: first + physics.BodyID(len(s.Bodies)), Shape: shape, Pos: spatial.Vec{X: x, Y: y, Z: z}, Mass: 1, Friction: friction,
	})
}

// Moving is how many bodies can move.
func (s *Scene) Moving() (n int) {
	for i := range s.Bodies {
		if s.Bodies[i].Flags&physics.Static == 0 {
			n++
		}
	}
	return n
}

// Start is an empty world and the commands of its first step, which bring the
// bodies.
func (s *Scene) Start() (*physics.World, []physics.Command, error) {
	w, err := physics.New(s.Config)
	if err != nil {
		return nil, nil, err
	}
	cmds := make([]physics.Command, len(s.Bodies))
	for i := range s.Bodies {
		cmds[i] = physics.Command{Kind: physics.CmdAdd, Body: s.Bodies[i]}
	}
	return w, cmds, nil
}

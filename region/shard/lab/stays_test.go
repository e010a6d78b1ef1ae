package lab

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial/det"
)

// TestWhatGoes: a body of a geometry goes over the border, and a vehicle goes
// with its wheels.
func TestWhatGoes(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 4, Steps: 3})
	s := l.Regions[0].Shard
	do := func(id base.ID, c physics.Command) {
		t.Helper()
		if err := s.Do(shard.Input{Kind: shard.InCommand, ID: id, Command: c}); err != nil {
			t.Fatal(err)
		}
	}
	add := func(n int, b physics.Body) {
		t.Helper()
		b.Friction, b.Vel.X = 0, 3
		if err := l.Add(Name(n), b, 0); err != nil {
			t.Fatal(err)
		}
	}
	var corners []det.Vec
	for i := range 8 {
		corners = append(corners, det.Vec{X: 0.3 * float32(i&1*2-1), Y: 0.3 * float32(i>>1&1*2-1), Z: 0.4 * float32(i>>2*2-1)})
	}
	g, _, err := shape.NewHull(corners)
	if err != nil {
		t.Fatal(err)
	}
	hull, car := box(0.3, 1, at(-2, 0.4, -5)), box(0.5, 800, at(-2, 0.7, 0))
	hull.Shape = physics.Shape{Kind: physics.Hull, Geometry: g.ID()}
	wheels := &physics.Vehicle{Speed: 30}
	for i := range 4 {
		place := at(0.5*float32(i&1*2-1), -0.1, 0.5*float32(i>>1*2-1))
		wheels.Wheels = append(wheels.Wheels, physics.Wheel{At: place, Radius: 0.3, Travel: 0.3, Hertz: 2, Damping: 0.7})
	}
	add(0, box(0.2, 1, at(-2, 0.2, 5)))
	do(Name(0), physics.Command{Kind: physics.CmdGeometry, Geometry: g})
	add(1, hull)
	add(2, car)
	do(Name(2), physics.Command{Kind: physics.CmdVehicle, Vehicle: wheels})
	for range 100 {
		l.Step()
	}
	for n, owner := range []int{1, 1, 1} {
		if _, ok := l.Regions[owner].Shard.Owns(Name(n)); !ok {
			t.Errorf("body %d is not owned by region %d", n, owner)
		}
		if p, ok := s.Body(Name(n)); ok && p.Pos.X < spacing/2+1 {
			t.Errorf("body %d has not crossed: the test does not test", n)
		}
	}
}

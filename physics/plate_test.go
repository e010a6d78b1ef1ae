package physics

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
)

// TestPlateOnStones: a plate that is much wider than the bumps of what it falls
// on comes to lie on them, and is thrown by none: a triangle of which a slope
// runs on far below the plate does not push it away along that slope, nor down
// by its upper side.
func TestPlateOnStones(t *testing.T) {
	const n = 40
	r := base.NewRand(3, 3)
	heights := make([]float32, n*n)
	for i := range heights {
		heights[i] = float32(r.Float64() * 0.2)
	}
	g, err := shape.NewHeightfield(n, n, 0.8, heights)
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range []float32{2, 4, 8} {
		w, err := New(Config{Min: v(-50, -50, -50), Max: v(50, 50, 50)})
		if err != nil {
			t.Fatal(err)
		}
		plate := Body{ID: 2, Shape: boxShape(half, 0.5, half), Pos: v(0, 7, 0), Mass: 100, Friction: 0.5}
		if _, err := w.Step([]Command{addGeometry(g), add(ground(g)), add(plate)}, nil); err != nil {
			t.Fatal(err)
		}
		rise := float32(0)
		for range 300 {
			w.Step(nil, nil)
			b, _ := w.Body(2)
			rise = max(rise, b.Vel.Y)
		}
		b, _ := w.Body(2)
		if low, high := float32(5.5), float32(5.75); rise > 2 || b.Pos.Y < low || b.Pos.Y > high {
			t.Errorf("half size %g: rises at %g m/s, lies at %g", half, rise, b.Pos.Y)
		}
	}
}

package physics

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestRandomScenes: whatever is thrown in, the state stays finite, in bounds
// and restorable.
func TestRandomScenes(t *testing.T) {
	const scenesPerCheck = 2 // of 100 checks
	scenes := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range scenesPerCheck {
			randomScene(rt)
			scenes++
		}
	})
	t.Log(scenes, "scenes")
}

func randomScene(rt *rapid.T) {
	s := mixScene(rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(2, 24).Draw(rt, "bodies"), 60)
	s.cfg.Substeps = rapid.IntRange(1, 6).Draw(rt, "substeps")
	s.cfg.Gravity = rapid.SampledFrom([]float32{0, 9.81, -80, Weightless}).Draw(rt, "gravity")
	w, err := New(s.cfg)
	if err != nil {
		rt.Fatal(err)
	}
	for i := range s.steps {
		ev, _ := w.Step(s.at[i], nil)
		for _, e := range ev {
			if !det.Finite(e.Impulse) || !e.Point.Finite() || !e.Normal.Finite() {
				rt.Fatalf("step %d: %+v", i, e)
			}
		}
		w.Each(func(b Body) bool {
			if err := b.check(&w.cfg); err != nil {
				rt.Fatalf("step %d: %v", i, err)
			}
			return true
		})
	}
	if _, err := Restore(s.cfg, w.AppendSnapshot(nil)); err != nil {
		rt.Fatal(err)
	}
}

// TestExtremes: the lightest and the heaviest, the smallest and the largest,
// all in one place at the speed limit.
func TestExtremes(t *testing.T) {
	w, err := New(Config{Min: v(-600, 0, -600), Max: v(600, 1200, 600)})
	if err != nil {
		t.Fatal(err)
	}
	var cmds []Command
	for i, half := range []float32{MinExtent, 1, MaxExtent} {
		for j, mass := range []float32{MinMass, 1, MaxMass} {
			for k, shape := range []Shape{ballShape(half), boxShape(half, half, half), boxShape(half, MinExtent, 1)} {
				id := BodyID(1 + i*9 + j*3 + k)
				b := Body{ID: id, Shape: shape, Pos: v(0, 600, float32(k)*1e-6), Mass: mass, Friction: MaxFriction, Restitution: 1}
				b.Vel, b.Spin = v(MaxSpeed, 0, 0), v(0, MaxSpin, 0)
				cmds = append(cmds, add(b))
			}
		}
	}
	if _, err := w.Step(cmds, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		w.Step(nil, nil)
		if _, err := Restore(w.cfg, w.AppendSnapshot(nil)); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}

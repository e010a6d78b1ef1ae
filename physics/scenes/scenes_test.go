package scenes

import (
	"os"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// soak: make soak runs these for as long as a region may stand.
var soak = os.Getenv("METATOPIA_SOAK") != ""

// run steps a scene and calls check every second.
func run(t *testing.T, s Scene, steps int, check func(step int, w *physics.World)) *physics.World {
	t.Helper()
	w, cmds, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	var ev []physics.Event
	for step := range steps {
		if ev, err = w.Step(cmds, ev[:0]); err != nil {
			t.Fatal(err)
		}
		cmds = nil
		if (step+1)%60 == 0 {
			check(step+1, w)
		}
	}
	return w
}

// moving calls f with every body that can move.
func moving(w *physics.World, f func(physics.Body)) {
	w.Each(func(b physics.Body) bool {
		if b.Flags&physics.Static == 0 {
			f(b)
		}
		return true
	})
}

// TestPileStays: a pile that never sleeps stays finite and on the floor, calms
// down and does not creep apart: for 10 minutes when soaking.
func TestPileStays(t *testing.T) {
	s, steps := Heap(5), 600
	if soak {
		s, steps = Pile(), 36_000
	}
	var calm float64 // mean height after the first 10 s
	run(t, s, steps, func(step int, w *physics.World) {
		var mean, fastest float64
		moving(w, func(b physics.Body) {
			if !b.Pos.Finite() || !b.Vel.Finite() || !b.Spin.Finite() || !det.Quat(b.Rot).Finite() {
				t.Fatalf("step %d: %+v", step, b)
			}
			if b.Pos.Y < 0.3 || b.Pos.X < -30 || b.Pos.X > 30 || b.Pos.Z < -30 || b.Pos.Z > 30 {
				t.Fatalf("step %d: body %d has gone to %v", step, b.ID, b.Pos)
			}
			mean += float64(b.Pos.Y) / float64(s.Moving())
			fastest = max(fastest, float64(b.Vel.Len()))
		})
		switch {
		case step == 600:
			calm = mean
		case step > 600 && mean > calm+0.01:
			t.Fatalf("step %d: it has risen from %.3f m to %.3f", step, calm, mean)
		case step > 3600 && fastest > 2:
			t.Fatalf("step %d: something moves at %.2f m/s", step, fastest)
		}
		if step%3600 == 0 {
			t.Logf("%d minutes: mean height %.4f m, fastest %.4f m/s", step/3600, mean, fastest)
		}
	})
}

// TestStand: a tower and a pyramid stand for a minute, and sleep where sleep is
// allowed.
func TestStand(t *testing.T) {
	tower := open("tower")
	for i := range 10 {
		tower.box(0, 0.5+float32(i), 0)
	}
	for _, s := range []Scene{tower, Pyramid()} {
		for _, sleepless := range []bool{false, true} {
			steps := 3600
			if sleepless && !soak {
				steps = 300
			}
			s.Config.Sleepless = sleepless
			start := map[physics.BodyID]spatial.Vec{}
			for _, b := range s.Bodies {
				start[b.ID] = b.Pos
			}
			w := run(t, s, steps, func(int, *physics.World) {})
			moving(w, func(b physics.Body) {
				if d := b.Pos.Sub(start[b.ID]).Len(); d > 0.15 {
					t.Errorf("%s: body %d moved %.3f m", s.Name, b.ID, d)
				}
				if w.Resting(b.ID) == sleepless {
					t.Errorf("%s: body %d at rest: %v", s.Name, b.ID, !sleepless)
				}
			})
			if t.Failed() {
				return
			}
		}
	}
}

// TestSizes: as many bodies as the names say, none in another.
func TestSizes(t *testing.T) {
	for i, s := range Speed() {
		if n := s.Moving(); n != []int{1000, 210, 5000}[i] {
			t.Errorf("%s has %d bodies", s.Name, n)
		}
		for x, a := range s.Bodies {
			for _, b := range s.Bodies[:x] {
				d, h := a.Pos.Sub(b.Pos), a.Shape.Half.Add(b.Shape.Half)
				if a.Shape.Kind == physics.Box && b.Shape.Kind == physics.Box && abs(d.X) < h.X-0.01 && abs(d.Y) < h.Y-0.01 && abs(d.Z) < h.Z-0.01 ||
					a.Shape.Kind == physics.Sphere && b.Shape.Kind == physics.Sphere && d.Len() < 0.99 {
					t.Fatalf("%s: %d is in %d", s.Name, a.ID, b.ID)
				}
			}
		}
	}
}

func abs(x float32) float32 { return max(x, -x) }

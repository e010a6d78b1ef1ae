package physics

import (
	"testing"
)

// The scenes of the comparison in docs: unit boxes of 1 kg, friction 0.5, four
// substeps of 1/240 s, never asleep, one core. A body-step is one body moved
// by one step.
func benchmarkScene(b *testing.B, s scene) {
	s.steps = 120 // settled enough to be all contacts
	w := s.play(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		for i := range w.solids {
			w.solids[i].wake()
		}
		if _, err := w.Step(nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.Len())*float64(b.N)/b.Elapsed().Seconds(), "body-steps/s")
	b.ReportMetric(float64(len(w.contacts)), "contacts")
}

func BenchmarkPyramid210(b *testing.B) { benchmarkScene(b, pyramidScene(20)) }
func BenchmarkPile1000(b *testing.B)   { benchmarkScene(b, heapScene("pile", 10, crate)) }

func BenchmarkSpheres1000(b *testing.B) {
	benchmarkScene(b, heapScene("spheres", 10, func(id BodyID, x, y, z float32) Body { return ball(id, 0.5, x, y, z) }))
}

// BenchmarkAsleep is the same pile at rest with one body awake beside it.
func BenchmarkAsleep1000(b *testing.B) {
	s := heapScene("pile", 10, crate)
	s.steps = 600
	s.at[1] = []Command{add(avatar(5000, 40, 40)), drive(5000, v(0.01, 0, 0), 1)}
	w := s.play(b, nil)
	for b.Loop() {
		w.Step(nil, nil)
	}
	b.ReportMetric(float64(w.Len())*float64(b.N)/b.Elapsed().Seconds(), "body-steps/s")
}

func BenchmarkHash1000(b *testing.B) {
	s := heapScene("pile", 10, crate)
	s.steps = 120
	w := s.play(b, nil)
	for b.Loop() {
		w.Hash()
	}
	b.ReportMetric(float64(len(w.buf))/float64(w.Len()), "bytes/body")
}

// TestStepAllocatesNothing once the world has seen its most contacts.
func TestStepAllocatesNothing(t *testing.T) {
	s := heapScene("crates", 4, crate)
	w := s.play(t, nil)
	ev := make([]Event, 0, 1024)
	if n := testing.AllocsPerRun(20, func() {
		for i := range w.solids {
			w.solids[i].wake()
		}
		ev, _ = w.Step(nil, ev[:0])
	}); n != 0 {
		t.Errorf("%g allocations per step", n)
	}
}

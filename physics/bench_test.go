package physics

import (
	"testing"
)

// The scenes of the comparison in docs: unit boxes of 1 kg, friction 0.5, four
// substeps of 1/240 s, never asleep, one core. A body-step is one body moved
// by one step.
func benchmarkScene(b *testing.B, s scene) {
	s.cfg.Sleepless = true
	s.steps = 120 // settled enough to be all contacts
	w := s.play(b, nil)
	b.ReportAllocs()
	for b.Loop() {
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

// TestStepAllocatesNothing once the world has seen its most contacts, with and
// without workers and lanes; nor does the hash.
func TestStepAllocatesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	for _, parallel := range []bool{false, true} {
		s := heapScene("crates", 5, crate)
		s.cfg.Sleepless = true
		w := s.play(t, nil)
		if parallel {
			// Starting goroutines allocates: here one calls all.
			w.SetParallel(func(n int, f func(int)) {
				for i := range n {
					f(i)
				}
			})
		}
		for _, lanes := range []bool{false, true} {
			w.SetLanes(lanes)
			ev := make([]Event, 0, 1024)
			step := func() {
				ev, _ = w.Step(nil, ev[:0])
				w.Hash()
			}
			step()
			if n := testing.AllocsPerRun(20, step); n != 0 {
				t.Errorf("lanes %v, parallel %v: %g allocations per step", lanes, parallel, n)
			}
		}
	}
}

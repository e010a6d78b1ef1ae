package presence

import "testing"

// The figures of docs/protocol/presence.md, section 8. One iteration is one
// simulated second of all nodes; the simulation's own part of the time is a
// few percent.

func benchmark(b *testing.B, w *world, settle int64) {
	w.run(settle)
	m := w.mark()
	b.ResetTimer()
	for range b.N {
		w.run(w.q.Now() + second)
	}
	b.StopTimer()
	mean, most := w.bytesOut(m, float64(b.N))
	known, age := w.sight(min(100, len(w.ws)))
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(w.ws)), "µs/node-s")
	b.ReportMetric(mean, "B/s")
	b.ReportMetric(most, "maxB/s")
	b.ReportMetric(100*known, "%known")
	b.ReportMetric(percentile(age, 50), "p50-age-s")
	b.ReportMetric(percentile(age, 95), "p95-age-s")
}

// BenchmarkCrowd: 1,000 in a ball of 20 m, half of them walking.
func BenchmarkCrowd(b *testing.B) { benchmark(b, crowd(b, 1000, Config{}), 15*second) }

// BenchmarkWalkers: 300 walkers with 30 in each area of interest.
func BenchmarkWalkers(b *testing.B) {
	benchmark(b, newWorld(b, setup{n: 300, seed: 1, aoi: 50, speed: 1.4, box: [3]float64{280, 4, 280}}), 10*second)
}

// BenchmarkFull: 400 who change direction all the time, 128 and more in each
// area of interest: as many poses as there can be.
func BenchmarkFull(b *testing.B) {
	w := newWorld(b, setup{n: 400, seed: 1, aoi: 60, speed: 1.4, box: [3]float64{160, 4, 160}})
	w.restless = true
	benchmark(b, w, 10*second)
}

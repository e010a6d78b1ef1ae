package presence

import "testing"

func TestWalkersKnowEachOther(t *testing.T) {
	for _, c := range []struct {
		name          string
		speed, recall float64
	}{{"walking", 1.4, 0.995}, {"ten times as fast", 14, 0.97}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, setup{n: 300, seed: 1, aoi: 50, speed: c.speed, box: [3]float64{280, 4, 280}})
			w.run(5 * second)
			m := w.mark()
			j := w.watch(15 * second)
			mean, most := w.bytesOut(m, 10)
			t.Logf("pairs %d recall %.4f awareness p95 %.2f s of %d, drift %.2f m, age p95 %.2f; bytes %.0f mean %.0f max",
				j.pairs, j.recall(), j.p95(), len(j.late), j.drift, percentile(j.age, 95), mean, most)
			t.Logf("%+v events %v", w.total(), w.events)
			if j.recall() < c.recall {
				t.Errorf("recall %.4f", j.recall())
			}
			if j.p95() > 1 {
				t.Errorf("awareness p95 %.2f s", j.p95())
			}
		})
	}
}

package presence

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// ball places an avatar uniformly in a ball of radius r around c.
func ball(r *base.Rand, c [3]float64, radius float64) [3]float64 {
	for {
		var p [3]float64
		d := 0.0
		for k := range p {
			p[k] = 2*r.Float64() - 1
			d += p[k] * p[k]
		}
		if d <= 1 {
			for k := range p {
				p[k] = c[k] + radius*p[k]
			}
			return p
		}
	}
}

// A thousand in a ball of 20 m: everybody is known to everybody, and nobody
// sends more than its budget.
func TestCrowd(t *testing.T) {
	w := newWorld(t, setup{n: 1000, seed: 3, aoi: 64, speed: 1.4, box: [3]float64{40, 40, 40},
		place: func(i int, r *base.Rand) [3]float64 { return ball(r, [3]float64{20, 20, 20}, 20) }})
	for i, a := range w.ws {
		a.fixed = i%2 == 0
	}
	for s := int64(1); s <= 12; s++ {
		m := w.mark()
		w.run(s * second)
		mean, most := w.bytesOut(m, 1)
		known, age := 0, []int64{}
		for _, a := range w.ws[:100] {
			for _, b := range w.ws {
				if av, ok := a.node.Lookup(b.key); ok {
					known++
					age = append(age, av.AgeNs)
				}
			}
		}
		p, q, h := w.ws[0].node.Links()
		t.Logf("%d s: known %.4f age p50 %.1f p95 %.1f p100 %.1f; mean %.0f max %.0f; %d %d %d", s, float64(known)/100/999, percentile(age, 50), percentile(age, 95), percentile(age, 100), mean, most, p, q, h)
	}
	t.Logf("%+v events %v", w.total(), w.events)
}

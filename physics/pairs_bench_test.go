package physics

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// BenchmarkPairs finds the pairs of 5,000 spheres of 1 m in three ways: in a
// shaft while they fall at speeds of their own (a share of them leaves its leaf
// in every step) and while they lie still.
func BenchmarkPairs(b *testing.B) {
	for _, speed := range []struct {
		name string
		most float32
	}{{"falling", 8}, {"creeping", 0.3}, {"still", 0}} {
		b.Run(speed.name+"/tree", func(b *testing.B) {
			benchmarkPairs(b, speed.most, (*World).findPairs)
		})
		b.Run(speed.name+"/sweep", func(b *testing.B) {
			var s slide
			benchmarkPairs(b, speed.most, func(w *World) { w.boxes(); w.pairs = s.find(w.pairs[:0], w.solids, w.near.boxes) })
		})
		b.Run(speed.name+"/grid", func(b *testing.B) {
			g := grid{cell: 1.1}
			benchmarkPairs(b, speed.most, func(w *World) { w.boxes(); w.pairs = g.find(w.pairs[:0], w.solids, w.near.boxes) })
		})
	}
}

// boxes is what the rivals need.
func (w *World) boxes() {
	for i := range w.solids {
		w.near.boxes[i] = w.solids[i].box()
	}
}

func benchmarkPairs(b *testing.B, most float32, find func(*World)) {
	w, _ := New(Config{MaxBodies: 5000})
	r := base.NewRand(1, 1)
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	var cmds []Command
	for i := range 5000 {
		s := ball(BodyID(i+1), 0.5, float32(i%18)+f(-0.1, 0.1), 1+float32(i/324)*0.9, float32(i/18%18)+f(-0.1, 0.1))
		s.Vel = v(f(-most, most)*0.2, f(-most, -most*0.3), f(-most, most)*0.2)
		cmds = append(cmds, add(s))
	}
	w.apply(cmds)
	for b.Loop() {
		find(w)
		for i := range w.solids {
			s := &w.solids[i]
			s.Pos = s.Pos.Add(s.Vel.Scale(1.0 / 60))
			if s.Pos.Y < 0.5 {
				s.Pos.Y += 15
			}
			s.derive()
			if s.Pos.X < 0 || s.Pos.X > 18 {
				s.Vel.X = -s.Vel.X
			}
			if s.Pos.Z < 0 || s.Pos.Z > 18 {
				s.Vel.Z = -s.Vel.Z
			}
		}
	}
	b.ReportMetric(float64(len(w.pairs)), "pairs")
}

package shard

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// BenchmarkTick is one tick of a region with boxes in stacks of four, all over
// it, with two neighbours: asleep, and kept awake by pushes.
func BenchmarkTick(b *testing.B) {
	for _, awake := range []bool{false, true} {
		b.Run(fmt.Sprintf("awake=%v", awake), func(b *testing.B) {
			c := config()
			c.Hand.Capacity = 2000
			c.Physics.Sleepless = awake
			s, err := New(c)
			if err != nil {
				b.Fatal(err)
			}
			near := []Neighbour{{there, spatial.At(32, 0, 0)}, {base.ID{15: 3}, spatial.At(-96, 0, 0)}}
			if err := s.Do(Input{Kind: InNeighbours, Neighbours: near}); err != nil {
				b.Fatal(err)
			}
			for i := range 1000 {
				p := crate(v(float32(i/4%16)*4-30, float32(i%4)+0.5, float32(i/64)*4-30))
				if err := s.Do(Input{Kind: InSpawn, ID: base.ID{0: 1, 14: byte(i >> 8), 15: byte(i)}, Epoch: 1, Body: p}); err != nil {
					b.Fatal(err)
				}
			}
			for range 60 {
				run(s)
			}
			b.ReportAllocs()
			for b.Loop() {
				run(s)
			}
		})
	}
}

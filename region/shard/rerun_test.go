package shard

import (
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
)

// late is a shard at tick 200 with a floor of boxes at the border, and a
// release of n balls above it, seen from the neighbour.
func late(t testing.TB, n int) (s *Shard, f freight, items []handoff.Ref) {
	s = alone(t)
	for i := range 9 {
		b := crate(v(28, 4.5, float32(i-4)*2))
		b.Shape.Half, b.Flags, b.Mass = v(4, 0.5, 1), physics.Static, 0
		spawn(t, s, oid(byte(1+i)), b)
	}
	for range 200 {
		run(s)
	}
	s.tick++
	f.Tick = s.tick - 41
	for i := range n {
		b := crate(v(-34, 5.3, float32(i)-4))
		b.Vel = v(-1, 2, 0)
		f.Parcels = append(f.Parcels, parcel{ID: oid(byte(100 + i)), Body: b})
		items = append(items, handoff.Ref{ID: oid(byte(100 + i)), Epoch: 2})
	}
	return s, f, items
}

// TestRerun: rule 4.7 of docs/protocol/border.md. What is moved on comes to lie
// on the floor; beyond the work of a tick it stays where it was released, and
// nothing of it is left in the region's world.
func TestRerun(t *testing.T) {
	s, f, items := late(t, 6)
	at := s.tick - 41
	before := s.world.Hash()
	s.reruns = maxReruns
	moved := s.rerun(s.link(there), &f, items, at)
	if len(moved) != 6 || s.world.Hash() != before {
		t.Fatalf("%d were moved on", len(moved))
	}
	for id, m := range moved {
		if m.Tick != s.tick-1 || m.Pos.Y < 5.4 || m.Pos.Y > 5.6 || m.Pos.X > 30 || m.Pos.X < 24 {
			t.Errorf("%v came to %+v", id, m)
		}
	}
	again := s.rerun(s.link(there), &f, items, at)
	for range 100 {
		if again = s.rerun(s.link(there), &f, items, at); again == nil {
			break
		}
	}
	if again != nil || s.reruns < 0 {
		t.Errorf("no bound: %d steps left", s.reruns)
	}
	if m := s.rerun(s.link(there), &f, items, s.tick-1); m != nil {
		t.Error("what was released just now was moved")
	}
}

func BenchmarkRerun(b *testing.B) {
	s, f, items := late(b, 1)
	steps := 0
	for b.Loop() {
		s.reruns = maxReruns
		s.rerun(s.link(there), &f, items, s.tick-41)
		steps += 40 * s.cfg.Steps
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
}

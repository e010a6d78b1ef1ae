package region

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

func TestWalkReachesTarget(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	ann := newPerson("ann")
	joined(t, s, ann, 0, 0)
	// A tree in the way.
	step(t, s, control(ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "tree", Name: "tree", Shape: Box, Size: spatial.Vec{X: 1.5, Y: 4, Z: 1.5}, Pos: spatial.Vec{X: 4, Y: 2}, Fixed: true}}),
		ann.entry(Input{Kind: InWalk, Pos: spatial.At(8, 0, 0)}))
	for range 200 {
		step(t, s)
	}
	m := named(t, s, "ann").Motion
	if d := m.Pos.Sub(spatial.Vec{X: 8, Y: m.Pos.Y}).Len(); d > 0.6 {
		t.Fatalf("ann is at %v, %.2f m from her target", m.Pos, d)
	}
	if v := m.Vel.Len(); v > 0.05 {
		t.Fatalf("ann has arrived but moves at %v m/s", v)
	}
}

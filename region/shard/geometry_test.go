package shard

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// plate is a convex hull of that half size.
func plate(t *testing.T, half float32) *shape.Geometry {
	t.Helper()
	var points []det.Vec
	for i := range 8 {
		points = append(points, det.Vec{X: half * float32(i&1*2-1), Y: 0.2 * float32(i>>1&1*2-1), Z: half * float32(i>>2*2-1)})
	}
	g, _, err := shape.NewHull(points)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// give adds a geometry, and a body of it.
func give(t *testing.T, s *Shard, by, id base.ID, g *shape.Geometry, pos spatial.Vec) {
	t.Helper()
	if err := s.Do(Input{Kind: InCommand, ID: by, Command: physics.Command{Kind: physics.CmdGeometry, Geometry: g}}); err != nil {
		t.Fatal(err)
	}
	b := crate(pos)
	b.Shape = physics.Shape{Kind: physics.Hull, Geometry: g.ID()}
	spawn(t, s, id, b)
}

// TestGhostOfGeometry: a ghost of a geometry that is known here stretches as
// far over the border as another, whatever its half size says; of one that is
// not known there is none.
func TestGhostOfGeometry(t *testing.T) {
	s := alone(t)
	spawn(t, s, oid(1), crate(v(0, 0.5, 0)))
	wide, small := plate(t, 100), plate(t, 1)
	give(t, s, oid(1), oid(2), wide, v(-60, 20, -200))
	give(t, s, oid(1), oid(3), small, v(-20, 0.5, 0))
	run(s)
	for i, tt := range []struct {
		g     *shape.Geometry
		ghost bool
	}{{small, true}, {wide, false}, {plate(t, 2), false}} {
		b := crate(v(-31, 0.3, 5))
		b.Flags, b.Mass = physics.Static, 0
		b.Shape = physics.Shape{Kind: physics.Hull, Geometry: tt.g.ID()}
		_, o := run(s, say(base.Tick(10+i), word{Intros: []intro{{Handle: uint64(1 + i), ID: oid(byte(20 + i)), Epoch: 1, Body: b}}}))
		if _, ok := s.Body(oid(byte(20 + i))); ok != tt.ghost {
			t.Errorf("geometry %d: ghost %v", i, ok)
		}
		if o.Refusals != 0 {
			t.Errorf("geometry %d: physics was asked and refused", i)
		}
	}
}

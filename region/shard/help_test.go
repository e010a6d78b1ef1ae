package shard

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

var (
	here  = base.ID{15: 1}
	there = base.ID{15: 2}
)

func oid(n byte) base.ID { return base.ID{0: 0xaa, 15: n} }

func v(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

// alone is a region at X = -32 with one neighbour at X = 32: the border is at
// X = 32 in its own coordinates, and X = -32 in the neighbour's.
func alone(t testing.TB) *Shard {
	t.Helper()
	s, err := New(config())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Do(Input{Kind: InNeighbours, Neighbours: []Neighbour{{there, spatial.At(32, 0, 0)}}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func config() Config {
	return Config{ID: here, Site: spatial.At(-32, 0, 0), Hand: handoff.Config{Capacity: 100}}
}

func crate(pos spatial.Vec) physics.Body {
	return physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: v(0.5, 0.5, 0.5)}, Rot: spatial.Identity, Pos: pos, Mass: 1, Friction: 0.5}
}

func spawn(t testing.TB, s *Shard, id base.ID, b physics.Body) {
	t.Helper()
	if err := s.Do(Input{Kind: InSpawn, ID: id, Epoch: 1, Body: b}); err != nil {
		t.Fatal(err)
	}
}

// say is a word of the neighbour, of its tick, which counts like this region's.
func say(tick base.Tick, w word) Mail {
	w.Tick = tick
	p := post{To: here, Kind: kindWord, Word: w}
	return Mail{there, p.encode()}
}

// run makes a tick and gives what Begin and End said.
func run(s *Shard, mail ...Mail) (a, b Output) {
	a = s.Begin(s.Tick()+1, mail)
	return a, s.End()
}

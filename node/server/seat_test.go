package server

import (
	"bytes"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// hall is what a client sees of things that a test puts there.
type hall struct {
	t      *testing.T
	seats  seats
	viewer *viewer
	tick   base.Tick
	crowd  int             // clients
	knows  map[base.ID]int // what the client sees: looks it was sent
}

// frame shows the things that are there after the next tick.
func (s *hall) frame(list ...region.Seen) {
	s.t.Helper()
	s.tick++
	f := &frame{tick: s.tick, budget: mostView / region.TickRate, clients: max(1, s.crowd)}
	slices.SortFunc(list, func(a, b region.Seen) int { return a.Thing.ID.Compare(b.Thing.ID) })
	s.seats.seat(f, list)
	f.arrange(s.seats.list)
	for _, b := range s.viewer.step(f, &wire.View{Radius: 100}) {
		m, err := wire.Read(bytes.NewReader(b), wire.MaxServerFrame)
		if err != nil {
			s.t.Fatal(err)
		}
		d := m.(*wire.Delta)
		if d.Full {
			clear(s.knows)
		}
		for _, x := range d.Upserts {
			s.knows[x.Pose.ID]++
		}
		for _, x := range d.Gone { // last, as clients do it
			delete(s.knows, x.ID)
		}
	}
}

func newHall(t *testing.T) *hall {
	return &hall{t: t, viewer: newViewer(spatial.Pos{}, base.Key{}), knows: map[base.ID]int{}}
}

func cube(n byte, epoch uint64, x float32) region.Seen {
	return region.Seen{Thing: &region.Thing{ID: base.ID{n}, Epoch: epoch, Kind: "box", Name: "cube", Shape: region.Box, Size: spatial.Vec{X: 1, Y: 1, Z: 1}},
		Motion: region.Motion{Pos: spatial.Vec{X: x}, Rot: spatial.Quat{W: 1}}}
}

// TestRestOfTheFirstView: what is left of a client's first view, too little for
// any thing, keeps no new thing from it.
func TestRestOfTheFirstView(t *testing.T) {
	s := newHall(t)
	s.viewer.first = 100
	for range 20 {
		s.frame(cube(1, 1, 2))
	}
	if s.knows[base.ID{1}] == 0 {
		t.Fatal("the client is never shown the thing")
	}
}

// TestBackAtOnce: a client of a crowded region still sees what went and came
// back before it was told so.
func TestBackAtOnce(t *testing.T) {
	for gone := 1; gone < 2*farEvery; gone++ {
		for at := range farEvery {
			s := newHall(t)
			for range farEvery + at {
				s.frame(cube(1, 1, 2))
			}
			s.crowd = 2 * crowdedViews
			for range gone {
				s.frame()
			}
			for range 2 * farEvery {
				s.frame(cube(1, 2, 3))
			}
			if s.knows[base.ID{1}] == 0 {
				t.Fatalf("away for %d ticks: the client does not see it any more", gone)
			}
			s.frame()
			for range farEvery {
				s.frame()
			}
			if len(s.knows) > 0 {
				t.Fatal("the client keeps what is gone")
			}
		}
	}
}

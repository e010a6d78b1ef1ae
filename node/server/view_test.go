package server

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// stage makes frames of things that the test moves.
type stage struct {
	seats  seats
	seen   []region.Seen
	tick   base.Tick
	budget float64
}

func (s *stage) add(i int, x, z float32) {
	var id base.ID
	binary.BigEndian.PutUint32(id[:], uint32(i)*2654435761)
	id[15] = byte(i)
	t := &region.Thing{ID: id, Kind: "ball", Name: fmt.Sprint("thing ", i), Shape: region.Sphere, Size: spatial.Vec{X: 1, Y: 1, Z: 1}}
	s.seen = append(s.seen, region.Seen{Thing: t, Motion: region.Motion{Pos: spatial.Vec{X: x, Z: z}, Rot: spatial.Identity}})
	slices.SortFunc(s.seen, func(a, b region.Seen) int { return a.Thing.ID.Compare(b.Thing.ID) })
}

func (s *stage) frame(clients int) *frame {
	s.tick++
	f := &frame{tick: s.tick, clients: clients, budget: s.budget}
	s.seats.seat(f, s.seen)
	f.arrange(s.seats.list)
	return f
}

// audience is what a client makes of the deltas it is sent.
type audience struct {
	t     *testing.T
	known map[base.ID]wire.Entity
	bytes int
}

func (a *audience) take(out [][]byte) {
	for _, b := range out {
		a.bytes += len(b)
		m, err := wire.Parse(b[4:])
		if err != nil {
			a.t.Fatal(err)
		}
		d := m.(*wire.Delta)
		if d.Full {
			clear(a.known)
		}
		for _, e := range d.Upserts {
			a.known[e.Pose.ID] = e
		}
		for _, p := range d.Poses {
			e, ok := a.known[p.ID]
			if !ok {
				a.t.Fatalf("tick %d: a pose of %v, which it does not know", d.Tick, p.ID)
			}
			e.Pose = p
			a.known[p.ID] = e
		}
		for _, g := range d.Gone {
			if _, ok := a.known[g.ID]; !ok {
				a.t.Fatalf("tick %d: %v is gone, which it does not know", d.Tick, g.ID)
			}
			delete(a.known, g.ID)
		}
	}
}

// differs is how many of the things within r metres of a place it does not show
// as they are, or shows though they are not there.
func (a *audience) differs(s *stage, at spatial.Vec, r float32) (n int) {
	in := map[base.ID]bool{}
	for i := range s.seen {
		x := &s.seen[i]
		in[x.Thing.ID] = true
		if x.Motion.Pos.Sub(at).Len() <= r && a.known[x.Thing.ID] != entityOf(x) {
			n++
		}
	}
	for id := range a.known {
		if !in[id] {
			n++
		}
	}
	return n
}

// TestViewKeepsToItsCredit: in a crowd that never stands still a client gets no
// more bytes than it may have, what is near is up to date, and when all stand
// still it sees everything as it is.
func TestViewKeepsToItsCredit(t *testing.T) {
	s := &stage{budget: 550}
	r := base.NewRand(1, 2)
	for i := range 1000 {
		s.add(i, (float32(r.Float64())-0.5)*200, (float32(r.Float64())-0.5)*200)
	}
	v := newViewer(spatial.Pos{}, base.Key{1})
	a := &audience{t: t, known: map[base.ID]wire.Entity{}}
	eye := &wire.View{Radius: 90}
	here := spatial.Vec{}
	step := func(move bool) {
		if move {
			for i := range s.seen {
				m := &s.seen[i].Motion
				m.Pos = m.Pos.Add(spatial.Vec{X: float32(r.Float64()) - 0.5, Z: float32(r.Float64()) - 0.5})
			}
		}
		a.take(v.step(s.frame(500), eye))
	}
	step(true)
	if len(a.known) < 500 {
		t.Fatalf("at first it sees %d", len(a.known))
	}
	for range 40 {
		step(true)
	}
	a.bytes = 0
	for range 200 {
		step(true)
	}
	if most := 220 * 550; a.bytes > most || a.bytes < most/2 {
		t.Errorf("%d bytes in 200 ticks, at most %d", a.bytes, most)
	}
	if n := a.differs(s, here, 5); n > 1 {
		t.Errorf("%d things within 5 m are not up to date", n)
	}
	// It walks on, somebody goes, somebody comes; then nothing moves any more.
	here = spatial.Vec{X: 30}
	eye = &wire.View{Pos: spatial.At(30, 0, 0), Radius: 60}
	s.seen = slices.Delete(s.seen, 100, 400)
	for i := range 50 {
		s.add(2000+i, float32(i), 0)
	}
	for range 600 {
		step(false)
	}
	if n := a.differs(s, here, 60); n != 0 {
		t.Errorf("%d things are not shown as they are after all stood still", n)
	}
	for id, e := range a.known {
		if d := spatial.Vec(spatial.Vec{X: float32(e.Pose.Off[0]) / 1024, Z: float32(e.Pose.Off[2]) / 1024}).Sub(here).Len(); d > 60*1.125+2.1 {
			t.Errorf("%v is %.1f m away and still there", id, d)
		}
	}
}

// TestViewOfFew: where there are few things and clients everything that moves is
// told of in every tick.
func TestViewOfFew(t *testing.T) {
	s := &stage{budget: mostView / region.TickRate}
	for i := range 60 {
		s.add(i, float32(i), float32(i%7))
	}
	v := newViewer(spatial.Pos{}, base.Key{1})
	a := &audience{t: t, known: map[base.ID]wire.Entity{}}
	for i := range 100 {
		for k := range s.seen {
			s.seen[k].Motion.Pos.Z += 0.1
		}
		a.take(v.step(s.frame(2), &wire.View{Radius: 100}))
		if n := a.differs(s, spatial.Vec{}, 100); n != 0 {
			t.Fatalf("tick %d: %d things are not up to date", i, n)
		}
	}
}

// TestSeatsAreUsedAgain: who leaves is gone for every client before somebody else
// sits there.
func TestSeatsAreUsedAgain(t *testing.T) {
	s := &stage{budget: 1000}
	for i := range 10 {
		s.add(i, float32(i), 0)
	}
	v := newViewer(spatial.Pos{}, base.Key{1})
	a := &audience{t: t, known: map[base.ID]wire.Entity{}}
	for i := range 5 * seatTicks {
		if i%50 == 0 {
			s.seen = slices.Delete(s.seen, i/50%10, i/50%10+1)
			s.add(100+i, 1, 1)
		}
		f := s.frame(500)
		if i%150 == 0 { // it was stuck for a while
			a.take(v.step(f, &wire.View{Radius: 50}))
		}
	}
	for range 40 {
		a.take(v.step(s.frame(500), &wire.View{Radius: 50}))
	}
	if n := a.differs(s, spatial.Vec{}, 50); n != 0 || len(a.known) != 10 {
		t.Errorf("%d differ, %d known", n, len(a.known))
	}
	if n := len(s.seats.list); n > 10+seatTicks/50+3 {
		t.Errorf("%d seats for 10 things", n)
	}
}

package server

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// frame is what one tick left to see. It is never changed: every client reads
// the same one at its own pace.
type frame struct {
	tick    base.Tick
	hash    region.Hash
	items   []*item   // what can be seen, by seat; nil: nobody sits there
	keys    []seatKey // of items
	order   []int32   // seats by id of who sits there
	cells   cells
	owned   int
	players int
	ghosts  int
	limbo   int
	rules   region.Rules
	origins []region.Origin
	trust   agree.Trust
	guilty  []region.Conviction
	barred  []base.Key
	budget  float64 // bytes of views for a client in a tick
	clients int
}

// item is a thing as clients see it. It is made anew when it changes, and shared
// by the frames between.
type item struct {
	x      region.Seen
	serial uint32 // of the thing's stay: another in the same seat has another
	moved  uint32 // tick of the last other pose
	shown  uint32 // tick of the last other looks
	gone   bool   // it is not there any more
	rests  bool
	size   int32 // bytes of its entity, about
	e      wire.Entity
}

// seatKey is what most looks at an item need, beside those of its neighbours.
type seatKey struct {
	serial, moved, shown uint32   // serial 0: nobody
	off                  [3]int32 // from the site, units
	gone                 bool
}

// seats gives every thing that can be seen a small number for as long as it can,
// so that a client's view is an array. The sim's goroutine owns it.
type seats struct {
	list   []*item
	of     map[base.ID]int32 // of those who left too, until others sit there
	left   []vacant          // in the order they left
	serial uint32
	seen   []region.Seen // of the last frame; its memory is used again
	here   []bool
}

// vacant is a seat that nobody sits in since.
type vacant struct {
	seat  int32
	since base.Tick
}

// look makes the frame of the last tick, on the sim's goroutine.
func (s *Server) look() *frame {
	f := &frame{tick: s.sim.Tick(), hash: s.hash, owned: s.sim.Things(), players: len(s.sim.Players()), ghosts: s.sim.Ghosts(), limbo: s.sim.Limbo(), rules: s.sim.Rules(), origins: s.sim.Origins(),
		trust: s.sim.Trust(), guilty: s.sim.Convictions(), barred: s.sim.Barred()}
	seen := s.seats.seen[:0]
	s.sim.Each(func(x region.Seen) bool { seen = append(seen, x); return true })
	n := len(seen)
	s.sim.EachLeaving(func(x region.Seen) bool { seen = append(seen, x); return true })
	if len(seen) > n { // To is set for these
		slices.SortFunc(seen, func(a, b region.Seen) int { return a.Thing.ID.Compare(b.Thing.ID) })
	}
	s.seats.seen = seen
	s.seats.seat(f, seen)
	f.arrange(s.seats.list)
	s.mu.Lock()
	f.clients = len(s.clients)
	s.mu.Unlock()
	f.budget = min(max(viewBytes/float64(max(f.clients, 1)), leastView), mostView) / region.TickRate
	return f
}

// arrange lays out the seats for those who look.
func (f *frame) arrange(list []*item) {
	f.items = slices.Clone(list)
	f.keys = make([]seatKey, len(f.items))
	for i, it := range f.items {
		if it != nil {
			f.keys[i] = seatKey{it.serial, it.moved, it.shown, it.e.Pose.Off, it.gone}
		}
	}
	f.cells.fill(f.items)
}

// seat brings the seats up to what a frame has seen.
func (s *seats) seat(f *frame, seen []region.Seen) {
	if s.of == nil {
		s.of = map[base.ID]int32{}
	}
	now := uint32(f.tick)
	s.here = slices.Grow(s.here[:0], len(s.list)+len(seen))[:len(s.list)+len(seen)]
	here := s.here
	clear(here)
	f.order = make([]int32, len(seen))
	for i := range seen {
		x := &seen[i]
		at, ok := s.of[x.Thing.ID]
		if !ok {
			at = s.take(f.tick)
			s.of[x.Thing.ID] = at
			s.serial++
			it := &item{x: *x, serial: s.serial, moved: now, shown: now}
			it.set(entityOf(x))
			s.list[at] = it
		} else if old := s.list[at]; old.x != *x || old.gone {
			it := *old
			it.x = *x
			if old.gone { // it is back: in another seat a client could hear of its going last
				it.gone, it.moved, it.shown = false, now, now
				s.left = slices.DeleteFunc(s.left, func(v vacant) bool { return v.seat == at })
			}
			if old.x.Motion != x.Motion || old.x.Thing != x.Thing {
				e := old.e
				e.Pose = wire.MakePose(x.Thing.ID, x.Motion.Pos, x.Motion.Rot, x.Motion.Vel)
				if e.Pose != old.e.Pose {
					it.moved = now
				}
				if old.x.Thing != x.Thing {
					if e = entityOf(x); !e.SameLooks(&old.e) {
						it.shown = now
					}
				}
				it.set(e)
			}
			s.list[at] = &it
		}
		here[at], f.order[i] = true, at
	}
	for at, old := range s.list {
		if old != nil && !old.gone && !here[at] {
			it := *old
			it.gone = true
			s.list[at] = &it
			s.left = append(s.left, vacant{int32(at), f.tick})
		}
	}
}

func (it *item) set(e wire.Entity) {
	it.e = e
	it.rests = e.Pose.Vel == [3]int16{}
	it.size = int32(entityBytes + len(e.Kind) + len(e.Name) + len(e.Script))
}

// take is a seat that no client remembers anybody in.
func (s *seats) take(now base.Tick) int32 {
	if len(s.left) > 0 && now > s.left[0].since+seatTicks {
		at := s.left[0].seat
		s.left = s.left[1:]
		delete(s.of, s.list[at].x.Thing.ID)
		return at
	}
	s.list = append(s.list, nil)
	return int32(len(s.list) - 1)
}

// find is a thing, or nil.
func (f *frame) find(id base.ID) *region.Seen {
	i, ok := slices.BinarySearchFunc(f.order, id, func(at int32, id base.ID) int { return f.items[at].x.Thing.ID.Compare(id) })
	if !ok {
		return nil
	}
	return &f.items[f.order[i]].x
}

func entityOf(x *region.Seen) wire.Entity {
	t := x.Thing
	return wire.Entity{Pose: wire.MakePose(t.ID, x.Motion.Pos, x.Motion.Rot, x.Motion.Vel), Epoch: t.Epoch, Kind: t.Kind, Name: t.Name,
		Owner: t.Owner, Player: t.Player, Shape: t.Shape, Size: t.Size, Color: t.Tint(), Fixed: t.Fixed || t.Hollow, Script: t.Script()}
}

// cells are the seats by where their things are: squares of the ground, many to
// a bucket.
type cells struct {
	start [cellBuckets + 1]int32
	seats []int32
}

const (
	cellSide    = 16.0 // metres
	cellBuckets = 1024
)

func cellOf(v spatial.Vec) (x, z int32) {
	at := func(v float32) int32 { return int32(min(max(v, -1e6), 1e6)+1e6) / cellSide }
	return at(v.X), at(v.Z)
}

func bucket(x, z int32) int { return int(uint32(x*73856093^z*19349663) % cellBuckets) }

// fill sorts the seats into the buckets by counting.
func (c *cells) fill(items []*item) {
	in := make([]int16, len(items))
	n := int32(0)
	for i, it := range items {
		in[i] = -1
		if it != nil && !it.gone {
			in[i] = int16(bucket(cellOf(it.x.Motion.Pos)))
			c.start[in[i]+1]++
			n++
		}
	}
	for i := range cellBuckets {
		c.start[i+1] += c.start[i]
	}
	next := c.start
	c.seats = make([]int32, n)
	for i, b := range in {
		if b >= 0 {
			c.seats[next[b]] = int32(i)
			next[b]++
		}
	}
}

// near calls f with the seats of every cell that may be within r metres of at,
// perhaps with others, and perhaps twice.
func (c *cells) near(at spatial.Vec, r float32, f func(seat int32)) {
	x0, z0 := cellOf(spatial.Vec{X: at.X - r, Z: at.Z - r})
	x1, z1 := cellOf(spatial.Vec{X: at.X + r, Z: at.Z + r})
	for x := x0; x <= x1; x++ {
		for z := z0; z <= z1; z++ {
			b := bucket(x, z)
			for _, i := range c.seats[c.start[b]:c.start[b+1]] {
				f(i)
			}
		}
	}
}

package campaign

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/handoff"
)

const (
	maxIsland = 6
	wheel     = 128 // ticks ahead for which letters can be under way

	moveChance   = 0.03  // of a group to want to go, in a tick
	secondChance = 0.01  // of a group on offer to want to go elsewhere
	backChance   = 0.005 // of a group on offer to have come back
	mergeChance  = 0.01  // of an object to join an island here
	goChance     = 0.2   // of a group that is ready early to cross
	getChance    = 0.3   // that what was asked for of a neighbour arrives
	shapes       = 16    // different ones that objects may need
	splitChance  = 0.005 // of an object to leave its island
	lateSync     = 0.1   // that the log of a tick is on disk a tick later
	lateCrash    = 0.2   // that a crash comes after the log is on disk, and before messages leave
)

// world is all regions and what is on the way between them.
type world struct {
	o       Options
	rng     *base.Rand
	now     base.Tick
	servers []*server
	index   map[base.ID]int // of a region
	mail    [wheel][]letter
	faults  bool
	bad     int
	islands uint64
	res     Result
	begun   map[key]base.Tick // first offer
	gone    map[key]base.Tick // release
	lat     [4096]int
	gap     [4096]int
}

// key names a transfer: a group is one object's way at one epoch.
type key struct {
	id    base.ID
	epoch uint64
	to    int
}

func regionID(n int) (id base.ID) { binary.BigEndian.PutUint32(id[12:], uint32(n)+1); return id }
func objectID(n int) (id base.ID) { binary.BigEndian.PutUint32(id[:], uint32(n)+1); return id }
func objectOf(id base.ID) int     { return int(binary.BigEndian.Uint32(id[:])) - 1 }

func newWorld(o Options) (*world, error) {
	w := &world{o: o, rng: base.NewRand(o.Seed, 0x0ff), index: map[base.ID]int{}, faults: true,
		begun: map[key]base.Tick{}, gone: map[key]base.Tick{}}
	n := o.Regions * o.Regions
	for i := range n {
		// A little too small for what may gather in it, so that some offers
		// are refused.
		s := &server{w: w, n: i, id: regionID(i), bodies: map[base.ID]body{}, shapes: map[uint64]bool{},
			cfg: handoff.Config{Self: regionID(i), Capacity: 16 + 3*o.Objects/(2*n)}}
		s.cfg.Needs, s.cfg.Has = w.needs, s.has
		core, err := handoff.New(s.cfg)
		if err != nil {
			return nil, fmt.Errorf("campaign: %w", err)
		}
		s.core = core
		w.servers = append(w.servers, s)
		w.index[s.id] = i
	}
	for i := range o.Objects {
		s := w.servers[i%n]
		if err := s.core.Own(objectID(i), 1); err != nil {
			return nil, fmt.Errorf("campaign: %w", err)
		}
		s.bodies[objectID(i)] = body{Hops: 1, Island: uint64(i + 1)}
	}
	w.islands = uint64(o.Objects)
	for _, s := range w.servers {
		s.base = s.snapshot()
	}
	return w, nil
}

func (w *world) chance(p float64) bool { return w.faults && w.rng.Float64() < p }

// neighbour is one of the eight around a region; the square is closed.
func (w *world) neighbour(n int) int {
	side := w.o.Regions
	for {
		x, y := n%side+w.rng.IntN(3)-1, n/side+w.rng.IntN(3)-1
		if m := (x+side)%side + (y+side)%side*side; m != n {
			return m
		}
	}
}

// tick lets every region make one tick.
func (w *world) tick() error {
	w.now++
	w.res.Ticks++
	due := &w.mail[w.now%wheel]
	for _, l := range *due {
		if s := w.servers[l.to]; s.away <= w.now {
			s.inbox = append(s.inbox, l)
		}
	}
	*due = (*due)[:0]
	for _, s := range w.servers {
		if s.away > w.now {
			continue
		}
		if err := w.work(s); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) work(s *server) error {
	for _, l := range s.inbox {
		d := base.NewDecoder(l.bytes)
		m := handoff.ReadMsg(d)
		if err := d.Done(); err != nil {
			return fmt.Errorf("campaign: a message of region %d: %w", l.from, err)
		}
		s.feed(entry{kind: logMsg, from: w.servers[l.from].id, msg: m})
	}
	s.inbox = s.inbox[:0]
	if w.faults {
		w.wander(s)
	}
	w.follow(s)
	s.feed(entry{kind: logTick})
	if w.chance(w.o.Crash) {
		w.res.Crashes++
		if w.chance(lateCrash) {
			s.durable = len(s.log)
		}
		s.away = w.now + base.Tick(2+w.rng.IntN(30))
		if w.chance(0.1) {
			s.away += base.Tick(100 + w.rng.IntN(150))
		}
		return s.crash()
	}
	if !w.chance(lateSync) {
		s.sync()
	}
	return nil
}

// wander decides what the objects of a region do in this tick.
func (w *world) wander(s *server) {
	list := s.core.Owned()
	for _, r := range list {
		p := w.rng.Float64()
		if _, open := s.core.Offered(r.ID); open {
			switch {
			case p < secondChance:
				s.feed(entry{kind: logBegin, id: r.ID, from: regionID(w.neighbour(s.n))})
			case p < secondChance+backChance:
				s.feed(entry{kind: logCancel, id: r.ID})
			}
		} else if p < moveChance {
			s.feed(entry{kind: logBegin, id: r.ID, from: regionID(w.neighbour(s.n))})
		}
		switch p := w.rng.Float64(); {
		case p < mergeChance:
			s.feed(entry{kind: logMerge, id: r.ID, other: list[w.rng.IntN(len(list))].ID})
		case p < mergeChance+splitChance:
			w.islands++
			s.feed(entry{kind: logSplit, id: r.ID, island: w.islands})
		}
	}
}

// envelope writes a message down and notes when an offer is first made.
func (w *world) envelope(s *server, e *handoff.Effect) letter {
	var b base.Encoder
	e.Msg.AppendTo(&b)
	to := w.index[e.Peer]
	if e.Msg.Kind == handoff.Prepared {
		var ids []base.ID
		for _, r := range e.Msg.Items {
			ids = append(ids, r.ID)
		}
		if !s.has(w.needs(ids)) {
			w.res.Damaged++
		}
	}
	if e.Msg.Kind == handoff.Offer {
		k := key{e.Msg.Items[0].ID, e.Msg.Items[0].Epoch, to}
		if _, ok := w.begun[k]; !ok {
			w.begun[k] = w.now
		}
	}
	return letter{from: s.n, to: to, bytes: b.B}
}

// post sends a letter that may leave.
func (w *world) post(l letter) {
	w.res.Messages++
	w.res.Bytes += int64(len(l.bytes))
	copies := 1
	if w.chance(w.o.Loss) {
		w.res.LostMessages++
		copies = 0
	} else if w.chance(w.o.Double) {
		w.res.DoubledMessages++
		copies = 2
	}
	for range copies {
		d := w.o.DelayMin + float64(w.rng.Float64()*(w.o.DelayMax-w.o.DelayMin))
		l.at = w.now + max(1, base.Tick(math.Ceil(d))) //lint:clamped by DelayMax
		w.mail[l.at%wheel] = append(w.mail[l.at%wheel], l)
	}
}

func (w *world) released(peer base.ID, items []handoff.Ref) {
	w.gone[key{items[0].ID, items[0].Epoch, w.index[peer]}] = w.now
}

// early says of a group, for ever, whether it is offered before it crosses.
func (w *world) early(items []handoff.Ref) bool {
	return share(items[0].ID, items[0].Epoch) < w.o.Early
}

// needs is what the objects of a group need.
func (w *world) needs(ids []base.ID) (list []uint64) {
	for _, id := range ids {
		if share(id, 0) < w.o.Shapes {
			list = append(list, uint64(objectOf(id)%shapes+1))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// share is a number from 0 to 1 that belongs to an object at an epoch.
func share(id base.ID, epoch uint64) float64 {
	x := (uint64(objectOf(id))<<32 ^ epoch + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>29) * 0xbf58476d1ce4e5b9
	return float64(float64(x>>40) / (1 << 24))
}

// follow lets cross what is ready early, and arrive what was asked for.
func (w *world) follow(s *server) {
	for _, g := range s.core.Waiting() {
		if !w.faults || w.rng.Float64() < goChance {
			s.feed(entry{kind: logGo, id: g.Items[0].ID})
		}
	}
	for i := range w.servers {
		for _, n := range s.core.Lacks(regionID(i)) {
			if !s.shapes[n] && (!w.faults || w.rng.Float64() < getChance) {
				s.feed(entry{kind: logGet, island: n})
			}
		}
	}
}

// arrived measures a transfer when the new owner has it for the first time. A
// crash may undo that and have it happen again: it counts once.
func (w *world) arrived(s *server, e *handoff.Effect) {
	k := key{e.Items[0].ID, e.Items[0].Epoch - 1, s.n}
	begun, ok := w.begun[k]
	if !ok {
		return
	}
	w.res.Handoffs++
	w.res.Objects += len(e.Items)
	w.lat[min(int(w.now-begun), len(w.lat)-1)]++
	w.gap[min(int(w.now-w.gone[k]), len(w.gap)-1)]++
	delete(w.begun, k)
	delete(w.gone, k)
}

// settle stops all faults and goes on until nothing is open.
func (w *world) settle(ctx context.Context) error {
	w.faults = false
	for _, s := range w.servers {
		s.away = min(s.away, w.now)
	}
	for range 4000 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.tick(); err != nil {
			return err
		}
		w.res.Settled++
		w.census()
		if !slices.ContainsFunc(w.servers, func(s *server) bool { _, busy := s.core.Next(); return busy }) {
			w.final()
			return nil
		}
	}
	return fmt.Errorf("campaign: seed %d does not settle", w.o.Seed)
}

func (w *world) result() Result {
	r := w.res
	r.P50, r.P99, r.Max = quantile(w.lat[:], 0.5), quantile(w.lat[:], 0.99), quantile(w.lat[:], 1)
	r.GapP50, r.GapP99, r.GapMax = quantile(w.gap[:], 0.5), quantile(w.gap[:], 0.99), quantile(w.gap[:], 1)
	return r
}

// quantile of a histogram.
func quantile(h []int, q float64) int {
	sum := 0
	for _, n := range h {
		sum += n
	}
	want := int(math.Ceil(float64(q * float64(sum)))) //lint:clamped by sum
	for i, n := range h {
		if want -= n; want <= 0 {
			return i
		}
	}
	return len(h) - 1
}

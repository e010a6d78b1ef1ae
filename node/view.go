package node

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// handoverGrace is how long a thing that was handed to another region
	// stays on screen until that region shows it.
	handoverGrace = 3 * time.Second
	// chatKept and noticesKept bound what a client that connects, or lags, is
	// told of the past.
	chatKept    = 64
	noticesKept = 32
	goneKept    = 4096
	// maxShown bounds what one region may put on this screen: all that a
	// region can own, and what it is handing over.
	maxShown = region.MaxThings + 512
)

// shown is a thing as some region told it.
type shown struct {
	e       wire.Entity
	region  base.ID
	site    spatial.Pos
	looks   uint64    // revision at which it appeared or changed its looks
	pose    uint64    // revision at which it moved
	leaving time.Time // not zero: it was handed over, drop it then
}

func (s *shown) pos() spatial.Pos { return s.e.Pose.Pos(s.site) }

type revised[T any] struct {
	rev uint64
	v   T
}

// view is what this node sees: the union of what the regions near its avatar
// tell. Every change has a revision, so that each watcher can be sent what it
// does not have yet.
type view struct {
	hides   func(*wire.Entity) bool // what is not to be shown; nil: nothing
	mu      sync.Mutex
	rev     uint64
	things  map[base.ID]*shown
	count   map[base.ID]int // things by region
	gone    []revised[base.ID]
	chat    []revised[control.ChatLine]
	notices []revised[string]
	regions uint64 // revision of the list of regions
	in      base.ID
	inRev   uint64
}

func newView() *view { return &view{things: map[base.ID]*shown{}, count: map[base.ID]int{}} }

func keep[T any](list []revised[T], rev uint64, v T, most int) []revised[T] {
	list = append(list, revised[T]{rev, v})
	if len(list) > most {
		list = slices.Delete(list, 0, len(list)-most)
	}
	return list
}

// apply merges a region's delta.
func (v *view) apply(from base.ID, site spatial.Pos, d *wire.Delta, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	if d.Full {
		told := map[base.ID]bool{}
		for i := range d.Upserts {
			told[d.Upserts[i].Pose.ID] = true
		}
		v.dropWhere(func(s *shown) bool { return s.region == from && !told[s.e.Pose.ID] })
	}
	for i := range d.Upserts {
		if v.hides == nil || !v.hides(&d.Upserts[i]) {
			v.upsert(from, site, &d.Upserts[i])
		}
	}
	for _, p := range d.Poses {
		if s := v.things[p.ID]; s != nil && s.region == from {
			s.e.Pose, s.pose = p, v.rev
		}
	}
	for _, g := range d.Gone {
		s := v.things[g.ID]
		switch {
		case s == nil || s.region != from:
		case g.To.IsZero():
			v.drop(g.ID)
		default:
			s.leaving = now.Add(handoverGrace)
		}
	}
}

// upsert takes the word of the region with the highest epoch: after a
// hand-off the old owner's last words may come later than the new one's.
func (v *view) upsert(from base.ID, site spatial.Pos, e *wire.Entity) {
	s := v.things[e.Pose.ID]
	if s != nil && s.region != from && e.Epoch <= s.e.Epoch {
		return
	}
	if s == nil || s.region != from {
		if v.count[from] >= maxShown {
			return
		}
		v.count[from]++
	}
	if s == nil {
		s = &shown{}
		v.things[e.Pose.ID] = s
	} else if s.region != from {
		v.uncount(s.region)
	}
	if s.region != from || !s.e.SameLooks(e) {
		s.looks = v.rev
	}
	s.e, s.region, s.site, s.pose, s.leaving = *e, from, site, v.rev, time.Time{}
}

func (v *view) drop(id base.ID) {
	if s := v.things[id]; s != nil {
		v.uncount(s.region)
	}
	delete(v.things, id)
	v.gone = keep(v.gone, v.rev, id, goneKept)
}

func (v *view) uncount(region base.ID) {
	if v.count[region]--; v.count[region] <= 0 {
		delete(v.count, region)
	}
}

func (v *view) dropWhere(f func(*shown) bool) {
	for id, s := range v.things { //lint:sorted each is dropped on its own
		if f(s) {
			v.drop(id)
		}
	}
}

// lost forgets what a region told that no longer answers.
func (v *view) lost(from base.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.dropWhere(func(s *shown) bool { return s.region == from })
}

// sweep drops what was handed over and never shown by its new region.
func (v *view) sweep(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.dropWhere(func(s *shown) bool { return !s.leaving.IsZero() && now.After(s.leaving) })
}

func (v *view) said(l control.ChatLine) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.chat = keep(v.chat, v.rev, l, chatKept)
}

func (v *view) notice(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.notices = keep(v.notices, v.rev, text, noticesKept)
}

func (v *view) setIn(id base.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.in != id {
		v.rev++
		v.in, v.inRev = id, v.rev
	}
}

func (v *view) regionsChanged() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.regions = v.rev
}

// get gives a copy of a thing.
func (v *view) get(id base.ID) (shown, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.things[id]
	if s == nil {
		return shown{}, false
	}
	return *s, true
}

// near lists copies of the things around p, nearest first, ties by id.
func (v *view) near(p spatial.Pos, max int, but base.ID) []shown {
	v.mu.Lock()
	out := make([]shown, 0, len(v.things))
	for id, s := range v.things { //lint:sorted below
		if id != but {
			out = append(out, *s)
		}
	}
	v.mu.Unlock()
	slices.SortFunc(out, func(a, b shown) int {
		da, db := a.pos().Dist2(p), b.pos().Dist2(p)
		switch {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return a.e.Pose.ID.Compare(b.e.Pose.ID)
	})
	return out[:min(len(out), max)]
}

// frame collects what changed since a watcher's revision.
func (v *view) frame(since uint64, me base.ID) (f control.Frame, rev uint64, regions, in bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f.Full = since == 0
	for _, s := range v.things { //lint:sorted clients key things by id
		switch {
		case s.looks > since:
			f.Upsert = append(f.Upsert, entityOf(s, me))
		case s.pose > since:
			f.Poses = append(f.Poses, poseOf(s))
		}
	}
	if !f.Full {
		for _, g := range v.gone {
			if g.rev > since && v.things[g.v] == nil {
				f.Gone = append(f.Gone, g.v.String())
			}
		}
		for _, n := range v.notices {
			if n.rev > since {
				f.Notice = append(f.Notice, n.v)
			}
		}
	}
	for _, c := range v.chat {
		if c.rev > since {
			f.Chat = append(f.Chat, c.v)
		}
	}
	if v.inRev > since && !v.in.IsZero() {
		f.In = v.in.String()
	}
	// A revision of 0 means "nothing yet".
	return f, max(v.rev, 1), f.Full || v.regions > since, v.inRev > since
}

func entityOf(s *shown, me base.ID) control.Entity {
	e := &s.e
	p := poseOf(s)
	c := control.Entity{
		ID: e.Pose.ID.String(), Kind: e.Kind, Name: e.Name, Region: s.region.String(), Shape: "box",
		Size:  control.Point{X: float64(e.Size.X), Y: float64(e.Size.Y), Z: float64(e.Size.Z)},
		Color: colorText(e.Color), Script: e.Script, Me: e.Pose.ID == me,
		Pos: pointOf(s.pos()), Rot: p.Rot,
		Vel: control.Point{X: p.Vel[0], Y: p.Vel[1], Z: p.Vel[2]},
	}
	if e.Shape == region.Sphere {
		c.Shape = "sphere"
	}
	if owner := e.Owner; !owner.IsZero() {
		c.Owner = owner.String()
	}
	if !e.Player.IsZero() {
		c.Owner = e.Player.String()
	}
	return c
}

func poseOf(s *shown) control.Pose {
	p := &s.e.Pose
	x, y, z := s.pos().Meters()
	q, v := p.Quat(), p.Velocity()
	return control.Pose{
		ID:  p.ID.String(),
		Pos: [3]float64{milli(x), milli(y), milli(z)},
		Rot: [4]float64{milli4(q.X), milli4(q.Y), milli4(q.Z), milli4(q.W)},
		Vel: [3]float64{milli(float64(v.X)), milli(float64(v.Y)), milli(float64(v.Z))},
	}
}

// milli rounds to three decimals, which is what a screen needs and keeps
// frames small as text.
func milli(v float64) float64  { return math.Round(v*1000) / 1000 }
func milli4(v float32) float64 { return math.Round(float64(v)*10000) / 10000 }

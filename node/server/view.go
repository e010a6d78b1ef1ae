package server

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// viewer turns frames into deltas for one client. What it sends in a tick is
// bounded by its credit: of what has changed the nearest come first, and what
// has waited long. What is far is told of less often.
type viewer struct {
	site   spatial.Pos
	key    base.Key // its own avatar is in view wherever it is
	full   bool
	last   base.Tick // last delta sent
	seen   base.Tick // last frame looked at
	told   []told    // by seat
	mark   uint32    // of the last step: a seat is looked at once
	credit float64   // bytes
	first  float64   // bytes, for what it has not seen yet

	// The rest lives within one step.
	wants []want
	cost  float64
	lost  bool // who sat in a seat that it knows is not known any more
	d     wire.Delta
	buf   []byte
	ends  []int
	out   [][]byte
}

// told is what the client knows of a seat.
type told struct {
	serial uint32 // 0: nothing
	moved  uint32 // ticks of what it was told
	shown  uint32
	sent   uint32 // tick
	mark   uint32
}

// want is something that the client could be told.
type want struct {
	seat  int32
	score float32
	size  int32 // bytes
	whole bool  // looks too
}

func newViewer(site spatial.Pos, key base.Key) *viewer {
	return &viewer{site: site, key: key, first: firstView}
}

// reach2 is the squared radius in units; a thing that is in view stays until
// it is an eighth and 2 m further away, so that it does not flicker at the edge.
func reach2(radius uint16, inView bool) uint64 {
	r := uint64(radius) * spatial.Unit
	if inView {
		r += r/8 + 2*spatial.Unit
	}
	return r * r
}

// step gives the frames to send so that the client sees f from where it is.
func (v *viewer) step(f *frame, eye *wire.View) [][]byte {
	v.credit = min(v.credit+f.budget*float64(max(1, min(f.tick-v.seen, beatTicks))), 20*f.budget)
	v.seen = f.tick
	for len(v.told) < len(f.items) {
		v.told = append(v.told, make([]told, len(f.items)-len(v.told)+64)...)
	}
	v.mark++
	v.wants, v.cost = v.wants[:0], 0
	// In a crowd what is far is looked at in every fourth tick only; which, is
	// another for each client.
	crowded := len(f.items)*f.clients > crowdedViews
	if !v.full || !crowded || (uint64(f.tick)+uint64(v.key[0]))%farEvery == 0 {
		for i := range f.keys {
			v.consider(f, eye, int32(i), crowded)
		}
	} else {
		f.cells.near(eye.Pos.Sub(v.site), nearView, func(i int32) { v.consider(f, eye, i, crowded) })
	}
	if v.lost { // cannot be: a seat stays empty for longer than a client may be stuck
		*v = viewer{site: v.site, key: v.key, credit: v.credit, first: v.first}
		return v.step(f, eye)
	}
	v.choose(f)
	d := &v.d
	if v.full && len(d.Upserts)+len(d.Poses)+len(d.Gone) == 0 && f.tick < v.last+beatTicks {
		return nil
	}
	slices.SortFunc(d.Gone, func(a, b wire.Gone) int { return a.ID.Compare(b.ID) })
	out := v.split(d, f.tick)
	v.credit -= float64(deltaBytes*len(out) + 32*len(d.Gone))
	v.full, v.last = true, f.tick
	d.Upserts, d.Poses, d.Gone = d.Upserts[:0], d.Poses[:0], d.Gone[:0]
	return out
}

// consider looks at one seat: whether the client must be told that who sat there
// is gone, and what else it could be told.
func (v *viewer) consider(f *frame, eye *wire.View, i int32, crowded bool) {
	t, it := &v.told[i], &f.keys[i]
	if t.mark == v.mark || it.serial == 0 {
		return
	}
	t.mark = v.mark
	known := t.serial == it.serial
	if !known && t.serial != 0 {
		v.lost = true // who sat there left long ago
		return
	}
	d2 := v.site.Dist2(spatial.Pos{X: eye.Pos.X - int64(it.off[0]), Y: eye.Pos.Y - int64(it.off[1]), Z: eye.Pos.Z - int64(it.off[2])})
	own := false
	if it.gone || d2 > reach2(eye.Radius, known) {
		x := &f.items[i].x
		if own = !it.gone && x.Thing.Player == v.key; !own {
			if known {
				v.d.Gone = append(v.d.Gone, wire.Gone{ID: x.Thing.ID, To: x.To})
				*t = told{mark: v.mark}
			}
			return
		}
	}
	if known && t.moved == it.moved && t.shown == it.shown {
		return
	}
	own = own || f.items[i].x.Thing.Player == v.key
	w := want{seat: i, size: poseBytes}
	m2 := float32(d2) / (spatial.Unit * spatial.Unit)
	age := float32(uint32(f.tick) - t.sent)
	every := interval(m2)
	switch {
	case own:
		w.whole, w.score = !known || t.shown != it.shown, 1e9
	case !known:
		w.whole, w.score = true, 4+40/(1+m2/64)
	case t.shown != it.shown:
		w.whole, w.score = true, 1+2*age/every
	default:
		if f.items[i].rests {
			every /= 2 // what has stopped is shown where it stopped
		}
		if crowded && age < every {
			return
		}
		w.score = age / every
	}
	if w.whole {
		w.size = f.items[i].size
	}
	v.wants = append(v.wants, w)
	v.cost += float64(w.size)
}

// interval is the ticks between two words about what moves so far away, by the
// square of metres.
func interval(m2 float32) float32 {
	switch {
	case m2 < 10*10:
		return 1
	case m2 < 20*20:
		return 2
	case m2 < 40*40:
		return 4
	case m2 < 80*80:
		return 10
	}
	return 20
}

// choose takes of what could be told what there is credit for.
func (v *viewer) choose(f *frame) {
	if v.cost > v.credit+v.first {
		slices.SortFunc(v.wants, func(a, b want) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.seat, b.seat))
		})
	}
	for _, w := range v.wants {
		it, t := f.items[w.seat], &v.told[w.seat]
		pot := &v.credit
		if t.serial == 0 && v.first >= float64(w.size) { // a rest too small for anything is none
			pot = &v.first
		}
		if *pot < float64(w.size) {
			continue
		}
		*pot -= float64(w.size)
		if w.whole {
			v.d.Upserts = append(v.d.Upserts, it.e)
		} else {
			v.d.Poses = append(v.d.Poses, it.e.Pose)
		}
		t.serial, t.moved, t.shown, t.sent = it.serial, it.moved, it.shown, uint32(f.tick)
	}
}

// split keeps every message within the bounds of its lists. What it gives is good
// until the next step.
func (v *viewer) split(d *wire.Delta, tick base.Tick) (out [][]byte) {
	upserts, poses, gone := d.Upserts, d.Poses, d.Gone
	v.buf, v.ends = v.buf[:0], v.ends[:0]
	for first := true; first || len(upserts)+len(poses)+len(gone) > 0; first = false {
		part := wire.Delta{Tick: tick, Full: first && !v.full}
		part.Gone, gone = cut(gone, wire.MaxGone)
		part.Upserts, upserts = cut(upserts, wire.MaxUpserts)
		part.Poses, poses = cut(poses, wire.MaxPoses)
		v.buf = wire.Append(v.buf, &part)
		v.ends = append(v.ends, len(v.buf))
	}
	from := 0
	v.out = v.out[:0]
	for _, end := range v.ends {
		v.out = append(v.out, v.buf[from:end:end])
		from = end
	}
	if cap(v.buf) > 4*wire.MaxServerFrame {
		v.buf = nil // the first view is large
	}
	return v.out
}

func cut[T any](list []T, n int) (head, tail []T) {
	n = min(n, len(list))
	return list[:n], list[n:]
}

package server

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// frame is what one tick left to see. It is never changed: every client reads
// the same one at its own pace.
type frame struct {
	tick    base.Tick
	hash    region.Hash
	seen    []region.Seen // sorted by id; To is set for what is leaving
	owned   int
	players int
	ghosts  int
	limbo   int
	rules   region.Rules
}

// look makes the frame of the last tick, on the sim's goroutine.
func (s *Server) look() *frame {
	f := &frame{tick: s.sim.Tick(), hash: s.hash, owned: s.sim.Things(), players: len(s.sim.Players()), ghosts: s.sim.Ghosts(), limbo: s.sim.Limbo(), rules: s.sim.Rules()}
	f.seen = make([]region.Seen, 0, f.owned+4)
	s.sim.Each(func(x region.Seen) bool { f.seen = append(f.seen, x); return true })
	n := len(f.seen)
	s.sim.EachLeaving(func(x region.Seen) bool { f.seen = append(f.seen, x); return true })
	if len(f.seen) > n {
		slices.SortFunc(f.seen, func(a, b region.Seen) int { return a.Thing.ID.Compare(b.Thing.ID) })
	}
	return f
}

func (f *frame) find(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(f.seen, id, func(x region.Seen, id base.ID) int { return x.Thing.ID.Compare(id) })
}

func entityOf(x *region.Seen) wire.Entity {
	t := x.Thing
	return wire.Entity{Pose: wire.MakePose(t.ID, x.Motion.Pos, x.Motion.Rot, x.Motion.Vel), Epoch: t.Epoch, Kind: t.Kind, Name: t.Name,
		Owner: t.Owner, Player: t.Player, Shape: t.Shape, Size: t.Size, Color: t.Tint(), Fixed: t.Fixed || t.Hollow, Script: t.Script()}
}

// viewer turns frames into deltas for one client.
type viewer struct {
	site  spatial.Pos
	key   base.Key // its own avatar is in view wherever it is
	full  bool
	last  base.Tick // last delta sent
	known map[base.ID]*told
}

// told is what the client knows of a thing.
type told struct {
	thing *region.Thing // while the pointer is the same, so are the looks
	e     wire.Entity
	to    base.ID // it was leaving for there
	tick  base.Tick
}

func newViewer(site spatial.Pos, key base.Key) *viewer {
	return &viewer{site: site, key: key, known: map[base.ID]*told{}}
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
	var d wire.Delta
	for i := range f.seen {
		x := &f.seen[i]
		id := x.Thing.ID
		k := v.known[id]
		if x.Thing.Player != v.key && v.site.Add(x.Motion.Pos).Dist2(eye.Pos) > reach2(eye.Radius, k != nil) {
			continue
		}
		if k == nil {
			k = &told{thing: x.Thing, e: entityOf(x)}
			v.known[id] = k
			d.Upserts = append(d.Upserts, k.e)
		} else if e := entityOf(x); k.thing != x.Thing && !k.e.SameLooks(&e) {
			k.e = e
			d.Upserts = append(d.Upserts, e)
		} else if e.Pose != k.e.Pose {
			k.e.Pose = e.Pose
			d.Poses = append(d.Poses, e.Pose)
		}
		k.thing, k.to, k.tick = x.Thing, x.To, f.tick
	}
	for id, k := range v.known {
		if k.tick != f.tick {
			d.Gone = append(d.Gone, wire.Gone{ID: id, To: k.to})
			delete(v.known, id)
		}
	}
	slices.SortFunc(d.Gone, func(a, b wire.Gone) int { return a.ID.Compare(b.ID) })
	if v.full && len(d.Upserts)+len(d.Poses)+len(d.Gone) == 0 && f.tick < v.last+beatTicks {
		return nil
	}
	out := v.split(&d, f.tick)
	v.full, v.last = true, f.tick
	return out
}

// split keeps every message within the bounds of its lists.
func (v *viewer) split(d *wire.Delta, tick base.Tick) (out [][]byte) {
	for first := true; first || len(d.Upserts)+len(d.Poses)+len(d.Gone) > 0; first = false {
		part := wire.Delta{Tick: tick, Full: first && !v.full}
		part.Gone, d.Gone = cut(d.Gone, wire.MaxGone)
		part.Upserts, d.Upserts = cut(d.Upserts, wire.MaxUpserts)
		part.Poses, d.Poses = cut(d.Poses, wire.MaxPoses)
		out = append(out, wire.Append(nil, &part))
	}
	return out
}

func cut[T any](list []T, n int) (head, tail []T) {
	n = min(n, len(list))
	return list[:n], list[n:]
}

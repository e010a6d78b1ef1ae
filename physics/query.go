package physics

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Query says what a query looks at: bodies and planes as the last step and the
// commands before it left them. Queries change nothing and may be made between
// steps only. What is Out is never found.
type Query struct {
	Filter   Filter // as of a body
	Skip     BodyID // not this body, such as who asks; 0 = none
	Sensors  bool   // sensors too
	NoGround bool   // not the ground, walls and ceiling
}

// Hit is where a ray or a moved shape meets a body, or Ground.
type Hit struct {
	ID     BodyID
	Part   uint64      // child or triangle of it; the plane of Ground
	Share  float32     // of the path, 0 to 1; 0 = they overlap at the start
	Point  spatial.Vec // m
	Normal spatial.Vec // unit, out of the body; may be zero when they overlap
}

// before orders hits along the path; of those at the same place the lower id,
// then the lower part, is first.
func (h *Hit) before(o *Hit) bool {
	if h.Share != o.Share {
		return h.Share < o.Share
	}
	return cmp.Or(cmp.Compare(h.ID, o.ID), cmp.Compare(h.Part, o.Part)) < 0
}

func (q *Query) wants(s *solid) bool {
	return s.ID != q.Skip && (q.Sensors || !s.sensor()) && q.Filter.Meets(s.Filter)
}

// settleTrees brings the trees up to date before the first query after a step.
func (w *World) settleTrees() *near {
	n := &w.near
	if !n.current {
		w.refresh()
		n.current = true
	}
	return n
}

// probe is a shape made ready for a query; not ok for what cannot be one.
// Only convex shapes can, a hull where its geometry is in the world.
func (w *World) probe(s Shape, pos spatial.Vec, rot spatial.Quat) (p solid, ok bool) {
	p.Body = Body{ID: 1, Shape: s, Flags: Static, Pos: w.cfg.Min, Rot: rot}
	if s.Kind >= shape.Heightfield || !queryable(pos) || p.check(&w.cfg) != nil {
		return p, false
	}
	var err error
	if p.form, _, err = w.geometries.form(p.Shape); err != nil {
		return p, false
	}
	p.Pos = pos
	p.derive()
	return p, true
}

// queryable bounds what a query may be given: beyond twice the largest world
// nothing is.
func queryable(v spatial.Vec) bool { return within(det.Vec(v), 2*MaxCoord) }

// Overlap appends the bodies that share a point with s at pos and rot (zero =
// Identity), in id order, at most MaxHits. Sensors count where q wants them;
// the ground is no body.
func (w *World) Overlap(s Shape, pos spatial.Vec, rot spatial.Quat, q Query, out []BodyID) []BodyID {
	p, ok := w.probe(s, pos, rot)
	if !ok {
		return out
	}
	first := len(out)
	n := w.settleTrees()
	box := p.box()
	look := func(i uint32) bool {
		o := &w.solids[i]
		if q.wants(o) && shape.Overlap(&p.form, &p.pose, &o.form, &o.pose) {
			out = append(out, o.ID)
		}
		return true
	}
	n.still.Overlap(&box, look)
	n.moving.Overlap(&box, look)
	slices.Sort(out[first:])
	return out[:min(len(out), first+MaxHits)]
}

// Nearest is the point of a body nearest to a place.
type Nearest struct {
	ID     BodyID
	Part   uint64
	Gap    float32     // m; 0 = the place is inside
	Point  spatial.Vec // on the surface; the place itself when inside
	Normal spatial.Vec // unit, from the body to the place; zero when inside
}

// Nearest finds the body nearest to a place and at most reach metres away; of
// those as near the one of the lowest id. The ground and the walls are Ground.
func (w *World) Nearest(at spatial.Vec, reach float32, q Query) (best Nearest, ok bool) {
	if !queryable(at) || !(reach >= 0 && reach <= 4*MaxCoord) {
		return best, false
	}
	n := w.settleTrees()
	point, pose := shape.Shape{Kind: Sphere}, shape.At(det.Vec(at), det.Identity)
	best.Gap = reach
	if !q.NoGround {
		ok = w.nearestPlane(det.Vec(at), &best)
	}
	look := func(i uint32, limit float32) float32 {
		o := &w.solids[i]
		if !q.wants(o) {
			return limit
		}
		d, near := shape.Distance(&point, &pose, &o.form, &o.pose, best.Gap)
		gap := max(d.Gap, 0)
		if near && (gap < best.Gap || !ok || gap == best.Gap && o.ID < best.ID) {
			best, ok = Nearest{o.ID, d.Part, gap, at, spatial.Vec{}}, true
			if gap > 0 {
				best.Point, best.Normal = at.Add(spatial.Vec(d.OnB)), spatial.Vec(d.Normal.Neg())
			}
		}
		return best.Gap
	}
	n.still.Near(det.Vec(at), best.Gap, look)
	n.moving.Near(det.Vec(at), best.Gap, look)
	if !ok {
		return Nearest{}, false
	}
	return best, true
}

func (w *World) nearestPlane(at det.Vec, best *Nearest) (ok bool) {
	for k := range w.cfg.planes() {
		n, offset := w.cfg.plane(k)
		if gap := n.Dot(at) - offset; gap >= 0 && (gap < best.Gap || !ok && gap == best.Gap) {
			*best = Nearest{Ground, uint64(k), gap, spatial.Vec(at.AddScaled(-gap, n)), spatial.Vec(n)}
			ok = true
		}
	}
	return ok
}

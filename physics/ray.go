package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// ray is a point made ready for a query.
func ray(from spatial.Vec) (p solid, ok bool) {
	p.Pos = from
	p.form, p.pose = shape.Shape{Kind: Sphere}, shape.At(det.Vec(from), det.Identity)
	return p, queryable(from)
}

// Ray is the first thing on the straight path from a place. A ray that starts
// in a body hits it there, without a normal.
func (w *World) Ray(from, path spatial.Vec, q Query) (Hit, bool) {
	p, ok := ray(from)
	return w.first(&p, ok, path, q)
}

// RayAll appends everything on the path, the nearest first, at most MaxHits: of
// each body where the ray first enters it.
func (w *World) RayAll(from, path spatial.Vec, q Query, out []Hit) []Hit {
	p, ok := ray(from)
	return w.all(&p, ok, path, q, out)
}

// RayAny reports whether anything is on the path; it is quicker than Ray.
func (w *World) RayAny(from, path spatial.Vec, q Query) bool {
	p, ok := ray(from)
	any := false
	w.ahead(&p, ok, path, q, func(Hit) float32 {
		any = true
		return -1
	})
	return any
}

// Cast is the first thing that s at pos, turned by rot (zero = Identity), meets
// on its path. It does not turn on the way.
func (w *World) Cast(s Shape, pos spatial.Vec, rot spatial.Quat, path spatial.Vec, q Query) (Hit, bool) {
	p, ok := w.probe(s, pos, rot)
	return w.first(&p, ok, path, q)
}

// CastAll appends everything that s meets on its path as if nothing stopped it,
// the nearest first, at most MaxHits.
func (w *World) CastAll(s Shape, pos spatial.Vec, rot spatial.Quat, path spatial.Vec, q Query, out []Hit) []Hit {
	p, ok := w.probe(s, pos, rot)
	return w.all(&p, ok, path, q, out)
}

func (w *World) first(p *solid, ok bool, path spatial.Vec, q Query) (best Hit, found bool) {
	w.ahead(p, ok, path, q, func(h Hit) float32 {
		if !found || h.before(&best) {
			best, found = h, true
		}
		return best.Share
	})
	return best, found
}

func (w *World) all(p *solid, ok bool, path spatial.Vec, q Query, out []Hit) []Hit {
	first := len(out)
	w.ahead(p, ok, path, q, func(h Hit) float32 {
		out = keepHit(out, first, &h)
		if len(out)-first == MaxHits {
			return out[len(out)-1].Share
		}
		return 1
	})
	return out
}

// keepHit puts h in its place among out[first:], of which MaxHits are kept.
func keepHit(out []Hit, first int, h *Hit) []Hit {
	if len(out)-first < MaxHits {
		out = append(out, *h)
	} else if last := &out[len(out)-1]; h.before(last) {
		*last = *h
	}
	for k := len(out) - 1; k > first && out[k].before(&out[k-1]); k-- {
		out[k], out[k-1] = out[k-1], out[k]
	}
	return out
}

// ahead calls f with what p meets on its path, in no order. f returns the share
// of the path that still counts; less than 0 ends the search.
func (w *World) ahead(p *solid, ok bool, path spatial.Vec, q Query, f func(Hit) float32) {
	if !ok || !queryable(path) {
		return
	}
	d, limit := det.Vec(path), float32(1)
	var h Hit
	if !q.NoGround {
		for k := range w.cfg.planes() {
			if h, ok = w.planeAhead(k, p, d); ok && h.Share <= limit {
				limit = f(h)
			}
		}
	}
	n := w.settleTrees()
	look := func(i uint32, l float32) float32 {
		o := &w.solids[i]
		if limit < 0 || !q.wants(o) {
			return limit
		}
		if h, ok = p.meetsAhead(d, o); ok && h.Share <= limit {
			limit = f(h)
		}
		return limit
	}
	n.still.Cast(p.pos(), d, p.ext, limit, look)
	n.moving.Cast(p.pos(), d, p.ext, limit, look)
}

// planeAhead is where p meets plane k. The planes lie along the axes, so the
// axis-aligned box tells.
func (w *World) planeAhead(k uint8, p *solid, d det.Vec) (h Hit, ok bool) {
	n, offset := w.cfg.plane(k)
	gap := n.Dot(p.pos()) - n.Abs().Dot(p.ext) - offset
	closing := -n.Dot(d)
	switch {
	case gap < 0:
	case closing > 0 && closing >= gap:
		h.Share = gap / closing
	default:
		return h, false
	}
	at := p.pos().AddScaled(h.Share, d)
	h.ID, h.Part, h.Normal = Ground, uint64(k), spatial.Vec(n)
	h.Point = spatial.Vec(at.AddScaled(offset-n.Dot(at), n))
	return h, true
}

// meetsAhead is where p meets o on its path.
func (p *solid) meetsAhead(d det.Vec, o *solid) (Hit, bool) {
	c, ok := shape.Hit{}, false
	if p.ext == (det.Vec{}) {
		c, ok = shape.Ray(&o.form, &o.pose, p.pos(), d)
	} else {
		c, ok = shape.Cast(&p.form, &p.pose, d, &o.form, &o.pose)
	}
	return Hit{o.ID, c.Part, c.Share, spatial.Vec(c.Point), spatial.Vec(c.Normal)}, ok
}

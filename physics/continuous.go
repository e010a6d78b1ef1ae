package physics

import (
	"slices"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/physics/tree"
	"github.com/metatopia/metatopia/spatial/det"
)

// A body of which any point may move more than fast of its inner radius in one
// step could jump through something, and a rod could turn through it. Its path
// is then cut where the whole shape first meets what is in its way, unless
// it would end no deeper in it than graze of its inner radius: the next step
// finds the contact there and solves it.
//
// Of a body in front of what moves as well only the ball inside counts, unless
// one of the two is a Bullet: to cut the path of what hangs on joints and of what
// falls together costs more than it saves.
const (
	fast  = 0.5
	graze = 0.1
)

// castSlop is how near counts as met, m. Of what is nearer at the start the
// solver has a contact, and only the core of a body is still kept from passing
// through it: the shape without the outer tenth, or half, of its inner radius.
const (
	castSlop  = 0.002
	core      = 0.9
	smallCore = 0.5
)

// castRounds bounds the advance of a turning body towards a plane.
const castRounds = 64

// sweep is the path of one body through a step.
type sweep struct {
	s     *solid
	path  shape.Path
	inner float32
}

func (w *World) sweep(i int32) sweep {
	s := &w.solids[i]
	var d, turning det.Vec
	if k := w.slots[i]; k > 0 {
		d, turning = w.rows[k].moved(), w.rows[k].turn()
	}
	return newSweep(s, d, turning)
}

// newSweep takes a path of no numbers for none: see World.expel.
func newSweep(s *solid, d, turning det.Vec) sweep {
	if !d.Finite() || !turning.Finite() {
		d, turning = det.Vec{}, det.Vec{}
	}
	return sweep{s, shape.NewPath(&s.form, s.pose, d, turning), max(s.form.Inner(), MinExtent/2)}
}

// trimPaths fills w.shares: how much of its movement each mover may make. Paths
// are relative, so the answer does not depend on the order of bodies.
func (w *World) trimPaths() {
	w.shares = grown(w.shares, len(w.movers))
	reach := float32(-1)
	for k, i := range w.movers {
		w.shares[k] = 1
		if w.solids[i].slow(&w.rows[k+1]) {
			continue
		}
		p := w.sweep(i)
		if p.s.fixed() || p.s.sensor() || !p.swift() {
			continue
		}
		if reach < 0 {
			reach = w.longest()
		}
		w.shares[k] = w.trim(i, &p, reach)
	}
}

// slow is a quick test for what is certainly not swift: no point of s is farther
// from its centre than the corner of the box around it.
func (s *solid) slow(r *row) bool {
	const surely = 0.99 * fast
	return s.Flags&Bullet == 0 && r.moved().Len()+float32(r.turn().Len()*s.ext.Len()) < float32(surely*s.form.Inner())
}

// swift reports whether the path must be looked at.
func (p *sweep) swift() bool {
	if p.s.Flags&Bullet != 0 {
		return p.path.Travel() > castSlop
	}
	return p.path.Travel() > float32(fast*p.inner)
}

// longest is the farthest that anything moves in this step, m.
func (w *World) longest() (most float32) {
	for _, i := range w.movers {
		p := w.sweep(i)
		most = max(most, p.path.Travel())
	}
	return most
}

// trim is the share of its path that body i may make. Nothing else moves more
// than reach.
func (w *World) trim(i int32, p *sweep, reach float32) float32 {
	share := float32(1)
	for k := range w.cfg.planes() {
		n, offset := w.cfg.plane(k)
		share = p.cutByPlane(n, offset, share)
	}
	box := tree.Around(p.s.pos(), p.s.ext)
	box = box.Grown(p.path.Rate)
	box = box.Swept(p.path.D)
	look := func(j uint32) bool {
		o := &w.solids[j]
		if int32(j) != i && !o.sensor() && p.s.meets(o) && !w.parted(i, int32(j)) {
			q := w.sweep(int32(j))
			share = p.cut(&q, share)
		}
		return true
	}
	w.near.still.Overlap(&box, look)
	box = box.Grown(reach)
	w.near.moving.Overlap(&box, look)
	return share
}

// cut is the smaller of share and that of p's path until it meets o, which
// moves too.
func (p *sweep) cut(o *sweep, share float32) float32 {
	if !o.s.fixed() && (p.s.Flags|o.s.Flags)&Bullet == 0 {
		return p.cutBall(o, share)
	}
	by := shape.Meeting{Start: castSlop, Stop: castSlop, Deep: float32(graze * p.inner)}
	share, left := shape.Sweep(&p.s.form, &p.path, &o.s.form, &o.path, by, share)
	// What touches at the start has a contact. It must not be passed through all
	// the same: that holds for a core that is hardly smaller than the shape, and
	// where that touches as well for a smaller one, which may come as near as it
	// likes. What has sunk in deeper is left to the solver.
	for _, c := range [2]struct {
		size float32
		by   shape.Meeting
	}{{core, shape.Meeting{Start: castSlop, Stop: castSlop}}, {smallCore, shape.Meeting{Stop: castSlop / 10}}} {
		if !left {
			break
		}
		form := p.s.form.Core(float32((1 - c.size) * p.inner))
		share, left = shape.Sweep(&form, &p.path, &o.s.form, &o.path, c.by, share)
	}
	return share
}

// cutBall is cut for a ball inside p, which does not turn, and only when p
// itself moves fast.
func (p *sweep) cutBall(o *sweep, share float32) float32 {
	if p.path.D.Len() <= float32(fast*p.inner) {
		return share
	}
	ball := shape.Shape{Kind: Sphere, Half: det.Vec{X: float32(core * p.inner)}}
	path := shape.NewPath(&ball, p.s.pose, p.path.D, det.Vec{})
	share, _ = shape.Sweep(&ball, &path, &o.s.form, &o.path, shape.Meeting{Start: castSlop, Stop: castSlop, Deep: -1}, share)
	return share
}

// cutByPlane is cut for a plane. Planes lie along the axes, so the axis-aligned
// box tells how far a turned shape is from it.
func (p *sweep) cutByPlane(n det.Vec, offset, share float32) float32 {
	closing := p.path.Rate - n.Dot(p.path.D)
	if closing <= 0 {
		return share
	}
	t := float32(0)
	for range castRounds {
		at := p.path.At(t)
		gap := n.Dot(at.Pos) - n.Abs().Dot(p.s.form.Extent(&at.Turn)) - offset
		if gap <= castSlop {
			if t == 0 {
				gap, closing = n.Dot(at.Pos)-offset-float32(core*p.inner), -n.Dot(p.path.D)
				if gap > castSlop && closing > gap {
					return min(share, gap/closing)
				}
				return share
			}
			if float32((1-t)*closing) <= float32(graze*p.inner) {
				return share
			}
			return min(t, share)
		}
		if t += (gap - castSlop/2) / closing; t >= share {
			return share
		}
	}
	return t
}

// parted reports whether a joint lets two bodies pass through each other.
func (w *World) parted(i, j int32) bool {
	_, ok := slices.BinarySearch(w.joined, uint64(min(i, j))<<32|uint64(max(i, j)))
	return ok
}

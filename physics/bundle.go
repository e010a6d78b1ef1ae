package physics

import (
	"github.com/metatopia/metatopia/spatial/det"
)

// lane is one number of each of the contacts of a bundle.
type lane [width]float32

type (
	lane3 struct{ x, y, z lane }
	lane6 struct{ xx, yy, zz, xy, xz, yz lane }
)

func (v *lane3) at(l int) det.Vec     { return det.Vec{X: v.x[l], Y: v.y[l], Z: v.z[l]} }
func (v *lane3) set(l int, a det.Vec) { v.x[l], v.y[l], v.z[l] = a.X, a.Y, a.Z }

func (s *lane6) at(l int) det.Sym {
	return det.Sym{XX: s.xx[l], YY: s.yy[l], ZZ: s.zz[l], XY: s.xy[l], XZ: s.xz[l], YZ: s.yz[l]}
}

func (s *lane6) set(l int, a *det.Sym) {
	s.xx[l], s.yy[l], s.zz[l], s.xy[l], s.xz[l], s.yz[l] = a.XX, a.YY, a.ZZ, a.XY, a.XZ, a.YZ
}

// bundle is up to eight contacts made ready for the solver, as constraints: no
// two of them share a body that can move, so they may be solved at once. It
// lives for one step. Lanes that are not in use are of a contact of nothing
// with nothing.
type bundle struct {
	first, count int32 // contacts, in World.order
	spare        int32 // row to write what cannot move to
	points       int   // most points of one contact
	twists       bool  // one contact has twistMass
	rolls        bool  // one contact has rollMass
	bounces      bool

	a, b     [width]int32 // rows to read
	toA, toB [width]int32 // rows to write

	n, t1, t2  lane3 // from a to b, and two directions across
	ca, cb     lane3 // from the centres to the middle of the points
	invA, invB lane  // 1/mass
	inA, inB   lane6 // inverse inertia

	// Springs against overlap: see soft.
	rate, mass, slack lane

	pts [maxPoints]bundlePoint
	// pull[k(k-1)/2+j] is how much an impulse at point j changes the speed at
	// point k, j < k.
	pull [maxPoints * (maxPoints - 1) / 2]lane

	// Friction acts once, at the middle of the points, with its two directions
	// solved together.
	grip          lane
	m11, m12, m22 lane // inverse of the 2x2 mass
	f1, f2        lane

	// Friction about the normal, for faces.
	lever, twistMass, twist lane

	// Rolling resistance, for what is round.
	rollArm, rollMass lane
	roll              lane3

	// For the end of the step.
	approach lane // fastest closing speed at the start, m/s
	bounce   lane // restitution

	friction lane3 // what the last step left, world axes
	has      lane  // points of each contact
}

type bundlePoint struct {
	a, b    lane3 // moments of the normal about the centres; before prepare, from the centres to the point
	rest    lane  // gap at the start
	mass    lane  // 0 where the contact has no such point
	impulse lane  // N·s per substep
	sum     lane  // N·s of all substeps
	speed   lane  // along n at the start; negative = closing
}

// rollingResistance is the lever of rolling friction as a share of the radius:
// a rolling ball loses 0.35 m/s each second and comes to rest.
const rollingResistance = 0.05

// bundleUp cuts w.order into w.bundles; w.spans[c] is where those of colour c
// end.
func (w *World) bundleUp() {
	n, start := 0, int32(0)
	for c, end := range w.ends {
		per := int32(width)
		if c == colours {
			per = 1
		}
		n += int((end - start + per - 1) / per)
		start = end
		w.spans[c] = n
	}
	if cap(w.bundles) < n {
		w.bundles = make([]bundle, n+n/4)
	}
	w.bundles = w.bundles[:n]
	n, start = 0, 0
	for c, end := range w.ends {
		from, per := n, int32(width)
		if c == colours {
			per = 1
		}
		for ; start < end; start += per {
			b := &w.bundles[n]
			b.first, b.count = start, min(per, end-start)
			n++
		}
		start = end
		of := cuts(n-from, fewBundles)
		for k := range of {
			lo, hi := part(n-from, of, k)
			for i := lo; i < hi; i++ {
				w.bundles[from+i].spare = int32(1 + len(w.movers) + k)
			}
		}
	}
}

// fewBundles of a colour are not worth a worker.
const fewBundles = 4

// fill gathers what b's contacts are made of, for prepare.
func (w *World) fill(b *bundle, normal, firm soft) {
	b.points, b.twists, b.rolls, b.bounces = 0, false, false, false
	for l := range width {
		if l >= int(b.count) {
			b.blank(l)
			continue
		}
		x := w.order[b.first+int32(l)]
		m, f, c := &w.met[x], &w.found[x], &w.next[x]
		ia, ib := w.slotOf(m.i), w.slotOf(m.j)
		ma, mb := &w.masses[ia], &w.masses[ib]
		b.a[l], b.b[l], b.toA[l], b.toB[l] = ia, ib, ia, ib
		s := normal
		if ma.inv == 0 {
			b.toA[l], s = b.spare, firm
		}
		if mb.inv == 0 {
			b.toB[l], s = b.spare, firm
		}
		b.rate[l], b.mass[l], b.slack[l] = s.rate, s.mass, s.impulse
		b.n.set(l, f.Normal)
		b.invA[l], b.invB[l] = ma.inv, mb.inv
		b.inA.set(l, &ma.inertia)
		b.inB.set(l, &mb.inertia)
		b.points = max(b.points, f.Count)
		b.has[l] = float32(f.Count)
		for k := range b.pts {
			p := &b.pts[k]
			if k >= f.Count {
				p.blank(l)
				continue
			}
			q := &f.Points[k]
			p.a.set(l, q.RA)
			p.b.set(l, q.RB)
			p.rest[l], p.impulse[l], p.sum[l] = q.Gap, c.impulse[k], 0
		}
		w.surfaces(b, l, m)
		if b.grip[l] == 0 {
			b.friction.set(l, det.Vec{})
			b.twist[l] = 0
			b.roll.set(l, det.Vec{})
			continue
		}
		b.friction.set(l, c.friction)
		b.twist[l] = c.twist
		b.roll.set(l, c.roll)
		b.twists = b.twists || f.Count > 1
		b.rolls = b.rolls || b.rollArm[l] > 0
	}
}

// blank makes lane l a contact of nothing.
func (b *bundle) blank(l int) {
	b.a[l], b.b[l], b.toA[l], b.toB[l] = 0, 0, b.spare, b.spare
	b.n.set(l, det.Vec{Y: 1})
	b.invA[l], b.invB[l] = 1, 1
	b.inA.set(l, &det.Sym{})
	b.inB.set(l, &det.Sym{})
	b.rate[l], b.mass[l], b.slack[l] = 0, 0, 0
	b.has[l], b.grip[l], b.bounce[l], b.twist[l], b.rollArm[l] = 0, 0, 0, 0, 0
	b.friction.set(l, det.Vec{})
	b.roll.set(l, det.Vec{})
	for k := range b.pts {
		b.pts[k].blank(l)
	}
}

func (p *bundlePoint) blank(l int) {
	p.a.set(l, det.Vec{})
	p.b.set(l, det.Vec{})
	p.rest[l], p.impulse[l], p.sum[l] = 0, 0, 0
}

// surfaces mixes the materials of the two sides of lane l. The ground is as
// rough and as springy as what lies on it.
func (w *World) surfaces(c *bundle, l int, m *met) {
	b := &w.solids[m.j]
	friction, bounce := float32(b.Friction*b.Friction), b.Restitution
	driven, radius := b.driven(), float32(0)
	if b.round() {
		radius = b.Shape.Half.X
	}
	if int(m.i) < len(w.solids) {
		a := &w.solids[m.i]
		friction, bounce = float32(a.Friction*b.Friction), max(a.Restitution, b.Restitution)
		driven = driven || a.driven()
		if a.round() {
			radius = max(radius, a.Shape.Half.X)
		}
	}
	c.bounce[l] = bounce
	c.bounces = c.bounces || bounce > 0
	c.grip[l], c.rollArm[l] = 0, 0
	if !driven {
		c.grip[l] = det.Sqrt(friction)
		c.rollArm[l] = float32(rollingResistance * radius)
	}
}

package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// finish brings rows back to the solids and bundles back to the contacts, and
// reports events.
func (w *World) finish() {
	for _, i := range w.movers {
		w.solids[i].standing = false
	}
	w.runBundles(w.jobs.store)
	w.report()
	for k, i := range w.movers {
		// Its feet are on the ground, whether or not they bore weight.
		if w.feet[k].n != (det.Vec{}) {
			w.solids[i].standing = true
		}
	}
	w.endPieces()
	w.storeJoints()
	w.storeWheels()
	w.contacts, w.next = w.next, w.contacts
	w.trimPaths()
	w.shareJoined()
	w.gone = grown(w.gone, len(w.movers))
	w.runBodies(w.jobs.move)
	for k, gone := range w.gone {
		if gone {
			w.expel(&w.solids[w.movers[k]])
		}
	}
	for i := range w.solids {
		if s := &w.solids[i]; s.stirs() {
			s.count(w.cfg.Sleepless)
		}
	}
}

func (w *World) storeBlock(k int) {
	for list := range w.share(k) {
		for i := range list {
			w.store(&list[i])
		}
	}
}

func (w *World) moveBlock(block int) {
	lo, hi := part(len(w.movers), w.task.cuts, block)
	for k := lo; k < hi; k++ {
		s := &w.solids[w.movers[k]]
		w.gone[k] = !s.move(&w.rows[k+1], w.shares[k], &w.cfg)
		s.derive()
		if len(w.pulls) > 0 && w.pulls[k].bobs(s) {
			s.rest = 0
		}
	}
}

// nearest is the smallest gap of a manifold, m.
func nearest(m *shape.Manifold) float32 {
	gap := m.Points[0].Gap
	for k := range m.Count {
		gap = min(gap, m.Points[k].Gap)
	}
	return gap
}

// outcome is what a step did at a contact.
type outcome struct {
	total    float32 // normal impulse, N·s
	approach float32 // fastest closing speed at the start, m/s
	near     bool    // it touched when the step began
}

// store keeps the impulses of a bundle in its contacts, and what came of them.
func (w *World) store(b *bundle) {
	for l := range int(b.count) {
		x := w.order[int(b.first)+l]
		c := &w.next[x]
		total := float32(0)
		for k := range c.count {
			p := &b.pts[k&(maxPoints-1)]
			c.impulse[k] = finite(p.impulse[l&(width-1)])
			total += p.sum[l&(width-1)]
		}
		l &= width - 1
		c.friction = finiteVec(b.t1.at(l).Scale(b.f1[l]).AddScaled(b.f2[l], b.t2.at(l)))
		c.twist, c.roll = 0, det.Vec{}
		if b.twists && c.count > 1 {
			c.twist = finite(b.twist[l])
		}
		if b.rolls {
			c.roll = finiteVec(b.roll.at(l))
		}
		w.outcomes[x] = outcome{total, b.approach[l], nearest(&w.found[x]) <= 0}
	}
}

// report notes, in key order, who stands and who touches.
func (w *World) report() {
	for x := range w.next {
		c, o := &w.next[x], &w.outcomes[x]
		if c.count == 0 {
			continue // a sensor's
		}
		was := c.touching
		c.touching = was || o.total > 0 || o.near
		if !c.touching {
			continue
		}
		if o.total > 0 {
			w.stand(x)
		}
		if !was && !(w.pieced(c) && (touches(w.contacts, c.key) || touches(w.next[:x], c.key))) {
			w.touched(EvBegin, x)
		}
		if o.approach > HitSpeed && o.total > 0 {
			w.touched(EvHit, x)
		}
	}
}

// stand notes who stands: a contact that bears weight is ground when it is not
// steeper than Config.Slope.
func (w *World) stand(x int) {
	m, up := &w.met[x], w.found[x].Normal.Y
	if b := &w.solids[m.j]; up >= w.walkable {
		b.standing = b.standing || (b.upright() && !b.fixed())
	}
	if int(m.i) < len(w.solids) && up <= -w.walkable {
		a := &w.solids[m.i]
		a.standing = a.standing || (a.upright() && !a.fixed())
	}
}

func (w *World) touched(kind EventKind, x int) {
	m, f := &w.met[x], &w.found[x]
	b := &w.solids[m.j]
	var mid det.Vec
	for k := range f.Count {
		mid = mid.Add(f.Points[k].RB)
	}
	e := Event{
		Kind: kind, A: b.ID, B: Ground, Impulse: finite(w.outcomes[x].total),
		Point: spatial.Vec(b.pos().AddScaled(1/float32(f.Count), mid)), Normal: spatial.Vec(f.Normal),
	}
	if int(m.i) < len(w.solids) {
		a := &w.solids[m.i]
		e.B = a.ID
		if !a.ghost() {
			r := e
			r.A, r.B, r.Normal = a.ID, b.ID, spatial.Vec(f.Normal.Neg())
			w.events = append(w.events, r)
		}
	}
	if !b.ghost() {
		w.events = append(w.events, e)
	}
}

// count counts still steps.
func (s *solid) count(sleepless bool) {
	v, w := det.Vec(s.Vel), det.Vec(s.Spin)
	if s.fixed() && (v != (det.Vec{}) || w != (det.Vec{})) {
		s.rest = 0 // a slow platform is none that rests
		return
	}
	if v.Len2() > restSpeed*restSpeed || w.Len2() > restSpin*restSpin || s.want != (det.Vec{}) || sleepless {
		s.rest = 0
	} else if s.rest < restSteps {
		s.rest++
	}
}

// finite is x within MaxMemory, or 0: what is kept for the next step stays
// in the bounds Restore insists on.
func finite(x float32) float32 {
	if !det.Finite(x) {
		return 0
	}
	return det.Clamp(x, -maxMemory, maxMemory)
}

func finiteVec(v det.Vec) det.Vec { return det.Vec{X: finite(v.X), Y: finite(v.Y), Z: finite(v.Z)} }

// maxMemory bounds every impulse in a snapshot: friction and twist of four
// points at MaxImpulse, MaxFriction and a lever of MaxExtent fit.
const maxMemory = 1e12

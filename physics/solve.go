package physics

import "github.com/metatopia/metatopia/spatial/det"

const (
	// stiffness is how fast an overlap is pushed out, Hz, well damped; against
	// what cannot move, twice that. Catto's values.
	stiffness = 30
	damping   = 10

	// maxPush is the fastest an overlap is pushed out, m/s: deeper ones must
	// not explode.
	maxPush = 3

	// bounceSpeed is the closing speed below which nothing bounces, m/s:
	// otherwise a heap never settles.
	bounceSpeed = 1

	// airControl is the share of its acceleration a driven body has in the air.
	airControl = 0.25
)

// soft is a spring and damper for one substep (Catto, "Soft Constraints",
// 2011).
type soft struct{ rate, mass, impulse float32 }

func newSoft(hertz, h float32) soft {
	omega := float32((2 * det.Pi) * hertz)
	a := 2*damping + float32(h*omega)
	b := float32(float32(h*omega) * a)
	c := 1 / (1 + b)
	return soft{omega / a, float32(b * c), c}
}

// solve moves w.rows through one step.
func (w *World) solve() {
	n := float32(w.cfg.Substeps)
	h := w.cfg.Dt / n
	// A spring faster than a quarter of the substep rate is not resolved.
	t := &w.task
	t.h, t.rate = h, n/w.cfg.Dt
	hertz := min(stiffness, float32(0.125*t.rate))
	t.normal, t.firm = newSoft(hertz, h), newSoft(float32(2*hertz), h)
	w.prepare()
	for range w.cfg.Substeps {
		w.runBodies(w.jobs.accelerate)
		w.warmJoints()
		w.warmWheels()
		w.passAll(passWarm)
		w.solveJoints(true)
		w.solveWheels(true)
		w.passAll(passBias)
		w.runBodies(w.jobs.travel)
		w.solveJoints(false)
		w.solveWheels(false)
		w.passAll(passRelax)
		w.sumJoints()
	}
	for i := range w.bundles {
		if w.bundles[i].bounces {
			w.bundles[i].restitute(w.rows)
		}
	}
}

// prepare makes bundles of the contacts that follow w.met.
func (w *World) prepare() {
	w.colour()
	w.bundleUp()
	w.runBundles(w.jobs.prepare)
}

func (w *World) prepareBlock(k int) {
	for list := range w.share(k) {
		for i := range list {
			b := &list[i]
			w.fill(b, w.task.normal, w.task.firm)
			if w.lanes() {
				b.prepareLanes(w.rows)
				clearLanes()
			} else {
				b.prepare(w.rows)
			}
		}
	}
}

// lanes reports whether contacts are solved eight at a time.
func (w *World) lanes() bool { return hasLanes && !w.scalar }

// passAll goes over all contacts, colour by colour. Bundles of a colour share no
// body that can move, so their order is free; those of no colour are taken one
// after the other.
func (w *World) passAll(pass passKind) {
	t := &w.task
	t.pass = pass
	if w.parallel == nil {
		w.passOver(w.bundles)
		return
	}
	t.from = 0
	for c, to := range w.spans {
		t.to, t.cuts = to, cuts(to-t.from, fewBundles)
		if c == colours || t.cuts == 1 {
			w.passOver(w.bundles[t.from:to])
		} else {
			w.run(t.cuts, w.jobs.pass)
		}
		t.from = to
	}
}

func (w *World) passBlock(k int) {
	t := &w.task
	lo, hi := part(t.to-t.from, t.cuts, k)
	w.passOver(w.bundles[t.from+lo : t.from+hi])
}

func (w *World) passOver(bundles []bundle) {
	rows, t := w.rows, &w.task
	switch bias := t.pass == passBias; {
	case w.lanes() && t.pass == passWarm:
		for i := range bundles {
			bundles[i].warmLanes(rows)
		}
	case w.lanes():
		for i := range bundles {
			bundles[i].passLanes(rows, t.rate, bias)
		}
	case t.pass == passWarm:
		for i := range bundles {
			bundles[i].warm(rows)
		}
		return
	default:
		for i := range bundles {
			bundles[i].pass(rows, t.rate, bias)
		}
		return
	}
	clearLanes()
}

// accelerateBlock applies gravity and drives for a substep.
func (w *World) accelerateBlock(block int) {
	h := w.task.h
	g := float32(h * w.cfg.Gravity)
	lo, hi := part(len(w.movers), w.task.cuts, block)
	for k := lo; k < hi; k++ {
		if w.masses[k+1].inv == 0 {
			continue // kinematic
		}
		if s := &w.solids[w.movers[k]]; s.driven() {
			w.feet[k].drive(s, &w.rows[k+1], g, h)
		} else {
			w.rows[k+1].lo[1] += g
		}
		if len(w.pulls) > 0 {
			w.pulls[k].apply(&w.rows[k+1], h)
		}
	}
}

// travelBlock moves for a substep with the speeds of the moment.
func (w *World) travelBlock(block int) {
	h := w.task.h
	lo, hi := part(len(w.movers), w.task.cuts, block)
	rows := w.rows[1+lo : 1+hi]
	for i := range rows {
		r := &rows[i]
		v, spin := r.vel(), r.spin()
		if v.Len2() > MaxSpeed*MaxSpeed {
			v = v.Limit(MaxSpeed)
			r.setVel(v)
		}
		if spin.Len2() > MaxSpin*MaxSpin {
			spin = spin.Limit(MaxSpin)
			r.setSpin(spin)
		}
		r.setMoved(r.moved().AddScaled(h, v))
		r.setTurn(r.turn().AddScaled(h, spin))
	}
}

package physics

import "github.com/metatopia/metatopia/spatial/det"

// row is what the solver works on: how one body moves, in sixteen floats, so
// that eight bodies are read and written as eight rows.
type row struct {
	lo [width]float32 // velocity 0-2, spin 3-5, movement 6-7
	hi [width]float32 // movement 0, turn 1-3; the rest is 0
}

// Movement and turn count from the start of the step. The turn is a rotation
// vector: the sum of spin times time.

func (r *row) vel() det.Vec   { return det.Vec{X: r.lo[0], Y: r.lo[1], Z: r.lo[2]} }
func (r *row) spin() det.Vec  { return det.Vec{X: r.lo[3], Y: r.lo[4], Z: r.lo[5]} }
func (r *row) moved() det.Vec { return det.Vec{X: r.lo[6], Y: r.lo[7], Z: r.hi[0]} }
func (r *row) turn() det.Vec  { return det.Vec{X: r.hi[1], Y: r.hi[2], Z: r.hi[3]} }

func (r *row) setVel(v det.Vec)   { r.lo[0], r.lo[1], r.lo[2] = v.X, v.Y, v.Z }
func (r *row) setSpin(w det.Vec)  { r.lo[3], r.lo[4], r.lo[5] = w.X, w.Y, w.Z }
func (r *row) setMoved(p det.Vec) { r.lo[6], r.lo[7], r.hi[0] = p.X, p.Y, p.Z }
func (r *row) setTurn(a det.Vec)  { r.hi[1], r.hi[2], r.hi[3] = a.X, a.Y, a.Z }

// mass is what an impulse meets; zero = immovable.
type mass struct {
	inv     float32 // 1/kg
	inertia det.Sym // inverse, world axes at the start of the step
}

// start fills w.rows and w.masses: what cannot move first, then the movers,
// then rows that are written and never read, one for each block of work.
func (w *World) start() {
	w.rows = grown(w.rows, 1+len(w.movers)+blocks)
	w.masses = grown(w.masses, 1+len(w.movers))
	w.runBodies(w.jobs.start)
}

func (w *World) startBlock(block int) {
	lo, hi := part(len(w.movers), w.task.cuts, block)
	for k := lo; k < hi; k++ {
		s := &w.solids[w.movers[k]]
		r := &w.rows[k+1]
		r.setVel(det.Vec(s.Vel))
		if s.fixed() { // kinematic
			r.setSpin(det.Vec(s.Spin))
			continue
		}
		m := mass{inv: 1 / s.Mass}
		if !s.upright() {
			i := s.inertia()
			m.inertia = s.pose.Turn.Congruent(det.Vec{X: 1 / i.X, Y: 1 / i.Y, Z: 1 / i.Z})
		}
		w.masses[k+1] = m
		r.setSpin(s.gyrated(w.cfg.Dt))
	}
}

// gyrated is the spin of an uneven body turned as its own inertia demands: one
// implicit Newton step in the body's axes, which can lose energy but never
// gains any (Catto, "Numerical Methods", 2015).
func (s *solid) gyrated(dt float32) det.Vec {
	i, spin := s.inertia(), det.Vec(s.Spin)
	if s.upright() || (i.X == i.Y && i.Y == i.Z) {
		return spin
	}
	w := s.pose.Turn.ApplyInverse(spin)
	l := det.Vec{X: float32(i.X * w.X), Y: float32(i.Y * w.Y), Z: float32(i.Z * w.Z)}
	f := w.Cross(l).Scale(dt)
	// J = I + dt·(skew(w)·I - skew(l)), by columns.
	j := det.Mat{
		A: det.Vec{X: i.X, Y: float32(dt * (float32(w.Z*i.X) - l.Z)), Z: float32(dt * (l.Y - float32(w.Y*i.X)))},
		B: det.Vec{X: float32(dt * (l.Z - float32(w.Z*i.Y))), Y: i.Y, Z: float32(dt * (float32(w.X*i.Y) - l.X))},
		C: det.Vec{X: float32(dt * (float32(w.Y*i.Z) - l.Y)), Y: float32(dt * (l.X - float32(w.X*i.Z))), Z: i.Z},
	}
	if d, ok := j.Solve(f); ok {
		return s.pose.Turn.Apply(w.Sub(d)).Limit(MaxSpin)
	}
	return spin
}

// rotation is the rotation by the vector a, rad.
func rotation(a det.Vec) det.Quat {
	angle := a.Len()
	if !(angle > 1e-9) {
		return det.Identity
	}
	return det.AxisAngle(a.Scale(1/angle), angle)
}

// motion is a row and a mass together, for who solves one pair of bodies at a
// time.
type motion struct {
	v, w    det.Vec
	dp      det.Vec
	dq      det.Quat
	inv     float32 // 1/mass; 0 = immovable
	inertia det.Sym // inverse, world axes
}

func (w *World) motion(slot int32) motion {
	r, m := &w.rows[slot], &w.masses[slot]
	return motion{r.vel(), r.spin(), r.moved(), rotation(r.turn()), m.inv, m.inertia}
}

// setMotion takes over the velocities of m.
func (w *World) setMotion(slot int32, m *motion) {
	if w.masses[slot].inv == 0 {
		return
	}
	w.rows[slot].setVel(m.v)
	w.rows[slot].setSpin(m.w)
}

// push applies impulse p at ra of a and rb of b, and turn about both centres.
func push(ma, mb *motion, p, ra, rb, turn det.Vec) {
	ma.v = ma.v.AddScaled(-ma.inv, p)
	ma.w = ma.w.Sub(ma.inertia.Apply(ra.Cross(p).Add(turn)))
	mb.v = mb.v.AddScaled(mb.inv, p)
	mb.w = mb.w.Add(mb.inertia.Apply(rb.Cross(p).Add(turn)))
}

// relative is the velocity of b over a at a point.
func relative(ma, mb *motion, ra, rb det.Vec) det.Vec {
	return mb.v.Add(mb.w.Cross(rb)).Sub(ma.v).Sub(ma.w.Cross(ra))
}

// resist is what turning adds to the inverse mass along a direction whose
// moments about the two centres are ra and rb.
func resist(ma, mb *motion, ra, rb det.Vec) float32 {
	return ra.Dot(ma.inertia.Apply(ra)) + rb.Dot(mb.inertia.Apply(rb))
}

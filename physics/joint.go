package physics

import "github.com/metatopia/metatopia/spatial/det"

// joint is a contact made ready for the solver. It lives for one step.
type joint struct {
	a, b  int32 // motions; a may be the ground
	at    int32 // its contact in w.next
	count int32
	firm  bool // one side cannot move

	n, t1, t2 det.Vec
	points    [maxPoints]jointPoint
	total     float32 // normal impulse so far in this step, N·s
	approach  float32 // fastest closing speed at the start, m/s
	gap       float32 // smallest at the start, m
	bounce    float32 // restitution

	// Friction acts once, at the middle of the points, with its two
	// directions solved together.
	grip          float32
	ca, cb        det.Vec
	m11, m12, m22 float32 // inverse of the 2x2 mass
	f1, f2        float32

	// Friction about the normal, for faces.
	lever, twistMass, twist float32

	// Rolling resistance, for spheres.
	rollArm, rollMass float32
	roll              det.Vec
}

type jointPoint struct {
	ra, rb  det.Vec
	rest    float32 // gap less the part that moves with ra and rb
	mass    float32
	impulse float32
	peak    float32 // largest impulse of a substep
	speed   float32 // along n at the start; negative = closing
}

// rollingResistance is the lever of rolling friction as a share of the radius:
// a rolling ball loses 0.35 m/s each second and comes to rest.
const rollingResistance = 0.05

// newJoint prepares manifold m between solids ia and ib (ia is the number of
// solids for the ground) with the impulses old left.
func (w *World) newJoint(ia, ib int32, m *manifold, old *contact, at int) joint {
	ma, mb := &w.motions[ia], &w.motions[ib]
	j := joint{a: ia, b: ib, at: int32(at), count: int32(m.count), n: m.normal}
	j.firm = ma.inv == 0 || mb.inv == 0
	j.t1, j.t2 = tangents(m.normal)
	inv := ma.inv + mb.inv
	j.gap = m.points[0].gap
	for i := range m.count {
		p, q := &m.points[i], &j.points[i]
		q.ra, q.rb = p.ra, p.rb
		q.rest = p.gap - p.rb.Sub(p.ra).Dot(j.n)
		q.mass = 1 / (inv + resist(ma, mb, p.ra.Cross(j.n), p.rb.Cross(j.n)))
		q.speed = relative(ma, mb, p.ra, p.rb).Dot(j.n)
		q.impulse = old.find(p.feature)
		j.approach = max(j.approach, -q.speed)
		j.gap = min(j.gap, p.gap)
		j.ca, j.cb = j.ca.Add(p.ra), j.cb.Add(p.rb)
	}
	share := 1 / float32(m.count)
	j.ca, j.cb = j.ca.Scale(share), j.cb.Scale(share)
	w.surfaces(&j)
	j.prepareFriction(ma, mb)
	if j.grip == 0 {
		return j
	}
	j.f1, j.f2 = old.friction.Dot(j.t1), old.friction.Dot(j.t2)
	if m.count > 1 {
		j.twist = old.twist
	}
	if j.rollMass > 0 {
		j.roll = old.roll
	}
	return j
}

// resist is what turning adds to the inverse mass along a direction whose
// moments about the two centres are ra and rb.
func resist(ma, mb *motion, ra, rb det.Vec) float32 {
	return ra.Dot(ma.inertia.Apply(ra)) + rb.Dot(mb.inertia.Apply(rb))
}

// relative is the velocity of b over a at a point.
func relative(ma, mb *motion, ra, rb det.Vec) det.Vec {
	return mb.v.Add(mb.w.Cross(rb)).Sub(ma.v).Sub(ma.w.Cross(ra))
}

// surfaces mixes the materials of the two sides. The ground is as rough and as
// springy as what lies on it.
func (w *World) surfaces(j *joint) {
	b := &w.solids[j.b]
	friction, bounce := float32(b.Friction*b.Friction), b.Restitution
	driven, radius := b.driven(), float32(0)
	if b.Shape.Kind == Sphere {
		radius = b.Shape.Half.X
	}
	if int(j.a) < len(w.solids) {
		a := &w.solids[j.a]
		friction, bounce = float32(a.Friction*b.Friction), max(a.Restitution, b.Restitution)
		driven = driven || a.driven()
		if a.Shape.Kind == Sphere {
			radius = max(radius, a.Shape.Half.X)
		}
	}
	j.bounce = bounce
	if driven {
		return
	}
	j.grip = det.Sqrt(friction)
	j.rollArm = float32(rollingResistance * radius)
}

func (j *joint) prepareFriction(ma, mb *motion) {
	inv := ma.inv + mb.inv
	a1, b1 := j.ca.Cross(j.t1), j.cb.Cross(j.t1)
	a2, b2 := j.ca.Cross(j.t2), j.cb.Cross(j.t2)
	k11 := inv + resist(ma, mb, a1, b1)
	k22 := inv + resist(ma, mb, a2, b2)
	k12 := a1.Dot(ma.inertia.Apply(a2)) + b1.Dot(mb.inertia.Apply(b2))
	if d := float32(k11*k22) - float32(k12*k12); d > float32(1e-5*float32(k11*k22)) {
		d = 1 / d
		j.m11, j.m12, j.m22 = float32(k22*d), float32(-k12*d), float32(k11*d)
	} else {
		// Nearly singular by rounding: solve the directions apart.
		j.m11, j.m22 = 1/k11, 1/k22
	}
	if k := resist(ma, mb, j.n, j.n); k > 0 && j.count > 1 {
		j.twistMass = 1 / k
		for i := range j.count {
			j.lever = max(j.lever, j.points[i].rb.Sub(j.cb).Len())
		}
	}
	// The trace is the sum of what a unit turn about each axis meets: its
	// inverse never overshoots.
	trace := ma.inertia.XX + ma.inertia.YY + ma.inertia.ZZ + mb.inertia.XX + mb.inertia.YY + mb.inertia.ZZ
	if trace > 0 && j.rollArm > 0 && j.count == 1 {
		j.rollMass = 1 / trace
	}
}

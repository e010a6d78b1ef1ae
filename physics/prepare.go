package physics

import "github.com/metatopia/metatopia/spatial/det"

// prepare derives what the passes over b need from what fill gathered, lane by
// lane. The code for eight lanes at once does the same operations in the same
// order; so do warm and pass.
func (b *bundle) prepare(rows []row) {
	for l := range width {
		b.prepareLane(rows, l&(width-1))
	}
}

// across completes the unit vector n to a right-handed frame.
func across(n det.Vec) (u, v det.Vec) {
	if det.Abs(n.X) >= 0.57735 {
		u = det.Vec{X: n.Y, Y: 0 - n.X}
	} else {
		u = det.Vec{Y: n.Z, Z: 0 - n.Y}
	}
	u = u.Scale(1 / u.Len())
	return u, n.Cross(u)
}

func (b *bundle) prepareLane(rows []row, l int) {
	n := b.n.at(l)
	t1, t2 := across(n)
	b.t1.set(l, t1)
	b.t2.set(l, t2)
	inA, inB := b.inA.at(l), b.inB.at(l)
	inv := b.invA[l] + b.invB[l]
	ra, rb := &rows[b.a[l]], &rows[b.b[l]]
	va, wa, vb, wb := ra.vel(), ra.spin(), rb.vel(), rb.spin()
	along := vb.Sub(va).Dot(n)

	var ca, cb, ga, gb det.Vec
	var ka, kb [maxPoints]det.Vec
	approach := float32(0)
	for k := range b.points {
		p := &b.pts[k]
		pa, pb := p.a.at(l), p.b.at(l)
		ca, cb = ca.Add(pa), cb.Add(pb)
		ga, gb = pa.Cross(n), pb.Cross(n)
		p.a.set(l, ga)
		p.b.set(l, gb)
		ka[k], kb[k] = inA.Apply(ga), inB.Apply(gb)
		mass, speed := float32(0), float32(0)
		if float32(k) < b.has[l] {
			mass = 1 / (inv + ga.Dot(ka[k]) + gb.Dot(kb[k]))
			speed = along + wb.Dot(gb) - wa.Dot(ga)
		}
		p.mass[l], p.speed[l] = mass, speed
		if s := 0 - speed; s > approach {
			approach = s
		}
		for j := range k {
			b.pull[k*(k-1)/2+j][l] = inv + ga.Dot(ka[j]) + gb.Dot(kb[j])
		}
	}
	b.approach[l] = approach
	share := float32(0)
	if b.has[l] > 0 {
		share = 1 / b.has[l]
	}
	ca, cb = ca.Scale(share), cb.Scale(share)
	b.ca.set(l, ca)
	b.cb.set(l, cb)

	a1, b1, a2, b2 := ca.Cross(t1), cb.Cross(t1), ca.Cross(t2), cb.Cross(t2)
	ia1, ib1, ia2, ib2 := inA.Apply(a1), inB.Apply(b1), inA.Apply(a2), inB.Apply(b2)
	k11 := inv + a1.Dot(ia1) + b1.Dot(ib1)
	k22 := inv + a2.Dot(ia2) + b2.Dot(ib2)
	k12 := a1.Dot(ia2) + b1.Dot(ib2)
	d := float32(k11*k22) - float32(k12*k12)
	m11, m12, m22 := 1/k11, float32(0), 1/k22
	// Nearly singular by rounding: the directions are solved apart.
	if d > float32(1e-5*float32(k11*k22)) {
		d = 1 / d
		m11, m12, m22 = float32(k22*d), float32((0-k12)*d), float32(k11*d)
	}
	b.m11[l], b.m12[l], b.m22[l] = m11, m12, m22
	f := b.friction.at(l)
	b.f1[l], b.f2[l] = f.Dot(t1), f.Dot(t2)

	if b.twists {
		twistMass, lever, twist := float32(0), float32(0), float32(0)
		if k := n.Dot(inA.Apply(n)) + n.Dot(inB.Apply(n)); k > 0 && b.has[l] > 1 {
			twistMass, twist = 1/k, b.twist[l]
		}
		// The moments of the normal about b's centre differ by the arms across it.
		mid := cb.Cross(n)
		for k := range b.points {
			if float32(k) < b.has[l] {
				if far := b.pts[k].b.at(l).Sub(mid).Len(); far > lever {
					lever = far
				}
			}
		}
		b.twistMass[l], b.lever[l], b.twist[l] = twistMass, lever, twist
	}
	if b.rolls {
		// The trace is the sum of what a unit turn about each axis meets: its
		// inverse never overshoots.
		rollMass, roll := float32(0), det.Vec{}
		trace := inA.XX + inA.YY + inA.ZZ + inB.XX + inB.YY + inB.ZZ
		if trace > 0 && b.rollArm[l] > 0 {
			rollMass, roll = 1/trace, b.roll.at(l)
		}
		b.rollMass[l] = rollMass
		b.roll.set(l, roll)
	}
}

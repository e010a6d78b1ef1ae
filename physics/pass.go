package physics

import "github.com/metatopia/metatopia/spatial/det"

// warm starts a substep from the impulses of the one before.
func (b *bundle) warm(rows []row) {
	for l := range int(b.count) {
		l &= width - 1
		n := b.n.at(l)
		var sum float32
		var ga, gb det.Vec
		for k := range b.points {
			p := &b.pts[k&(maxPoints-1)]
			i := p.impulse[l]
			sum += i
			ga, gb = ga.AddScaled(i, p.a.at(l)), gb.AddScaled(i, p.b.at(l))
		}
		f := b.t1.at(l).Scale(b.f1[l]).AddScaled(b.f2[l], b.t2.at(l))
		ga, gb = ga.Add(b.ca.at(l).Cross(f)), gb.Add(b.cb.at(l).Cross(f))
		if b.twists {
			turn := n.Scale(b.twist[l])
			ga, gb = ga.Add(turn), gb.Add(turn)
		}
		if b.rolls {
			turn := b.roll.at(l)
			ga, gb = ga.Add(turn), gb.Add(turn)
		}
		f = f.AddScaled(sum, n)
		inA, inB := b.inA.at(l), b.inB.at(l)
		ra, rb := &rows[b.a[l]], &rows[b.b[l]]
		va, wa := ra.vel().Sub(f.Scale(b.invA[l])), ra.spin().Sub(inA.Apply(ga))
		vb, wb := rb.vel().Add(f.Scale(b.invB[l])), rb.spin().Add(inB.Apply(gb))
		b.write(rows, l, va, wa, vb, wb)
	}
}

func (b *bundle) write(rows []row, l int, va, wa, vb, wb det.Vec) {
	ra, rb := &rows[b.toA[l]], &rows[b.toB[l]]
	ra.setVel(va)
	ra.setSpin(wa)
	rb.setVel(vb)
	rb.setSpin(wb)
}

// pass is one round of impulses: the points from the first to the last, then
// friction about the normal and against rolling, then friction along the
// faces, each by at most what the normal impulses allow. With bias it also
// pushes overlaps out; the round without takes that speed back, so that
// overlap makes no energy, and adds the impulses of the substep to those of the
// step.
//
// The speed at a point is not taken from the bodies again after each impulse:
// pull says how it changes. Small turns within the step are taken to first
// order.
func (b *bundle) pass(rows []row, rate float32, bias bool) {
	for l := range int(b.count) {
		b.passLane(rows, l&(width-1), rate, bias)
	}
}

func (b *bundle) passLane(rows []row, l int, rate float32, bias bool) {
	ra, rb := &rows[b.a[l]], &rows[b.b[l]]
	n := b.n.at(l)
	va, wa, vb, wb := ra.vel(), ra.spin(), rb.vel(), rb.spin()
	along, apart := vb.Sub(va).Dot(n), rb.moved().Sub(ra.moved()).Dot(n)
	turnA, turnB := ra.turn(), rb.turn()

	var total, sum float32
	var ga, gb det.Vec
	var d [maxPoints]float32
	base := 0
	for k := range b.points {
		k &= maxPoints - 1
		p := &b.pts[k]
		pa, pb := p.a.at(l), p.b.at(l)
		gap := apart + turnB.Dot(pb) - turnA.Dot(pa) + p.rest[l]
		v := along + wb.Dot(pb) - wa.Dot(pa)
		for j := range k {
			v += float32(b.pull[base+j][l] * d[j])
		}
		base += k
		old := p.impulse[l]
		mass, slack := p.mass[l], float32(0)
		speed := float32(0)
		if gap > 0 {
			speed = float32(gap * rate) // may close, but no further
		} else if bias {
			if speed = float32(b.rate[l] * gap); speed < -maxPush {
				speed = -maxPush
			}
			mass, slack = float32(mass*b.mass[l]), b.slack[l]
		}
		now := old - float32(mass*(v+speed))
		if bias {
			now -= float32(slack * old)
		}
		if !(now > 0) {
			now = 0
		}
		if now > MaxImpulse {
			now = MaxImpulse
		}
		p.impulse[l] = now
		if !bias {
			p.sum[l] += now
		}
		d[k] = now - old
		total += now
		sum += d[k]
		ga, gb = ga.AddScaled(d[k], pa), gb.AddScaled(d[k], pb)
	}
	inA, inB := b.inA.at(l), b.inB.at(l)
	invA, invB := b.invA[l], b.invB[l]
	wa, wb = wa.Sub(inA.Apply(ga)), wb.Add(inB.Apply(gb))
	f := n.Scale(sum)
	va, vb = va.Sub(f.Scale(invA)), vb.Add(f.Scale(invB))

	limit := float32(b.grip[l] * total)
	if b.twists {
		most := float32(limit * b.lever[l])
		old := b.twist[l]
		now := old - float32(b.twistMass[l]*wb.Sub(wa).Dot(n))
		now = clamp(now, 0-most, most)
		b.twist[l] = now
		turn := n.Scale(now - old)
		wa, wb = wa.Sub(inA.Apply(turn)), wb.Add(inB.Apply(turn))
	}
	if b.rolls {
		old := b.roll.at(l)
		m := b.rollMass[l]
		now := old.Sub(wb.Sub(wa).Scale(m))
		most := float32(total * b.rollArm[l])
		if s := now.Len2(); s > float32(most*most) {
			now = now.Scale(most / det.Sqrt(s))
		}
		b.roll.set(l, now)
		turn := now.Sub(old)
		wa, wb = wa.Sub(inA.Apply(turn)), wb.Add(inB.Apply(turn))
	}

	ca, cb := b.ca.at(l), b.cb.at(l)
	t1, t2 := b.t1.at(l), b.t2.at(l)
	rel := vb.Add(wb.Cross(cb)).Sub(va).Sub(wa.Cross(ca))
	v1, v2 := rel.Dot(t1), rel.Dot(t2)
	o1, o2 := b.f1[l], b.f2[l]
	m12 := b.m12[l]
	f1 := o1 - (float32(b.m11[l]*v1) + float32(m12*v2))
	f2 := o2 - (float32(m12*v1) + float32(b.m22[l]*v2))
	if s := float32(f1*f1) + float32(f2*f2); s > float32(limit*limit) {
		c := limit / det.Sqrt(s)
		f1, f2 = float32(f1*c), float32(f2*c)
	}
	b.f1[l], b.f2[l] = f1, f2
	f = t1.Scale(f1-o1).AddScaled(f2-o2, t2)
	va, vb = va.Sub(f.Scale(invA)), vb.Add(f.Scale(invB))
	wa, wb = wa.Sub(inA.Apply(ca.Cross(f))), wb.Add(inB.Apply(cb.Cross(f)))
	b.write(rows, l, va, wa, vb, wb)
}

// clamp leaves a NaN alone.
func clamp(x, lo, hi float32) float32 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return x
}

// restitute gives back the closing speed of the points that were hit. It is
// done once in a step, for few contacts, lane by lane.
func (b *bundle) restitute(rows []row) {
	for l := range int(b.count) {
		l &= width - 1
		if b.bounce[l] == 0 || b.approach[l] <= bounceSpeed {
			continue
		}
		n := b.n.at(l)
		ra, rb := &rows[b.a[l]], &rows[b.b[l]]
		va, wa, vb, wb := ra.vel(), ra.spin(), rb.vel(), rb.spin()
		inA, inB := b.inA.at(l), b.inB.at(l)
		for k := range b.points {
			p := &b.pts[k&(maxPoints-1)]
			if p.speed[l] >= -bounceSpeed || p.sum[l] == 0 {
				continue // what has no impulse is no point, or was not hit
			}
			pa, pb := p.a.at(l), p.b.at(l)
			v := vb.Sub(va).Dot(n) + wb.Dot(pb) - wa.Dot(pa)
			now := p.impulse[l] - float32(p.mass[l]*(v+float32(b.bounce[l]*p.speed[l])))
			now = min(max(now, 0), MaxImpulse)
			d := now - p.impulse[l]
			p.impulse[l] = now
			p.sum[l] += d
			va, vb = va.Sub(n.Scale(float32(d*b.invA[l]))), vb.Add(n.Scale(float32(d*b.invB[l])))
			wa, wb = wa.Sub(inA.Apply(pa.Scale(d))), wb.Add(inB.Apply(pb.Scale(d)))
		}
		b.write(rows, l, va, wa, vb, wb)
	}
}

//go:build goexperiment.simd && amd64

package physics

// warmLanes is warm.
func (b *bundle) warmLanes(rows []row) {
	var ga, gb gathered
	gatherLow(rows, &b.a, &ga)
	gatherLow(rows, &b.b, &gb)
	nx, ny, nz := load3(&b.n)
	zero := all(0)
	sum := zero
	gax, gay, gaz, gbx, gby, gbz := zero, zero, zero, zero, zero, zero
	for k := range b.points {
		p := &b.pts[k&(maxPoints-1)]
		i := load(&p.impulse)
		sum = sum.Add(i)
		gax, gay, gaz = gax.Add(i.Mul(load(&p.a.x))), gay.Add(i.Mul(load(&p.a.y))), gaz.Add(i.Mul(load(&p.a.z)))
		gbx, gby, gbz = gbx.Add(i.Mul(load(&p.b.x))), gby.Add(i.Mul(load(&p.b.y))), gbz.Add(i.Mul(load(&p.b.z)))
	}
	f1, f2 := load(&b.f1), load(&b.f2)
	fx := load(&b.t1.x).Mul(f1).Add(f2.Mul(load(&b.t2.x)))
	fy := load(&b.t1.y).Mul(f1).Add(f2.Mul(load(&b.t2.y)))
	fz := load(&b.t1.z).Mul(f1).Add(f2.Mul(load(&b.t2.z)))
	cx, cy, cz := load3(&b.ca)
	cx, cy, cz = cross8(cx, cy, cz, fx, fy, fz)
	gax, gay, gaz = gax.Add(cx), gay.Add(cy), gaz.Add(cz)
	cx, cy, cz = load3(&b.cb)
	cx, cy, cz = cross8(cx, cy, cz, fx, fy, fz)
	gbx, gby, gbz = gbx.Add(cx), gby.Add(cy), gbz.Add(cz)
	if b.twists {
		t := load(&b.twist)
		tx, ty, tz := nx.Mul(t), ny.Mul(t), nz.Mul(t)
		gax, gay, gaz = gax.Add(tx), gay.Add(ty), gaz.Add(tz)
		gbx, gby, gbz = gbx.Add(tx), gby.Add(ty), gbz.Add(tz)
	}
	if b.rolls {
		tx, ty, tz := load3(&b.roll)
		gax, gay, gaz = gax.Add(tx), gay.Add(ty), gaz.Add(tz)
		gbx, gby, gbz = gbx.Add(tx), gby.Add(ty), gbz.Add(tz)
	}
	fx, fy, fz = fx.Add(sum.Mul(nx)), fy.Add(sum.Mul(ny)), fz.Add(sum.Mul(nz))
	inv := load(&b.invA)
	cx, cy, cz = apply8(&b.inA, gax, gay, gaz)
	scatter(rows, &b.toA,
		load(&ga.vel.x).Sub(fx.Mul(inv)), load(&ga.vel.y).Sub(fy.Mul(inv)), load(&ga.vel.z).Sub(fz.Mul(inv)),
		load(&ga.spin.x).Sub(cx), load(&ga.spin.y).Sub(cy), load(&ga.spin.z).Sub(cz), &ga)
	inv = load(&b.invB)
	cx, cy, cz = apply8(&b.inB, gbx, gby, gbz)
	scatter(rows, &b.toB,
		load(&gb.vel.x).Add(fx.Mul(inv)), load(&gb.vel.y).Add(fy.Mul(inv)), load(&gb.vel.z).Add(fz.Mul(inv)),
		load(&gb.spin.x).Add(cx), load(&gb.spin.y).Add(cy), load(&gb.spin.z).Add(cz), &gb)
}

// passLanes is pass.
func (b *bundle) passLanes(rows []row, rate float32, bias bool) {
	var sa, sb gathered
	gatherLow(rows, &b.a, &sa)
	gatherHigh(rows, &b.a, &sa)
	gatherLow(rows, &b.b, &sb)
	gatherHigh(rows, &b.b, &sb)
	nx, ny, nz := load3(&b.n)
	dx, dy, dz := load(&sb.vel.x).Sub(load(&sa.vel.x)), load(&sb.vel.y).Sub(load(&sa.vel.y)), load(&sb.vel.z).Sub(load(&sa.vel.z))
	along := dot8(dx, dy, dz, nx, ny, nz)
	dx, dy, dz = load(&sb.moved.x).Sub(load(&sa.moved.x)), load(&sb.moved.y).Sub(load(&sa.moved.y)), load(&sb.moved.z).Sub(load(&sa.moved.z))
	apart := dot8(dx, dy, dz, nx, ny, nz)

	zero := all(0)
	total, sum := zero, zero
	gax, gay, gaz, gbx, gby, gbz := zero, zero, zero, zero, zero, zero
	var d [maxPoints]lane
	base := 0
	for k := range b.points {
		k &= maxPoints - 1
		p := &b.pts[k]
		pax, pay, paz := load3(&p.a)
		pbx, pby, pbz := load3(&p.b)
		gap := apart.Add(dot8(load(&sb.turn.x), load(&sb.turn.y), load(&sb.turn.z), pbx, pby, pbz))
		gap = gap.Sub(dot8(load(&sa.turn.x), load(&sa.turn.y), load(&sa.turn.z), pax, pay, paz)).Add(load(&p.rest))
		v := along.Add(dot8(load(&sb.spin.x), load(&sb.spin.y), load(&sb.spin.z), pbx, pby, pbz))
		v = v.Sub(dot8(load(&sa.spin.x), load(&sa.spin.y), load(&sa.spin.z), pax, pay, paz))
		for j := range k {
			v = v.Add(load(&b.pull[base+j]).Mul(load(&d[j])))
		}
		base += k
		old := load(&p.impulse)
		mass := load(&p.mass)
		open := gap.Greater(zero)
		speed := gap.Mul(all(rate)) // may close, but no further
		var now f8
		if bias {
			push := load(&b.rate).Mul(gap)
			least := all(-maxPush)
			push = least.Merge(push, push.Less(least))
			speed = speed.Merge(push, open)
			mass = mass.Merge(mass.Mul(load(&b.mass)), open)
			slack := zero.Merge(load(&b.slack), open)
			now = old.Sub(mass.Mul(v.Add(speed))).Sub(slack.Mul(old))
		} else {
			speed = speed.Merge(zero, open)
			now = old.Sub(mass.Mul(v.Add(speed)))
		}
		most := all(MaxImpulse)
		now = now.Merge(zero, now.Greater(zero))
		now = most.Merge(now, now.Greater(most))
		store(now, &p.impulse)
		if !bias {
			store(load(&p.sum).Add(now), &p.sum)
		}
		change := now.Sub(old)
		store(change, &d[k])
		total = total.Add(now)
		sum = sum.Add(change)
		gax, gay, gaz = gax.Add(change.Mul(pax)), gay.Add(change.Mul(pay)), gaz.Add(change.Mul(paz))
		gbx, gby, gbz = gbx.Add(change.Mul(pbx)), gby.Add(change.Mul(pby)), gbz.Add(change.Mul(pbz))
	}
	cx, cy, cz := apply8(&b.inA, gax, gay, gaz)
	wax, way, waz := load(&sa.spin.x).Sub(cx), load(&sa.spin.y).Sub(cy), load(&sa.spin.z).Sub(cz)
	cx, cy, cz = apply8(&b.inB, gbx, gby, gbz)
	wbx, wby, wbz := load(&sb.spin.x).Add(cx), load(&sb.spin.y).Add(cy), load(&sb.spin.z).Add(cz)
	fx, fy, fz := nx.Mul(sum), ny.Mul(sum), nz.Mul(sum)
	invA, invB := load(&b.invA), load(&b.invB)
	vax, vay, vaz := load(&sa.vel.x).Sub(fx.Mul(invA)), load(&sa.vel.y).Sub(fy.Mul(invA)), load(&sa.vel.z).Sub(fz.Mul(invA))
	vbx, vby, vbz := load(&sb.vel.x).Add(fx.Mul(invB)), load(&sb.vel.y).Add(fy.Mul(invB)), load(&sb.vel.z).Add(fz.Mul(invB))

	limit := load(&b.grip).Mul(total)
	if b.twists {
		most := limit.Mul(load(&b.lever))
		least := zero.Sub(most)
		old := load(&b.twist)
		now := old.Sub(load(&b.twistMass).Mul(dot8(wbx.Sub(wax), wby.Sub(way), wbz.Sub(waz), nx, ny, nz)))
		now = least.Merge(now, now.Less(least))
		now = most.Merge(now, now.Greater(most))
		store(now, &b.twist)
		t := now.Sub(old)
		tx, ty, tz := nx.Mul(t), ny.Mul(t), nz.Mul(t)
		cx, cy, cz = apply8(&b.inA, tx, ty, tz)
		wax, way, waz = wax.Sub(cx), way.Sub(cy), waz.Sub(cz)
		cx, cy, cz = apply8(&b.inB, tx, ty, tz)
		wbx, wby, wbz = wbx.Add(cx), wby.Add(cy), wbz.Add(cz)
	}
	if b.rolls {
		ox, oy, oz := load3(&b.roll)
		m := load(&b.rollMass)
		rx, ry, rz := ox.Sub(wbx.Sub(wax).Mul(m)), oy.Sub(wby.Sub(way).Mul(m)), oz.Sub(wbz.Sub(waz).Mul(m))
		most := total.Mul(load(&b.rollArm))
		s := dot8(rx, ry, rz, rx, ry, rz)
		over := s.Greater(most.Mul(most))
		c := most.Div(s.Sqrt())
		rx, ry, rz = rx.Mul(c).Merge(rx, over), ry.Mul(c).Merge(ry, over), rz.Mul(c).Merge(rz, over)
		store3(rx, ry, rz, &b.roll)
		rx, ry, rz = rx.Sub(ox), ry.Sub(oy), rz.Sub(oz)
		cx, cy, cz = apply8(&b.inA, rx, ry, rz)
		wax, way, waz = wax.Sub(cx), way.Sub(cy), waz.Sub(cz)
		cx, cy, cz = apply8(&b.inB, rx, ry, rz)
		wbx, wby, wbz = wbx.Add(cx), wby.Add(cy), wbz.Add(cz)
	}

	ax, ay, az := load3(&b.ca)
	bx, by, bz := load3(&b.cb)
	cx, cy, cz = cross8(wbx, wby, wbz, bx, by, bz)
	dx, dy, dz = vbx.Add(cx).Sub(vax), vby.Add(cy).Sub(vay), vbz.Add(cz).Sub(vaz)
	cx, cy, cz = cross8(wax, way, waz, ax, ay, az)
	dx, dy, dz = dx.Sub(cx), dy.Sub(cy), dz.Sub(cz)
	t1x, t1y, t1z := load3(&b.t1)
	t2x, t2y, t2z := load3(&b.t2)
	v1, v2 := dot8(dx, dy, dz, t1x, t1y, t1z), dot8(dx, dy, dz, t2x, t2y, t2z)
	o1, o2 := load(&b.f1), load(&b.f2)
	m12 := load(&b.m12)
	f1 := o1.Sub(load(&b.m11).Mul(v1).Add(m12.Mul(v2)))
	f2 := o2.Sub(m12.Mul(v1).Add(load(&b.m22).Mul(v2)))
	s := f1.Mul(f1).Add(f2.Mul(f2))
	over := s.Greater(limit.Mul(limit))
	c := limit.Div(s.Sqrt())
	f1, f2 = f1.Mul(c).Merge(f1, over), f2.Mul(c).Merge(f2, over)
	store(f1, &b.f1)
	store(f2, &b.f2)
	f1, f2 = f1.Sub(o1), f2.Sub(o2)
	fx, fy, fz = t1x.Mul(f1).Add(f2.Mul(t2x)), t1y.Mul(f1).Add(f2.Mul(t2y)), t1z.Mul(f1).Add(f2.Mul(t2z))
	cx, cy, cz = cross8(ax, ay, az, fx, fy, fz)
	cx, cy, cz = apply8(&b.inA, cx, cy, cz)
	scatter(rows, &b.toA, vax.Sub(fx.Mul(invA)), vay.Sub(fy.Mul(invA)), vaz.Sub(fz.Mul(invA)),
		wax.Sub(cx), way.Sub(cy), waz.Sub(cz), &sa)
	cx, cy, cz = cross8(bx, by, bz, fx, fy, fz)
	cx, cy, cz = apply8(&b.inB, cx, cy, cz)
	scatter(rows, &b.toB, vbx.Add(fx.Mul(invB)), vby.Add(fy.Mul(invB)), vbz.Add(fz.Mul(invB)),
		wbx.Add(cx), wby.Add(cy), wbz.Add(cz), &sb)
}

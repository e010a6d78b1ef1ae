//go:build goexperiment.simd && amd64

package physics

// prepareLanes is prepare.
func (b *bundle) prepareLanes(rows []row) {
	var sa, sb gathered
	gatherLow(rows, &b.a, &sa)
	gatherLow(rows, &b.b, &sb)
	zero, one := all(0), all(1)
	nx, ny, nz := load3(&b.n)

	steep := nx.GreaterEqual(all(0.57735)).Or(zero.Sub(nx).GreaterEqual(all(0.57735)))
	ux := ny.Merge(zero, steep)
	uy := zero.Sub(nx).Merge(nz, steep)
	uz := zero.Merge(zero.Sub(ny), steep)
	c := one.Div(dot8(ux, uy, uz, ux, uy, uz).Sqrt())
	ux, uy, uz = ux.Mul(c), uy.Mul(c), uz.Mul(c)
	store3(ux, uy, uz, &b.t1)
	tx, ty, tz := cross8(nx, ny, nz, ux, uy, uz)
	store3(tx, ty, tz, &b.t2)

	inv := load(&b.invA).Add(load(&b.invB))
	dx, dy, dz := load(&sb.vel.x).Sub(load(&sa.vel.x)), load(&sb.vel.y).Sub(load(&sa.vel.y)), load(&sb.vel.z).Sub(load(&sa.vel.z))
	along := dot8(dx, dy, dz, nx, ny, nz)
	has := load(&b.has)
	cax, cay, caz, cbx, cby, cbz := zero, zero, zero, zero, zero, zero
	var ka, kb [maxPoints]lane3
	approach := zero
	base := 0
	for k := range b.points {
		k &= maxPoints - 1
		p := &b.pts[k]
		x, y, z := load3(&p.a)
		cax, cay, caz = cax.Add(x), cay.Add(y), caz.Add(z)
		gax, gay, gaz := cross8(x, y, z, nx, ny, nz)
		store3(gax, gay, gaz, &p.a)
		x, y, z = load3(&p.b)
		cbx, cby, cbz = cbx.Add(x), cby.Add(y), cbz.Add(z)
		gbx, gby, gbz := cross8(x, y, z, nx, ny, nz)
		store3(gbx, gby, gbz, &p.b)
		x, y, z = apply8(&b.inA, gax, gay, gaz)
		store3(x, y, z, &ka[k])
		heavy := inv.Add(dot8(gax, gay, gaz, x, y, z))
		x, y, z = apply8(&b.inB, gbx, gby, gbz)
		store3(x, y, z, &kb[k])
		heavy = heavy.Add(dot8(gbx, gby, gbz, x, y, z))
		is := has.Greater(all(float32(k)))
		speed := along.Add(dot8(load(&sb.spin.x), load(&sb.spin.y), load(&sb.spin.z), gbx, gby, gbz))
		speed = speed.Sub(dot8(load(&sa.spin.x), load(&sa.spin.y), load(&sa.spin.z), gax, gay, gaz))
		speed = speed.Merge(zero, is)
		store(one.Div(heavy).Merge(zero, is), &p.mass)
		store(speed, &p.speed)
		s := zero.Sub(speed)
		approach = s.Merge(approach, s.Greater(approach))
		for j := range k {
			x, y, z = load3(&ka[j])
			pull := inv.Add(dot8(gax, gay, gaz, x, y, z))
			x, y, z = load3(&kb[j])
			store(pull.Add(dot8(gbx, gby, gbz, x, y, z)), &b.pull[base+j])
		}
		base += k
	}
	store(approach, &b.approach)
	share := one.Div(has).Merge(zero, has.Greater(zero))
	cax, cay, caz = cax.Mul(share), cay.Mul(share), caz.Mul(share)
	cbx, cby, cbz = cbx.Mul(share), cby.Mul(share), cbz.Mul(share)
	store3(cax, cay, caz, &b.ca)
	store3(cbx, cby, cbz, &b.cb)

	a1x, a1y, a1z := cross8(cax, cay, caz, ux, uy, uz)
	b1x, b1y, b1z := cross8(cbx, cby, cbz, ux, uy, uz)
	x, y, z := apply8(&b.inA, a1x, a1y, a1z)
	k11 := inv.Add(dot8(a1x, a1y, a1z, x, y, z))
	x, y, z = apply8(&b.inB, b1x, b1y, b1z)
	k11 = k11.Add(dot8(b1x, b1y, b1z, x, y, z))
	gx, gy, gz := cross8(cax, cay, caz, tx, ty, tz)
	x, y, z = apply8(&b.inA, gx, gy, gz)
	k22 := inv.Add(dot8(gx, gy, gz, x, y, z))
	k12 := dot8(a1x, a1y, a1z, x, y, z)
	gx, gy, gz = cross8(cbx, cby, cbz, tx, ty, tz)
	x, y, z = apply8(&b.inB, gx, gy, gz)
	k22 = k22.Add(dot8(gx, gy, gz, x, y, z))
	k12 = k12.Add(dot8(b1x, b1y, b1z, x, y, z))
	k := k11.Mul(k22)
	d := k.Sub(k12.Mul(k12))
	regular := d.Greater(all(1e-5).Mul(k))
	d = one.Div(d)
	store(k22.Mul(d).Merge(one.Div(k11), regular), &b.m11)
	store(zero.Sub(k12).Mul(d).Merge(zero, regular), &b.m12)
	store(k11.Mul(d).Merge(one.Div(k22), regular), &b.m22)
	x, y, z = load3(&b.friction)
	store(dot8(x, y, z, ux, uy, uz), &b.f1)
	store(dot8(x, y, z, tx, ty, tz), &b.f2)

	if b.twists {
		x, y, z = apply8(&b.inA, nx, ny, nz)
		heavy := dot8(nx, ny, nz, x, y, z)
		x, y, z = apply8(&b.inB, nx, ny, nz)
		heavy = heavy.Add(dot8(nx, ny, nz, x, y, z))
		turns := heavy.Greater(zero).And(has.Greater(one))
		store(one.Div(heavy).Merge(zero, turns), &b.twistMass)
		store(load(&b.twist).Merge(zero, turns), &b.twist)
		mx, my, mz := cross8(cbx, cby, cbz, nx, ny, nz)
		lever := zero
		for k := range b.points {
			x, y, z = load3(&b.pts[k&(maxPoints-1)].b)
			x, y, z = x.Sub(mx), y.Sub(my), z.Sub(mz)
			far := dot8(x, y, z, x, y, z).Sqrt()
			lever = far.Merge(lever, far.Greater(lever).And(has.Greater(all(float32(k)))))
		}
		store(lever, &b.lever)
	}
	if b.rolls {
		trace := load(&b.inA.xx).Add(load(&b.inA.yy)).Add(load(&b.inA.zz)).Add(load(&b.inB.xx)).Add(load(&b.inB.yy)).Add(load(&b.inB.zz))
		rolls := trace.Greater(zero).And(load(&b.rollArm).Greater(zero))
		store(one.Div(trace).Merge(zero, rolls), &b.rollMass)
		x, y, z = load3(&b.roll)
		store3(x.Merge(zero, rolls), y.Merge(zero, rolls), z.Merge(zero, rolls), &b.roll)
	}
}

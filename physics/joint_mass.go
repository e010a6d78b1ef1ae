package physics

import "github.com/metatopia/metatopia/spatial/det"

// pointMass is what an impulse meets that pushes a at ra and b at rb: the
// inverse of K = 1/ma + 1/mb - [ra]·Ia⁻¹·[ra] - [rb]·Ib⁻¹·[rb].
func pointMass(ma, mb *motion, ra, rb det.Vec) det.Sym {
	inv := ma.inv + mb.inv
	k := det.Sym{XX: inv, YY: inv, ZZ: inv}
	addArm(&k, &ma.inertia, ra)
	addArm(&k, &mb.inertia, rb)
	return inverse(&k)
}

// addArm adds -[r]·i·[r] to k.
func addArm(k, i *det.Sym, r det.Vec) {
	// The columns of [r] and what i makes of them.
	x, y, z := det.Vec{Y: r.Z, Z: -r.Y}, det.Vec{X: -r.Z, Z: r.X}, det.Vec{X: r.Y, Y: -r.X}
	ix, iy, iz := i.Apply(x), i.Apply(y), i.Apply(z)
	k.XX += x.Dot(ix)
	k.YY += y.Dot(iy)
	k.ZZ += z.Dot(iz)
	k.XY += x.Dot(iy)
	k.XZ += x.Dot(iz)
	k.YZ += y.Dot(iz)
}

// turnMass is what a turn between a and b meets.
func turnMass(ma, mb *motion) det.Sym {
	k := sumInertia(ma, mb)
	return inverse(&k)
}

func sumInertia(ma, mb *motion) det.Sym {
	a, b := &ma.inertia, &mb.inertia
	return det.Sym{
		XX: a.XX + b.XX, YY: a.YY + b.YY, ZZ: a.ZZ + b.ZZ,
		XY: a.XY + b.XY, XZ: a.XZ + b.XZ, YZ: a.YZ + b.YZ,
	}
}

// nearlySingular is the determinant of a 2x2 or 3x3 matrix over the product of
// its diagonal below which rounding is most of it.
const nearlySingular = 1e-5

// inverse of a symmetric positive matrix by cofactors. What is nearly
// singular gives the inverse of the trace, which never overshoots; zero gives
// zero.
func inverse(k *det.Sym) det.Sym {
	xx := float32(k.YY*k.ZZ) - float32(k.YZ*k.YZ)
	xy := float32(k.XZ*k.YZ) - float32(k.XY*k.ZZ)
	xz := float32(k.XY*k.YZ) - float32(k.XZ*k.YY)
	d := float32(k.XX*xx) + float32(k.XY*xy) + float32(k.XZ*xz)
	if !(d > float32(nearlySingular*float32(float32(k.XX*k.YY)*k.ZZ))) {
		t := reciprocal(k.XX + k.YY + k.ZZ)
		return det.Sym{XX: t, YY: t, ZZ: t}
	}
	d = 1 / d
	return det.Sym{
		XX: float32(xx * d), XY: float32(xy * d), XZ: float32(xz * d),
		YY: float32((float32(k.XX*k.ZZ) - float32(k.XZ*k.XZ)) * d),
		YZ: float32((float32(k.XY*k.XZ) - float32(k.XX*k.YZ)) * d),
		ZZ: float32((float32(k.XX*k.YY) - float32(k.XY*k.XY)) * d),
	}
}

// pair is a symmetric 2x2 matrix.
type pair struct{ uu, uv, vv float32 }

func (m *pair) apply(u, v float32) (float32, float32) {
	return float32(m.uu*u) + float32(m.uv*v), float32(m.uv*u) + float32(m.vv*v)
}

// inverse is like that of a det.Sym.
func (m *pair) inverse() pair {
	d := float32(m.uu*m.vv) - float32(m.uv*m.uv)
	if !(d > float32(nearlySingular*float32(m.uu*m.vv))) {
		t := reciprocal(m.uu + m.vv)
		return pair{uu: t, vv: t}
	}
	d = 1 / d
	return pair{float32(m.vv * d), float32(-m.uv * d), float32(m.uu * d)}
}

// reciprocal of what cannot move is 0.
func reciprocal(x float32) float32 {
	if x > 0 {
		return 1 / x
	}
	return 0
}

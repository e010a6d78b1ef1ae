//go:build goexperiment.simd && amd64

package physics

import "simd/archsimd"

// hasLanes: eight contacts are solved at once where the CPU can.
var hasLanes = archsimd.X86.AVX2()

// f8 is one number of each lane. Every function below does, in each lane, what
// the function of the same name in prepare.go or pass.go does, operation for
// operation: the bits are the same. Where a comparison decides, the scalar code
// compares too: minimum and maximum instructions treat zeros and NaN otherwise.
type f8 = archsimd.Float32x8

func load(p *lane) f8     { return archsimd.LoadFloat32x8((*[width]float32)(p)) }
func store(x f8, p *lane) { x.Store((*[width]float32)(p)) }
func all(x float32) f8    { return archsimd.BroadcastFloat32x8(x) }

// clearLanes must follow a run of lanes: code for single floats is slow while
// the upper halves of the registers are in use.
func clearLanes() {
	if hasLanes {
		archsimd.ClearAVXUpperBits()
	}
}

func load3(v *lane3) (x, y, z f8) { return load(&v.x), load(&v.y), load(&v.z) }

func store3(x, y, z f8, v *lane3) {
	store(x, &v.x)
	store(y, &v.y)
	store(z, &v.z)
}

func dot8(ax, ay, az, bx, by, bz f8) f8 { return ax.Mul(bx).Add(ay.Mul(by)).Add(az.Mul(bz)) }

func cross8(ax, ay, az, bx, by, bz f8) (x, y, z f8) {
	return ay.Mul(bz).Sub(az.Mul(by)), az.Mul(bx).Sub(ax.Mul(bz)), ax.Mul(by).Sub(ay.Mul(bx))
}

// apply8 is det.Sym.Apply; the matrix is read from memory, there are not
// enough registers.
func apply8(s *lane6, x, y, z f8) (a, b, c f8) {
	xy, xz, yz := load(&s.xy), load(&s.xz), load(&s.yz)
	return load(&s.xx).Mul(x).Add(xy.Mul(y)).Add(xz.Mul(z)),
		xy.Mul(x).Add(load(&s.yy).Mul(y)).Add(yz.Mul(z)),
		xz.Mul(x).Add(yz.Mul(y)).Add(load(&s.zz).Mul(z))
}

// transpose turns eight rows of eight into eight columns.
func transpose(r0, r1, r2, r3, r4, r5, r6, r7 f8) (c0, c1, c2, c3, c4, c5, c6, c7 f8) {
	a0, a1, a2, a3 := r0.Select128FromPair(0, 2, r4), r1.Select128FromPair(0, 2, r5), r2.Select128FromPair(0, 2, r6), r3.Select128FromPair(0, 2, r7)
	b0, b1, b2, b3 := r0.Select128FromPair(1, 3, r4), r1.Select128FromPair(1, 3, r5), r2.Select128FromPair(1, 3, r6), r3.Select128FromPair(1, 3, r7)
	t0, t1 := a0.SelectFromPairGrouped(0, 1, 4, 5, a1), a2.SelectFromPairGrouped(0, 1, 4, 5, a3)
	t2, t3 := a0.SelectFromPairGrouped(2, 3, 6, 7, a1), a2.SelectFromPairGrouped(2, 3, 6, 7, a3)
	c0, c1 = t0.SelectFromPairGrouped(0, 2, 4, 6, t1), t0.SelectFromPairGrouped(1, 3, 5, 7, t1)
	c2, c3 = t2.SelectFromPairGrouped(0, 2, 4, 6, t3), t2.SelectFromPairGrouped(1, 3, 5, 7, t3)
	t0, t1 = b0.SelectFromPairGrouped(0, 1, 4, 5, b1), b2.SelectFromPairGrouped(0, 1, 4, 5, b3)
	t2, t3 = b0.SelectFromPairGrouped(2, 3, 6, 7, b1), b2.SelectFromPairGrouped(2, 3, 6, 7, b3)
	c4, c5 = t0.SelectFromPairGrouped(0, 2, 4, 6, t1), t0.SelectFromPairGrouped(1, 3, 5, 7, t1)
	c6, c7 = t2.SelectFromPairGrouped(0, 2, 4, 6, t3), t2.SelectFromPairGrouped(1, 3, 5, 7, t3)
	return
}

// gathered is the state of the bodies of eight contacts on one side.
type gathered struct {
	vel, spin, moved, turn lane3
}

// gatherLow reads velocity and spin of the rows at.
func gatherLow(rows []row, at *[width]int32, g *gathered) {
	vx, vy, vz, wx, wy, wz, px, py := transpose(
		archsimd.LoadFloat32x8(&rows[at[0]].lo), archsimd.LoadFloat32x8(&rows[at[1]].lo),
		archsimd.LoadFloat32x8(&rows[at[2]].lo), archsimd.LoadFloat32x8(&rows[at[3]].lo),
		archsimd.LoadFloat32x8(&rows[at[4]].lo), archsimd.LoadFloat32x8(&rows[at[5]].lo),
		archsimd.LoadFloat32x8(&rows[at[6]].lo), archsimd.LoadFloat32x8(&rows[at[7]].lo))
	store3(vx, vy, vz, &g.vel)
	store3(wx, wy, wz, &g.spin)
	store(px, &g.moved.x)
	store(py, &g.moved.y)
}

// gatherHigh reads the rest.
func gatherHigh(rows []row, at *[width]int32, g *gathered) {
	pz, ax, ay, az, _, _, _, _ := transpose(
		archsimd.LoadFloat32x8(&rows[at[0]].hi), archsimd.LoadFloat32x8(&rows[at[1]].hi),
		archsimd.LoadFloat32x8(&rows[at[2]].hi), archsimd.LoadFloat32x8(&rows[at[3]].hi),
		archsimd.LoadFloat32x8(&rows[at[4]].hi), archsimd.LoadFloat32x8(&rows[at[5]].hi),
		archsimd.LoadFloat32x8(&rows[at[6]].hi), archsimd.LoadFloat32x8(&rows[at[7]].hi))
	store(pz, &g.moved.z)
	store3(ax, ay, az, &g.turn)
}

// scatter writes velocity and spin to the rows at; the movement goes back as
// it was read.
func scatter(rows []row, at *[width]int32, vx, vy, vz, wx, wy, wz f8, g *gathered) {
	r0, r1, r2, r3, r4, r5, r6, r7 := transpose(vx, vy, vz, wx, wy, wz, load(&g.moved.x), load(&g.moved.y))
	r0.Store(&rows[at[0]].lo)
	r1.Store(&rows[at[1]].lo)
	r2.Store(&rows[at[2]].lo)
	r3.Store(&rows[at[3]].lo)
	r4.Store(&rows[at[4]].lo)
	r5.Store(&rows[at[5]].lo)
	r6.Store(&rows[at[6]].lo)
	r7.Store(&rows[at[7]].lo)
}

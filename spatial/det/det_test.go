package det

import (
	"hash/fnv"
	"math"
	"testing"
)

// samples walks over angles and vectors in a fixed way that needs no random
// source of another package.
func samples(n int, f func(a, b, c float32)) {
	x := uint32(1)
	next := func() float32 {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		return float32(int32(x)) / (1 << 26) // ±32
	}
	for range n {
		f(next(), next(), next())
	}
}

// TestGolden hashes the bits of every function: another CPU must get the same.
// The constant changes only with the maths.
func TestGolden(t *testing.T) {
	h := fnv.New64a()
	put := func(xs ...float32) {
		for _, x := range xs {
			b := math.Float32bits(x)
			h.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
		}
	}
	vec := func(v Vec) { put(v.X, v.Y, v.Z) }
	samples(20000, func(a, b, c float32) {
		put(Sin(a), Cos(b), Atan2(b, c), Sqrt(Abs(c)), Sin(float32(a*100)))
		u, v := Vec{a, b, c}, Vec{c, a, b}
		vec(u.Cross(v))
		vec(u.AddScaled(b, v).Unit(Vec{X: 1}))
		vec(u.Limit(3))
		q := AxisAngle(u.Unit(Vec{Y: 1}), c)
		q = q.Turn(v.Scale(0.01)).Mul(q)
		put(q.X, q.Y, q.Z, q.W)
		m := q.Matrix()
		vec(m.Apply(v))
		vec(m.ApplyInverse(u))
		vec(q.Rotate(u))
		s := m.Congruent(Vec{1, 2, 3})
		vec(s.Apply(v))
		x, _ := (&Mat{u, v, Vec{b, c, a}}).Solve(Vec{1, 2, 3})
		vec(x)
	})
	const want = 0xe2dfa56fb15a5457
	if got := h.Sum64(); got != want {
		t.Errorf("bits %#x, want %#x", got, uint64(want))
	}
}

func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= tolerance) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// TestTrigonometry against package math, which is right if not the same on
// every CPU.
func TestTrigonometry(t *testing.T) {
	samples(20000, func(a, b, _ float32) {
		near(t, "sin", Sin(a), math.Sin(float64(a)), 4e-7)
		near(t, "cos", Cos(a), math.Cos(float64(a)), 4e-7)
		near(t, "atan2", Atan2(a, b), math.Atan2(float64(a), float64(b)), 5e-7)
	})
	for _, x := range []float32{0, Pi / 4, Pi / 2, Pi, -Pi, 2 * Pi, 1e-20, 1000} {
		near(t, "sin", Sin(x), math.Sin(float64(x)), 1e-6)
		near(t, "cos", Cos(x), math.Cos(float64(x)), 1e-6)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, x := range []float32{nan, inf, -inf, math.MaxFloat32, -math.MaxFloat32} {
		for _, y := range []float32{Sin(x), Cos(x), Atan2(x, x), Atan2(x, 1), Atan2(1, x)} {
			if !Finite(y) || Abs(y) > Pi {
				t.Errorf("%v gives %v", x, y)
			}
		}
	}
	for _, c := range []struct{ y, x, want float32 }{
		{0, 1, 0}, {1, 0, Pi / 2}, {-1, 0, -Pi / 2}, {0, -1, Pi}, {0, 0, 0}, {1, 1, Pi / 4}, {-1, -1, -3 * Pi / 4},
	} {
		near(t, "atan2", Atan2(c.y, c.x), float64(c.want), 3e-7)
	}
}

func TestRotations(t *testing.T) {
	samples(2000, func(a, b, c float32) {
		q := AxisAngle(Vec{a, b, c}.Unit(Vec{Y: 1}), a)
		v := Vec{b, c, a}
		size := float64(v.Len())
		r := q.Rotate(v)
		near(t, "length kept", r.Len(), size, 1e-4)
		near(t, "undone", q.Conj().Rotate(r).Sub(v).Len(), 0, 1e-4)
		m := q.Matrix()
		near(t, "matrix", m.Apply(v).Sub(r).Len(), 0, 1e-4)
		near(t, "inverse", m.ApplyInverse(r).Sub(v).Len(), 0, 1e-4)
		p := AxisAngle(Vec{Y: 1}, b)
		near(t, "product", q.Mul(p).Rotate(v).Sub(q.Rotate(p.Rotate(v))).Len(), 0, 2e-4)
	})
	quarter := AxisAngle(Vec{Y: 1}, Pi/2).Rotate(Vec{Z: 1})
	near(t, "right hand", quarter.Sub(Vec{X: 1}).Len(), 0, 1e-6)
	q := Identity
	for range 1000 {
		q = q.Turn(Vec{Y: Pi / 2000})
	}
	near(t, "small turns", q.Rotate(Vec{Z: 1}).Sub(Vec{X: 1}).Len(), 0, 1e-3)
}

func TestSolve(t *testing.T) {
	m := Mat{Vec{2, 0, 1}, Vec{0, 3, 0}, Vec{1, 0, 4}}
	x, ok := m.Solve(Vec{3, 6, 5})
	near(t, "residue", m.Apply(x).Sub(Vec{3, 6, 5}).Len(), 0, 1e-5)
	if !ok {
		t.Error("a regular matrix is called singular")
	}
	if x, ok := (&Mat{A: Vec{1, 1, 1}, B: Vec{2, 2, 2}}).Solve(Vec{1, 2, 3}); ok || x != (Vec{}) {
		t.Error("a singular matrix was solved")
	}
}

func TestGuards(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	if Finite(nan) || Finite(inf) || !Finite(0) || !Finite(-math.MaxFloat32) {
		t.Error("Finite")
	}
	if (Quat{}).Unit() != Identity || (Quat{W: nan}).Unit() != Identity {
		t.Error("Quat.Unit")
	}
	if f := (Vec{Y: 1}); (Vec{}).Unit(f) != f || (Vec{X: nan}).Unit(f) != f || (Vec{X: 3e38, Y: 3e38}).Unit(f) != f {
		t.Error("Vec.Unit")
	}
	if got := (Vec{X: 3, Y: 4}).Limit(2.5); got != (Vec{X: 1.5, Y: 2}) {
		t.Error("Limit", got)
	}
	if Clamp(5, -1, 1) != 1 || Clamp(-5, -1, 1) != -1 || Clamp(0.5, -1, 1) != 0.5 {
		t.Error("Clamp")
	}
}

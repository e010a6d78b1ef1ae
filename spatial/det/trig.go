package det

import "math"

// Pi is the float32 nearest to π.
const Pi float32 = math.Pi

// π/2 in two parts, the first of 8 significant bits, so that k times it is
// exact for |k| < 4096 (Cody and Waite 1980).
const (
	halfPiHi float32 = 1.5703125
	halfPiLo float32 = 4.83826794896619e-4
)

// MaxAngle bounds the argument of Sin and Cos, in radians: beyond it the
// reduction loses bits, so they give the value at the bound.
const MaxAngle float32 = 6400

// Sin of x radians, to about 2e-7 for |x| up to 100. NaN gives 0.
func Sin(x float32) float32 { return wave(x, 0) }

// Cos of x radians. NaN gives Cos(0).
func Cos(x float32) float32 { return wave(x, 1) }

func wave(x float32, quarter int32) float32 {
	if x != x {
		x = 0
	}
	x = Clamp(x, -MaxAngle, MaxAngle)
	k := float32(math.Floor(float64(float32(x*(2/Pi)) + 0.5)))
	r := x - float32(k*halfPiHi)
	r -= float32(k * halfPiLo)
	//lint:clamped MaxAngle holds few quarters
	switch q := (int32(k) + quarter) & 3; q {
	case 0:
		return sinPoly(r)
	case 1:
		return cosPoly(r)
	case 2:
		return -sinPoly(r)
	}
	return -cosPoly(r)
}

// sinPoly and cosPoly are the Cephes minimax polynomials for |r| <= π/4
// (Moshier, sinf.c).
func sinPoly(r float32) float32 {
	z := float32(r * r)
	p := float32(-1.9515295891e-4*z) + 8.3321608736e-3
	p = float32(p*z) - 1.6666654611e-1
	return r + float32(float32(p*z)*r)
}

func cosPoly(r float32) float32 {
	z := float32(r * r)
	p := float32(2.443315711809948e-5*z) - 1.388731625493765e-3
	p = float32(p*z) + 4.166664568298827e-2
	return 1 - float32(0.5*z) + float32(float32(p*z)*z)
}

// Atan2 is the angle of (x, y) in (-π, π], to about 3e-7. Both zero, or a NaN,
// gives 0.
func Atan2(y, x float32) float32 {
	if x != x || y != y || (x == 0 && y == 0) {
		return 0
	}
	ax, ay := min(Abs(x), math.MaxFloat32), min(Abs(y), math.MaxFloat32)
	var a float32
	if ay <= ax {
		a = atanUnit(ay / ax)
	} else {
		a = Pi/2 - atanUnit(ax/ay)
	}
	if x < 0 {
		a = Pi - a
	}
	if y < 0 {
		a = -a
	}
	return a
}

// atanUnit is the arctangent on 0..1: reduced to |t| <= tan(π/8), then the
// Cephes polynomial (Moshier, atanf.c).
func atanUnit(t float32) float32 {
	var base float32
	if t > 0.4142135623730950 {
		t = (t - 1) / (t + 1)
		base = Pi / 4
	}
	z := float32(t * t)
	p := float32(8.05374449538e-2*z) - 1.38776856032e-1
	p = float32(p*z) + 1.99777106478e-1
	p = float32(p*z) - 3.33329491539e-1
	return base + (float32(float32(p*z)*t) + t)
}

package det

import "math"

// Sqrt is correctly rounded: the root of a float32 taken in float64 and
// rounded again is the correctly rounded float32 root (Figueroa 1995).
func Sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Abs clears the sign bit.
func Abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// Finite is false for NaN and for both infinities.
func Finite(x float32) bool { return math.Float32bits(x)&0x7f800000 != 0x7f800000 }

// Clamp limits x to lo..hi. x must not be NaN.
func Clamp(x, lo, hi float32) float32 {
	if x < lo {
		return lo
	}
	if x > hi {
		return hi
	}
	return x
}

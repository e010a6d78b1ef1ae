package det

// Vec is a vector of three float32. It converts to and from spatial.Vec.
type Vec struct{ X, Y, Z float32 }

func (a Vec) Add(b Vec) Vec { return Vec{a.X + b.X, a.Y + b.Y, a.Z + b.Z} }
func (a Vec) Sub(b Vec) Vec { return Vec{a.X - b.X, a.Y - b.Y, a.Z - b.Z} }
func (a Vec) Neg() Vec      { return Vec{-a.X, -a.Y, -a.Z} }

// Scale is s·a.
func (a Vec) Scale(s float32) Vec {
	return Vec{float32(a.X * s), float32(a.Y * s), float32(a.Z * s)}
}

// AddScaled is a + s·b, each product rounded before the sum.
func (a Vec) AddScaled(s float32, b Vec) Vec {
	return Vec{a.X + float32(s*b.X), a.Y + float32(s*b.Y), a.Z + float32(s*b.Z)}
}

// Dot sums from X to Z: the order is part of the result.
func (a Vec) Dot(b Vec) float32 {
	return float32(a.X*b.X) + float32(a.Y*b.Y) + float32(a.Z*b.Z)
}

func (a Vec) Cross(b Vec) Vec {
	return Vec{
		float32(a.Y*b.Z) - float32(a.Z*b.Y),
		float32(a.Z*b.X) - float32(a.X*b.Z),
		float32(a.X*b.Y) - float32(a.Y*b.X),
	}
}

// Len2 is the squared length.
func (a Vec) Len2() float32 { return a.Dot(a) }

func (a Vec) Len() float32 { return Sqrt(a.Dot(a)) }

// Unit is a scaled to length 1, or fallback when a is too short to have a
// direction.
func (a Vec) Unit(fallback Vec) Vec {
	l := a.Len()
	if !(l > 1e-12) || !Finite(l) {
		return fallback
	}
	return a.Scale(1 / l)
}

// Limit shortens a to at most length l.
func (a Vec) Limit(l float32) Vec {
	n := a.Dot(a)
	if n <= float32(l*l) {
		return a
	}
	return a.Scale(l / Sqrt(n))
}

// Abs takes the absolute value of each component.
func (a Vec) Abs() Vec { return Vec{Abs(a.X), Abs(a.Y), Abs(a.Z)} }

// Finite reports whether every component is.
func (a Vec) Finite() bool { return Finite(a.X) && Finite(a.Y) && Finite(a.Z) }

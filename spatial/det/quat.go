package det

// Quat is a rotation: X, Y, Z the vector part, W the scalar part.
type Quat struct{ X, Y, Z, W float32 }

// Identity turns nothing.
var Identity = Quat{W: 1}

// Mul is the rotation p followed by q.
func (q Quat) Mul(p Quat) Quat {
	return Quat{
		float32(q.W*p.X) + float32(q.X*p.W) + float32(q.Y*p.Z) - float32(q.Z*p.Y),
		float32(q.W*p.Y) - float32(q.X*p.Z) + float32(q.Y*p.W) + float32(q.Z*p.X),
		float32(q.W*p.Z) + float32(q.X*p.Y) - float32(q.Y*p.X) + float32(q.Z*p.W),
		float32(q.W*p.W) - float32(q.X*p.X) - float32(q.Y*p.Y) - float32(q.Z*p.Z),
	}
}

// Conj is the inverse of a unit quaternion.
func (q Quat) Conj() Quat { return Quat{-q.X, -q.Y, -q.Z, q.W} }

// Rotate turns v. q must have length 1.
func (q Quat) Rotate(v Vec) Vec {
	u := Vec{q.X, q.Y, q.Z}
	t := u.Cross(v)
	t = Vec{t.X + t.X, t.Y + t.Y, t.Z + t.Z}
	return v.AddScaled(q.W, t).Add(u.Cross(t))
}

// Norm2 is the squared length.
func (q Quat) Norm2() float32 {
	return float32(q.X*q.X) + float32(q.Y*q.Y) + float32(q.Z*q.Z) + float32(q.W*q.W)
}

// Unit scales q to length 1; what has no direction becomes Identity.
func (q Quat) Unit() Quat {
	n := Sqrt(q.Norm2())
	if !(n > 1e-12) || !Finite(n) {
		return Identity
	}
	s := 1 / n
	return Quat{float32(q.X * s), float32(q.Y * s), float32(q.Z * s), float32(q.W * s)}
}

// Turn is q after the small world rotation d (radians, d = spin·dt), first
// order and scaled back to length 1.
func (q Quat) Turn(d Vec) Quat {
	h := d.Scale(0.5)
	return Quat{
		q.X + float32(h.X*q.W) + float32(h.Y*q.Z) - float32(h.Z*q.Y),
		q.Y + float32(h.Y*q.W) + float32(h.Z*q.X) - float32(h.X*q.Z),
		q.Z + float32(h.Z*q.W) + float32(h.X*q.Y) - float32(h.Y*q.X),
		q.W - float32(h.X*q.X) - float32(h.Y*q.Y) - float32(h.Z*q.Z),
	}.Unit()
}

// Finite reports whether every component is.
func (q Quat) Finite() bool {
	return Finite(q.X) && Finite(q.Y) && Finite(q.Z) && Finite(q.W)
}

// AxisAngle is the rotation by angle radians about the unit vector axis.
func AxisAngle(axis Vec, angle float32) Quat {
	h := float32(0.5 * angle)
	s := Sin(h)
	return Quat{float32(axis.X * s), float32(axis.Y * s), float32(axis.Z * s), Cos(h)}
}

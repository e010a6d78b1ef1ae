package det

// Mat is a 3x3 matrix by columns. For a rotation the columns are the turned
// axes.
type Mat struct{ A, B, C Vec }

// Matrix is the rotation matrix of a unit quaternion.
func (q Quat) Matrix() Mat {
	x2, y2, z2 := q.X+q.X, q.Y+q.Y, q.Z+q.Z
	xx, yy, zz := float32(q.X*x2), float32(q.Y*y2), float32(q.Z*z2)
	xy, xz, yz := float32(q.X*y2), float32(q.X*z2), float32(q.Y*z2)
	wx, wy, wz := float32(q.W*x2), float32(q.W*y2), float32(q.W*z2)
	return Mat{
		Vec{1 - (yy + zz), xy + wz, xz - wy},
		Vec{xy - wz, 1 - (xx + zz), yz + wx},
		Vec{xz + wy, yz - wx, 1 - (xx + yy)},
	}
}

// Apply is m·v.
func (m *Mat) Apply(v Vec) Vec {
	return Vec{
		float32(m.A.X*v.X) + float32(m.B.X*v.Y) + float32(m.C.X*v.Z),
		float32(m.A.Y*v.X) + float32(m.B.Y*v.Y) + float32(m.C.Y*v.Z),
		float32(m.A.Z*v.X) + float32(m.B.Z*v.Y) + float32(m.C.Z*v.Z),
	}
}

// ApplyInverse is mᵀ·v: the inverse of Apply when m is a rotation.
func (m *Mat) ApplyInverse(v Vec) Vec { return Vec{m.A.Dot(v), m.B.Dot(v), m.C.Dot(v)} }

// Solve finds x with m·x = b by Cramer's rule; ok is false, and x zero, when m
// is singular.
func (m *Mat) Solve(b Vec) (x Vec, ok bool) {
	bc := m.B.Cross(m.C)
	d := m.A.Dot(bc)
	if d == 0 || !Finite(d) {
		return Vec{}, false
	}
	i := 1 / d
	x = Vec{float32(b.Dot(bc) * i), float32(m.A.Dot(b.Cross(m.C)) * i), float32(m.A.Dot(m.B.Cross(b)) * i)}
	return x, x.Finite()
}

// Sym is a symmetric 3x3 matrix, such as a world inverse inertia.
type Sym struct{ XX, YY, ZZ, XY, XZ, YZ float32 }

// Apply is s·v.
func (s *Sym) Apply(v Vec) Vec {
	return Vec{
		float32(s.XX*v.X) + float32(s.XY*v.Y) + float32(s.XZ*v.Z),
		float32(s.XY*v.X) + float32(s.YY*v.Y) + float32(s.YZ*v.Z),
		float32(s.XZ*v.X) + float32(s.YZ*v.Y) + float32(s.ZZ*v.Z),
	}
}

// Congruent is r·diag(d)·rᵀ: a diagonal given in a body's axes, seen from the
// world.
func (r *Mat) Congruent(d Vec) Sym {
	a, b, c := r.A.Scale(d.X), r.B.Scale(d.Y), r.C.Scale(d.Z)
	return Sym{
		XX: float32(a.X*r.A.X) + float32(b.X*r.B.X) + float32(c.X*r.C.X),
		YY: float32(a.Y*r.A.Y) + float32(b.Y*r.B.Y) + float32(c.Y*r.C.Y),
		ZZ: float32(a.Z*r.A.Z) + float32(b.Z*r.B.Z) + float32(c.Z*r.C.Z),
		XY: float32(a.X*r.A.Y) + float32(b.X*r.B.Y) + float32(c.X*r.C.Y),
		XZ: float32(a.X*r.A.Z) + float32(b.X*r.B.Z) + float32(c.X*r.C.Z),
		YZ: float32(a.Y*r.A.Z) + float32(b.Y*r.B.Z) + float32(c.Y*r.C.Z),
	}
}

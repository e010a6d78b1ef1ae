package shape

import "github.com/metatopia/metatopia/spatial/det"

// Kind tells a Shape apart. Values are stored: extend at the end only.
type Kind uint8

const (
	Sphere      Kind = 1 + iota // Half.X is the radius
	Box                         // Half is the half size
	Capsule                     // Half.X is the radius, Half.Y the half length of the axis, along Y
	Hull                        // the rest: Geometry
	Heightfield                 // static only
	Mesh                        // static only
	Compound
)

// Composed reports whether shapes of kind k have a Geometry.
func (k Kind) Composed() bool { return k >= Hull && k <= Compound }

// Shape is a solid around its centre of mass.
type Shape struct {
	Kind     Kind
	Half     det.Vec
	Geometry *Geometry // of a Hull and what follows; nil otherwise
}

// Pose places a shape. Turn is Rot as a matrix: whoever makes a Pose keeps the
// two alike.
type Pose struct {
	Pos  det.Vec // of the centre of mass
	Rot  det.Quat
	Turn det.Mat
}

// At is the pose at pos with the unit rotation rot.
func At(pos det.Vec, rot det.Quat) Pose { return Pose{pos, rot, rot.Matrix()} }

// Extent is the half size of an axis-aligned box around the centre that holds
// the turned shape; the smallest when the shape is alike on both sides.
func (s *Shape) Extent(turn *det.Mat) det.Vec {
	h := s.Half
	switch s.Kind {
	case Sphere:
		return det.Vec{X: h.X, Y: h.X, Z: h.X}
	case Capsule:
		return det.Vec{X: h.X, Y: h.X, Z: h.X}.AddScaled(h.Y, turn.B.Abs())
	case Box:
		a, b, c := turn.A.Abs(), turn.B.Abs(), turn.C.Abs()
		return a.Scale(h.X).AddScaled(h.Y, b).AddScaled(h.Z, c)
	}
	lo, hi := s.Geometry.bounds(turn)
	return det.Vec{X: max(-lo.X, hi.X), Y: max(-lo.Y, hi.Y), Z: max(-lo.Z, hi.Z)}
}

// Bounds is an axis-aligned box that holds the shape.
func (s *Shape) Bounds(p *Pose) (lo, hi det.Vec) {
	if s.Kind >= Hull {
		lo, hi = s.Geometry.bounds(&p.Turn)
		return p.Pos.Add(lo), p.Pos.Add(hi)
	}
	e := s.Extent(&p.Turn)
	return p.Pos.Sub(e), p.Pos.Add(e)
}

// Inner is the radius of a sphere around the centre that lies inside the
// shape, m: the largest of a convex one, 0 of what may have no inside there.
func (s *Shape) Inner() float32 {
	switch s.Kind {
	case Sphere, Capsule:
		return s.Half.X
	case Box:
		return min(s.Half.X, s.Half.Y, s.Half.Z)
	}
	return s.Geometry.inner
}

// Volume is in m³; 0 for a heightfield and a mesh, which have no inside.
func (s *Shape) Volume() float32 {
	h := s.Half
	switch s.Kind {
	case Sphere:
		return float32(float32(4*det.Pi/3) * float32(float32(h.X*h.X)*h.X))
	case Box:
		return float32(8 * float32(float32(h.X*h.Y)*h.Z))
	case Capsule:
		long := float32(2*h.Y) + float32(float32(4.0/3)*h.X)
		return float32(float32(det.Pi*float32(h.X*h.X)) * long)
	}
	return s.Geometry.volume
}

// Inertia is the moment of inertia about the shape's own axes for a mass in
// kg, kg·m².
func (s *Shape) Inertia(mass float32) det.Vec {
	h := s.Half
	switch s.Kind {
	case Sphere:
		i := float32(float32(0.4*mass) * float32(h.X*h.X))
		return det.Vec{X: i, Y: i, Z: i}
	case Box:
		m := mass / 3
		x, y, z := float32(h.X*h.X), float32(h.Y*h.Y), float32(h.Z*h.Z)
		return det.Vec{X: float32(m * (y + z)), Y: float32(m * (x + z)), Z: float32(m * (x + y))}
	case Capsule:
		return capsuleInertia(h.X, h.Y, mass)
	}
	return s.Geometry.inertia.Scale(mass)
}

// capsuleInertia adds those of a cylinder and of two half balls moved out to
// its ends; their masses are as 3h to 2r.
func capsuleInertia(r, h, mass float32) det.Vec {
	balls := float32(mass*(2*r)) / (float32(3*h) + float32(2*r))
	cylinder := mass - balls
	rr, hh := float32(r*r), float32(h*h)
	along := float32(cylinder*float32(0.5*rr)) + float32(balls*float32(0.4*rr))
	across := float32(cylinder*(float32(0.25*rr)+hh/3)) +
		float32(balls*(float32(0.4*rr)+hh+float32(float32(0.75*h)*r)))
	return det.Vec{X: across, Y: along, Z: across}
}

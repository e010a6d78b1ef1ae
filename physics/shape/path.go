package shape

import "github.com/metatopia/metatopia/spatial/det"

// Path is how a shape goes through a step: from Pose it moves by D and turns by
// the rotation vector Turn (rad), both evenly.
type Path struct {
	Pose
	D, Turning det.Vec
	Rate       float32 // the most that turning moves a point of the shape, m
}

// NewPath is the path of s.
func NewPath(s *Shape, at Pose, d, turning det.Vec) Path {
	return Path{at, d, turning, float32(turning.Len() * s.arm())}
}

// Travel is the most that any point of the shape moves, m.
func (p *Path) Travel() float32 { return p.D.Len() + p.Rate }

// At is the pose when the share t of the path is done.
func (p *Path) At(t float32) Pose {
	to := p.Pos.AddScaled(t, p.D)
	angle := float32(t * p.Turning.Len())
	if p.Rate == 0 || !(angle > 1e-9) {
		return Pose{to, p.Rot, p.Turn}
	}
	turn := det.AxisAngle(p.Turning.Unit(det.Vec{Y: 1}), angle)
	return At(to, turn.Mul(p.Rot).Unit())
}

// arm is how far from the centre turning moves anything, m.
func (s *Shape) arm() float32 {
	switch s.Kind {
	case Sphere:
		return 0
	case Capsule:
		return s.Half.Y // the skin around the ends turns into itself
	}
	unturned := det.Identity.Matrix()
	return s.Extent(&unturned).Len()
}

// Core is s made smaller by d on every side, for Sweep; of what has corners the
// largest ball inside, made smaller.
func (s *Shape) Core(d float32) Shape {
	f := *s
	switch f.Kind {
	case Sphere, Capsule:
		f.Half.X = max(f.Half.X-d, 0)
	case Box:
		h := f.Half
		f.Half = det.Vec{X: max(h.X-d, 0), Y: max(h.Y-d, 0), Z: max(h.Z-d, 0)}
	default:
		f = Shape{Kind: Sphere, Half: det.Vec{X: max(f.Inner()-d, 0)}}
	}
	return f
}

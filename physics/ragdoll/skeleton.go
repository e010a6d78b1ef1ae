package ragdoll

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// MaxBones bounds a skeleton: fingers and tails are not worth a body each.
const MaxBones = 64

// Bone is one capsule, which reaches from the joint with its parent to its tip.
type Bone struct {
	Name   string
	Parent int         // an earlier bone; -1 for the first
	At     spatial.Vec // the joint with the parent, as the skeleton stands
	Dir    spatial.Vec // from there to the tip; any length but 0
	Length float32     // of the capsule, tip to tip, at least twice the radius
	Back   float32     // how much of that lies behind the joint: a heel
	Radius float32
	Share  float32 // of the mass; only the ratio of shares counts
	Joint  Joint   // to the parent; of no meaning for the first
}

// Joint is how a bone may turn over its parent.
type Joint struct {
	Hinge bool        // about Axis only; otherwise all ways
	Axis  spatial.Vec // of a hinge; else the middle of the cone that Dir may swing in
	Low   float32     // of the hinge's angle, or of the twist about Dir; 0 as it stands
	High  float32
	Cone  float32 // how far Dir may be from Axis
}

// Skeleton lists bones, parents first.
type Skeleton []Bone

// ErrSkeleton: bones that make no body.
var ErrSkeleton = errors.New("not a skeleton")

// Check refuses what Build could make no commands of. What is wrong with a
// bone's shape or joint in the eyes of a world is left to the world.
func (s Skeleton) Check() error {
	if len(s) == 0 || len(s) > MaxBones {
		return fmt.Errorf("ragdoll: %w: %d bones", ErrSkeleton, len(s))
	}
	for i := range s {
		b := &s[i]
		switch {
		case i == 0 && b.Parent != -1, i > 0 && (b.Parent < 0 || b.Parent >= i):
			return fmt.Errorf("ragdoll: %w: bone %d has the parent %d", ErrSkeleton, i, b.Parent)
		case !b.At.Finite() || !directed(b.Dir) || i > 0 && !directed(b.Joint.Axis):
			return fmt.Errorf("ragdoll: %w: bone %d has no place or direction", ErrSkeleton, i)
		case !(b.Radius >= physics.MinExtent && b.Length >= 2*b.Radius && b.Length <= physics.MaxExtent && b.Back >= 0 && b.Back <= b.Length):
			return fmt.Errorf("ragdoll: %w: bone %d is %g long and %g thick", ErrSkeleton, i, b.Length, b.Radius)
		case !(b.Share > 0 && b.Share <= physics.MaxMass):
			return fmt.Errorf("ragdoll: %w: bone %d weighs %g", ErrSkeleton, i, b.Share)
		}
	}
	return nil
}

func directed(v spatial.Vec) bool {
	l := v.Len()
	return v.Finite() && l > 1e-3 && l < 1e6
}

// centre of the capsule.
func (b *Bone) centre() det.Vec {
	return det.Vec(b.At).AddScaled(float32(0.5*b.Length)-b.Back, b.dir())
}

func (b *Bone) dir() det.Vec { return det.Vec(b.Dir).Unit(det.Vec{Y: 1}) }

// turn brings Y, a capsule's axis, to the bone's direction.
func (b *Bone) turn() det.Quat { return arc(det.Vec{Y: 1}, b.dir()) }

// shape of the bone. One that is as long as it is thick is a ball.
func (b *Bone) shape() physics.Shape {
	half := float32(0.5*b.Length) - b.Radius
	if half < physics.MinExtent {
		return physics.Shape{Kind: physics.Sphere, Half: spatial.Vec{X: b.Radius}}
	}
	return physics.Shape{Kind: physics.Capsule, Half: spatial.Vec{X: b.Radius, Y: half}}
}

// arc is the shortest rotation from unit vector a to unit vector b.
func arc(a, b det.Vec) det.Quat {
	c := a.Cross(b)
	w := 1 + a.Dot(b)
	if w < 1e-6 { // half a turn, about anything across a
		c, w = a.Cross(det.Vec{X: 1}), 0
		if c.Len2() < 1e-3 {
			c = a.Cross(det.Vec{Z: 1})
		}
	}
	return det.Quat{X: c.X, Y: c.Y, Z: c.Z, W: w}.Unit()
}

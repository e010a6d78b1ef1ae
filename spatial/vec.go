package spatial

import "github.com/metatopia/metatopia/spatial/det"

// Add is a + b.
func (v Vec) Add(b Vec) Vec { return Vec(det.Vec(v).Add(det.Vec(b))) }

// Sub is a - b.
func (v Vec) Sub(b Vec) Vec { return Vec(det.Vec(v).Sub(det.Vec(b))) }

// Scale is s·v.
func (v Vec) Scale(s float32) Vec { return Vec(det.Vec(v).Scale(s)) }

// Dot is the scalar product.
func (v Vec) Dot(b Vec) float32 { return det.Vec(v).Dot(det.Vec(b)) }

// Len is the length, in v's unit.
func (v Vec) Len() float32 { return det.Vec(v).Len() }

// Limit shortens v to at most length l.
func (v Vec) Limit(l float32) Vec { return Vec(det.Vec(v).Limit(l)) }

// Finite is false when a component is NaN or infinite: such a vector must not
// enter a core.
func (v Vec) Finite() bool { return det.Vec(v).Finite() }

// Heading is the angle of the horizontal direction of v in radians, in
// (-π, π]: 0 looks along +Z, π/2 along +X. A vector with no horizontal part
// gives 0.
func (v Vec) Heading() float32 { return det.Atan2(v.X, v.Z) }

package shape

import "github.com/metatopia/metatopia/spatial/det"

// MaxPoints is how many points carry a face: four keep a box from tilting.
const MaxPoints = 4

// Margin is how far apart two shapes may be and still make a contact, m: far
// enough that a resting body never loses its support between steps.
const Margin = 0.02

// Point is one place where two shapes meet: midway between their surfaces.
type Point struct {
	RA, RB  det.Vec // from the centres of a and b, world axes
	Gap     float32 // m; negative = overlap
	Feature uint32  // which features of the two meet
}

// Manifold is where two convex parts meet. Its zero value is "nowhere".
type Manifold struct {
	Normal det.Vec // unit, from a to b
	Count  int
	Points [MaxPoints]Point
	Part   uint64 // child of a << 32 | child or triangle of b
}

// flip swaps the sides.
func (m *Manifold) flip() {
	m.Normal = m.Normal.Neg()
	for i := range m.Count {
		p := &m.Points[i]
		p.RA, p.RB = p.RB, p.RA
	}
}

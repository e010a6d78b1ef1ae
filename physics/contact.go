package physics

import (
	"cmp"

	"github.com/metatopia/metatopia/spatial/det"
)

// key names a contact: the ids of a pair with a < b, or Ground, a body and one
// of the six planes. Contacts are always in key order, so the order of the
// solver follows from ids alone and never from history.
type key struct {
	a, b  BodyID
	plane uint8
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.a, o.a), cmp.Compare(k.b, o.b), cmp.Compare(k.plane, o.plane))
}

// contact is what a step keeps for the next: the impulses to start from. It is
// in the snapshot.
type contact struct {
	key
	touching bool
	count    uint8              // of points
	feature  [maxPoints]uint32  // which features of the shapes meet, to match points over steps
	impulse  [maxPoints]float32 // along the normal, N·s per substep
	friction det.Vec            // world axes, N·s
	twist    float32            // about the normal, N·m·s
	roll     det.Vec            // rolling resistance, N·m·s
}

// find is the impulse of the point made by the same features, or 0.
func (c *contact) find(feature uint32) float32 {
	for i := range c.count {
		if c.feature[i] == feature {
			return c.impulse[i]
		}
	}
	return 0
}

// maxPoints is how many points carry a face: four keep a box from tilting.
const maxPoints = 4

// point is one place where two shapes meet, as the narrow phase finds it.
type point struct {
	ra, rb  det.Vec // from the centres of a and b, world axes
	gap     float32 // m; negative = overlap
	feature uint32
}

// manifold is where two shapes meet. Its zero value is "nowhere".
type manifold struct {
	normal det.Vec // unit, from a to b
	count  int
	points [maxPoints]point
}

// margin is how far apart two shapes may be and still make a contact, m: far
// enough that a resting body never loses its support between steps.
const margin = 0.02

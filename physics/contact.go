package physics

import (
	"cmp"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// key names a contact: the ids of a pair with a < b and which parts of the two
// meet, or Ground, a body and one of the six planes. Contacts are always in key
// order, so the order of the solver follows from ids alone and never from
// history.
type key struct {
	a, b BodyID
	part uint64 // shape.Manifold.Part of a pair; the plane where a is Ground
}

func (k key) compare(o key) int {
	switch {
	case k.a != o.a:
		return cmp.Compare(k.a, o.a)
	case k.b != o.b:
		return cmp.Compare(k.b, o.b)
	}
	return cmp.Compare(k.part, o.part)
}

// contact is what a step keeps for the next: the impulses to start from. It is
// in the snapshot.
type contact struct {
	key
	i, j     int32 // indexes of a and b in World.solids, of those of the awake: derived by each step
	met      int32 // index in World.found, likewise; -1 = not in it
	touching bool
	count    uint8              // of points
	feature  [maxPoints]uint32  // which features of the shapes meet, to match points over steps
	impulse  [maxPoints]float32 // along the normal, N·s per substep
	friction det.Vec            // world axes, N·s
	twist    float32            // about the normal, N·m·s
	roll     det.Vec            // rolling resistance, N·m·s
}

// inherit takes over the impulses that old left: each point that of the point
// made by the same features. Where edges lie over each other the features
// change while the shapes rest, so what is left over of the old points is
// shared by the points that are new: the load stays.
func (c *contact) inherit(old *contact) {
	var taken [maxPoints]bool
	var fresh [maxPoints]uint8
	n := 0
	for k := range c.count {
		found := false
		for o := range old.count {
			if old.feature[o] == c.feature[k] && !taken[o] {
				c.impulse[k], taken[o], found = old.impulse[o], true, true
				break
			}
		}
		if !found {
			fresh[n] = k
			n++
		}
	}
	if n == 0 {
		return
	}
	left := float32(0)
	for o := range old.count {
		if !taken[o] {
			left += old.impulse[o]
		}
	}
	left /= float32(n)
	for _, k := range fresh[:n] {
		c.impulse[k] = left
	}
}

// maxPoints and margin are those of the narrow phase.
const (
	maxPoints = shape.MaxPoints
	margin    = shape.Margin
)

package physics

import (
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// planes is how many planes close a world that is not Open.
const planes = 6

func (c *Config) planes() uint8 {
	if c.Open {
		return 0
	}
	return planes
}

// plane k of a world: the ground first, then walls and ceiling. normal points
// inwards and normal·p = offset on it.
func (c *Config) plane(k uint8) (normal det.Vec, offset float32) {
	switch k {
	case 0:
		return det.Vec{Y: 1}, c.Min.Y
	case 1:
		return det.Vec{X: 1}, c.Min.X
	case 2:
		return det.Vec{X: -1}, -c.Max.X
	case 3:
		return det.Vec{Z: 1}, c.Min.Z
	case 4:
		return det.Vec{Z: -1}, -c.Max.Z
	}
	return det.Vec{Y: -1}, -c.Max.Y
}

// nearPlane is a quick test by the axis-aligned box.
func nearPlane(s *solid, n det.Vec, offset float32) bool {
	return n.Dot(s.pos())-n.Abs().Dot(s.ext) <= offset+shape.Margin
}

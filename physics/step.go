package physics

import "github.com/metatopia/metatopia/spatial/det"

const (
	// stepHeight is how high an upright box climbs onto a static one by
	// walking into it, m: a stair.
	stepHeight = 0.2

	// seamDepth is how far an upright box may have sunk into a moving one and
	// still walk over its edge, m. Higher, and it would climb what it should push.
	seamDepth = 0.03

	// levelCosine: a face is level when its normal is within 8 degrees of
	// upright.
	levelCosine = 0.99
)

// step is the level face on which an upright box stands or may step: its feet
// are no deeper under that face than it can climb. Without it the sides of the
// next tile of a floor would catch a walker, because the overlap with them is
// at first smaller than that with the top.
func (p *boxPair) step(a, b *solid) (face int, ok bool) {
	if a.upright() == b.upright() {
		return 0, false
	}
	walker, other, above := b, a, p.d.Y > 0
	if a.upright() {
		walker, other, above = a, b, p.d.Y < 0
	}
	if walker.static() || !above {
		return 0, false
	}
	depth := float32(seamDepth)
	if other.static() {
		depth = stepHeight
	}
	for f := range 6 {
		axis := p.ab[f%3]
		if f < 3 {
			axis = p.aa[f]
		}
		if det.Abs(axis.Y) > levelCosine && p.gap(f) > -depth {
			return f, true
		}
	}
	return 0, false
}

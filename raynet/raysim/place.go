package raysim

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Spacing is the mean distance of neighbours in every world, metres.
const Spacing = 10

// Layout says where the nodes of a world stand.
type Layout uint8

const (
	// Uniform fills a cube evenly.
	Uniform Layout = iota
	// Hotspots puts 70 % of the nodes into spots whose sizes follow a Zipf
	// law, the rest evenly.
	Hotspots
	// Slab puts all within a few metres of the ground of a world that is
	// 200 m high: Y is up.
	Slab
)

// slabHeight is the height of a Slab world and ground the half thickness of
// the layer that its nodes are in, metres.
const (
	slabHeight = 200
	ground     = 2
)

// boxOf is the world of n nodes.
func (l Layout) boxOf(n int) spatial.Box {
	if l == Slab {
		h := Spacing * math.Sqrt(float64(n)) / 2
		return spatial.Box{Min: spatial.At(-h, -slabHeight/2, -h), Max: spatial.At(h, slabHeight/2, h)}
	}
	h := Spacing * math.Cbrt(float64(n)) / 2
	return spatial.Box{Min: spatial.At(-h, -h, -h), Max: spatial.At(h, h, h)}
}

// place gives the positions of n nodes.
func (l Layout) place(n int, box spatial.Box, rng *base.Rand) []spatial.Pos {
	pos := make([]spatial.Pos, n)
	for i := range pos {
		pos[i] = uniformIn(box, rng)
	}
	switch l {
	case Slab:
		for i := range pos {
			pos[i].Y = spatial.At(0, gauss(rng)*ground/2, 0).Y
		}
	case Hotspots:
		hot(pos, box, rng)
	}
	return pos
}

// hot moves 70 % of the points to spots of 1 % of the world's width; spot k
// gets a share that falls with k to the power of 1.2.
func hot(pos []spatial.Pos, box spatial.Box, rng *base.Rand) {
	spots := make([]spatial.Pos, max(8, len(pos)/50))
	share := make([]float64, len(spots))
	sum := 0.0
	for k := range spots {
		spots[k] = uniformIn(box, rng)
		sum += math.Pow(float64(k+2), -1.2)
		share[k] = sum
	}
	width := float64(box.Max.X-box.Min.X) / 100
	for i := range pos {
		if rng.Float64() < 0.3 {
			continue
		}
		u, k := rng.Float64()*sum, 0
		for share[k] < u {
			k++
		}
		pos[i] = box.Clamp(spatial.Pos{
			X: spots[k].X + int64(gauss(rng)*width),
			Y: spots[k].Y + int64(gauss(rng)*width),
			Z: spots[k].Z + int64(gauss(rng)*width),
		})
	}
}

func uniformIn(b spatial.Box, rng *base.Rand) spatial.Pos {
	at := func(lo, hi int64) int64 { return lo + int64(rng.Float64()*float64(hi-lo)) }
	return spatial.Pos{X: at(b.Min.X, b.Max.X), Y: at(b.Min.Y, b.Max.Y), Z: at(b.Min.Z, b.Max.Z)}
}

// inBall is uniform in the ball of radius r metres.
func inBall(c spatial.Pos, r float64, rng *base.Rand) spatial.Pos {
	for {
		x, y, z := 2*rng.Float64()-1, 2*rng.Float64()-1, 2*rng.Float64()-1
		if x*x+y*y+z*z <= 1 {
			u := r * spatial.Unit
			return spatial.Pos{X: c.X + int64(x*u), Y: c.Y + int64(y*u), Z: c.Z + int64(z*u)}
		}
	}
}

// gauss is a standard normal number (Box and Muller 1958).
func gauss(rng *base.Rand) float64 {
	return math.Sqrt(-2*math.Log(1-rng.Float64())) * math.Cos(2*math.Pi*rng.Float64())
}

package shape

import (
	"math"

	"github.com/metatopia/metatopia/spatial/det"
)

// wide is a vector of float64, for what cancels too much in float32: distances
// of shapes that nearly touch, hulls, moments. Every product is converted, as
// in spatial/det, and for the same reason.
type wide struct{ x, y, z float64 }

func widen(v det.Vec) wide { return wide{float64(v.X), float64(v.Y), float64(v.Z)} }

func (a wide) narrow() det.Vec { return det.Vec{X: float32(a.x), Y: float32(a.y), Z: float32(a.z)} }
func (a wide) add(b wide) wide { return wide{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a wide) sub(b wide) wide { return wide{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a wide) neg() wide       { return wide{-a.x, -a.y, -a.z} }

func (a wide) scale(s float64) wide {
	return wide{float64(a.x * s), float64(a.y * s), float64(a.z * s)}
}

// addScaled is a + s·b.
func (a wide) addScaled(s float64, b wide) wide {
	return wide{a.x + float64(s*b.x), a.y + float64(s*b.y), a.z + float64(s*b.z)}
}

func (a wide) dot(b wide) float64 {
	return float64(a.x*b.x) + float64(a.y*b.y) + float64(a.z*b.z)
}

func (a wide) cross(b wide) wide {
	return wide{
		float64(a.y*b.z) - float64(a.z*b.y),
		float64(a.z*b.x) - float64(a.x*b.z),
		float64(a.x*b.y) - float64(a.y*b.x),
	}
}

func (a wide) len() float64 { return math.Sqrt(a.dot(a)) }

// unit is a scaled to length 1; ok is false for what has no direction.
func (a wide) unit() (u wide, ok bool) {
	l := a.len()
	if !(l > 1e-30) {
		return wide{}, false
	}
	return a.scale(1 / l), true
}

// view is b as seen from a: where b's own axes and centre lie in those of a.
type view struct {
	x, y, z wide // axes of b
	at      wide // centre of b
}

func newView(pa, pb *Pose) view {
	d := widen(pb.Pos).sub(widen(pa.Pos))
	a := [3]wide{widen(pa.Turn.A), widen(pa.Turn.B), widen(pa.Turn.C)}
	into := func(v wide) wide { return wide{a[0].dot(v), a[1].dot(v), a[2].dot(v)} }
	return view{into(widen(pb.Turn.A)), into(widen(pb.Turn.B)), into(widen(pb.Turn.C)), into(d)}
}

// turn takes a direction of b into a's axes.
func (f *view) turn(v wide) wide {
	return f.x.scale(v.x).addScaled(v.y, f.y).addScaled(v.z, f.z)
}

// back takes a direction of a into b's axes.
func (f *view) back(v wide) wide { return wide{f.x.dot(v), f.y.dot(v), f.z.dot(v)} }

// point takes a point of b into a's frame.
func (f *view) point(v wide) wide { return f.turn(v).add(f.at) }

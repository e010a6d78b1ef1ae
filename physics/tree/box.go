package tree

import "github.com/metatopia/metatopia/spatial/det"

// Box is an axis-aligned box, m. Its faces belong to it.
type Box struct{ Lo, Hi det.Vec }

// Around is the box of half size ext about the point at.
func Around(at, ext det.Vec) Box { return Box{at.Sub(ext), at.Add(ext)} }

// Overlaps reports whether the boxes share a point.
func (a *Box) Overlaps(b *Box) bool {
	return a.Lo.X <= b.Hi.X && b.Lo.X <= a.Hi.X &&
		a.Lo.Y <= b.Hi.Y && b.Lo.Y <= a.Hi.Y &&
		a.Lo.Z <= b.Hi.Z && b.Lo.Z <= a.Hi.Z
}

// Contains reports whether the whole of b lies in a.
func (a *Box) Contains(b *Box) bool {
	return a.Lo.X <= b.Lo.X && b.Hi.X <= a.Hi.X &&
		a.Lo.Y <= b.Lo.Y && b.Hi.Y <= a.Hi.Y &&
		a.Lo.Z <= b.Lo.Z && b.Hi.Z <= a.Hi.Z
}

// Union is the smallest box around both.
func (a *Box) Union(b *Box) Box {
	return Box{
		det.Vec{X: least(a.Lo.X, b.Lo.X), Y: least(a.Lo.Y, b.Lo.Y), Z: least(a.Lo.Z, b.Lo.Z)},
		det.Vec{X: most(a.Hi.X, b.Hi.X), Y: most(a.Hi.Y, b.Hi.Y), Z: most(a.Hi.Z, b.Hi.Z)},
	}
}

// Grown is a larger by d on every side.
func (a *Box) Grown(d float32) Box {
	v := det.Vec{X: d, Y: d, Z: d}
	return Box{a.Lo.Sub(v), a.Hi.Add(v)}
}

// Swept is the box of everything a passes on the path d.
func (a *Box) Swept(d det.Vec) Box {
	b := Box{a.Lo.Add(d), a.Hi.Add(d)}
	return a.Union(&b)
}

// area is half the surface: the chance that a walk passes is proportional to
// it.
func (a *Box) area() float32 {
	d := a.Hi.Sub(a.Lo)
	return float32(d.X*(d.Y+d.Z)) + float32(d.Y*d.Z)
}

// The builtins min and max are slower: they also order NaNs and zeros.

func least(a, b float32) float32 {
	if b < a {
		return b
	}
	return a
}

func most(a, b float32) float32 {
	if b > a {
		return b
	}
	return a
}

package shape

import "github.com/metatopia/metatopia/spatial/det"

// clipped is a point in the frame of a reference face: (x, y) in the face,
// gap above it.
type clipped struct {
	x, y, gap float32
	feature   uint32
}

// corner is a corner of a polygon under clipping: in and out name the edges
// that meet there, which together name the corner from step to step. Edges 0
// to 3 belong to the incident face, 4 to 7 to the sides of the reference face.
type corner struct {
	x, y, z float32
	in, out uint32
}

// clip cuts the polygon of n corners in p to the rectangle |x| <= hx, |y| <= hy
// (Sutherland and Hodgman 1974), with spare for the other copy that every cut
// needs. A convex quadrilateral cut four times has at most eight corners.
func clip(p, spare *[8]corner, n int, hx, hy float32) []corner {
	for s := range uint32(4) {
		var d [8]float32 // how far each corner is outside side s
		beyond := false
		for i := range n {
			x, h := p[i].x, hx
			if s >= 2 {
				x, h = p[i].y, hy
			}
			if s&1 != 0 {
				x = -x
			}
			d[i] = x - h
			beyond = beyond || !(d[i] <= 0)
		}
		if !beyond {
			continue
		}
		k := 0
		for i := range n {
			j := i + 1
			if j == n {
				j = 0
			}
			// Rounding could make a ninth corner: drop it.
			if d[i] <= 0 && k < len(spare) {
				spare[k] = p[i]
				k++
			}
			if (d[i] <= 0) == (d[j] <= 0) || k == len(spare) {
				continue
			}
			b, c, e := &p[i], &p[j], &spare[k]
			k++
			f := d[i] / (d[i] - d[j])
			e.x = b.x + float32(f*(c.x-b.x))
			e.y = b.y + float32(f*(c.y-b.y))
			e.z = b.z + float32(f*(c.z-b.z))
			if d[i] <= 0 {
				e.in, e.out = b.out, 4+s
			} else {
				e.in, e.out = 4+s, b.out
			}
		}
		p, spare, n = spare, p, k
	}
	return p[:n]
}

// reduce keeps at most four of the points, first in p: the deepest, the one farthest from
// it, and the two that span most on either side. It gives how many.
func reduce(p []clipped) int {
	n := len(p)
	if n <= MaxPoints {
		return n
	}
	var keep [MaxPoints]clipped
	first := 0
	for i := 1; i < n; i++ {
		if p[i].gap < p[first].gap {
			first = i
		}
	}
	keep[0] = p[first]
	second, far := 0, float32(-1)
	for i := range n {
		x, y := p[i].x-keep[0].x, p[i].y-keep[0].y
		if d := float32(x*x) + float32(y*y); d > far {
			far, second = d, i
		}
	}
	keep[1] = p[second]
	ex, ey := keep[1].x-keep[0].x, keep[1].y-keep[0].y
	left, right := -1, -1
	var most, least float32
	for i := range n {
		a := float32(ex*(p[i].y-keep[0].y)) - float32(ey*(p[i].x-keep[0].x))
		if a > most {
			most, left = a, i
		}
		if a < least {
			least, right = a, i
		}
	}
	k := 2
	if left >= 0 {
		keep[k] = p[left]
		k++
	}
	if right >= 0 {
		keep[k] = p[right]
		k++
	}
	copy(p, keep[:k])
	return k
}

// axes and sizes give the columns of a rotation and the parts of a vector as
// arrays, to walk over.
func axes(m *det.Mat) [3]det.Vec { return [3]det.Vec{m.A, m.B, m.C} }
func sizes(v det.Vec) [3]float32 { return [3]float32{v.X, v.Y, v.Z} }

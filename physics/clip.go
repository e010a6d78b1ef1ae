package physics

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

// beyond is how far c is outside side s of a face of half sizes hx, hy.
func (c *corner) beyond(s uint32, hx, hy float32) float32 {
	switch s {
	case 0:
		return c.x - hx
	case 1:
		return -c.x - hx
	case 2:
		return c.y - hy
	}
	return -c.y - hy
}

// clip cuts a polygon of four corners to the rectangle |x| <= hx, |y| <= hy
// (Sutherland and Hodgman 1974). A convex quadrilateral cut four times has at
// most eight corners.
func clip(quad [4]corner, hx, hy float32) (poly [8]corner, n int) {
	n = copy(poly[:], quad[:])
	for s := range uint32(4) {
		var out [8]corner
		k := 0
		emit := func(c corner) {
			// Rounding could make a ninth: drop it.
			if k < len(out) {
				out[k] = c
				k++
			}
		}
		for i := range n {
			c, d := poly[i], poly[(i+1)%n]
			dc, dd := c.beyond(s, hx, hy), d.beyond(s, hx, hy)
			if dc <= 0 {
				emit(c)
			}
			if (dc <= 0) != (dd <= 0) {
				f := dc / (dc - dd)
				x := corner{
					x: c.x + float32(f*(d.x-c.x)),
					y: c.y + float32(f*(d.y-c.y)),
					z: c.z + float32(f*(d.z-c.z)),
				}
				if dc <= 0 {
					x.in, x.out = c.out, 4+s
				} else {
					x.in, x.out = 4+s, c.out
				}
				emit(x)
			}
		}
		poly, n = out, k
	}
	return poly, n
}

// reduce keeps at most four of n points: the deepest, the one farthest from
// it, and the two that span most on either side. It gives how many.
func reduce(p *[8]clipped, n int) int {
	if n <= maxPoints {
		return n
	}
	var keep [maxPoints]clipped
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
	copy(p[:], keep[:k])
	return k
}

// axes and sizes give the columns of a rotation and the parts of a vector as
// arrays, to walk over.
func axes(m *det.Mat) [3]det.Vec { return [3]det.Vec{m.A, m.B, m.C} }
func sizes(v det.Vec) [3]float32 { return [3]float32{v.X, v.Y, v.Z} }

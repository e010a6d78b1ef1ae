package screen

// picture is pixels in rows: red, green, blue, opaque.
type picture struct {
	w, h  int
	pix   []byte // 4 for each pixel
	dirty []bool // rows
}

func newPicture(w, h int) *picture {
	p := &picture{w: w, h: h, pix: make([]byte, 4*w*h), dirty: make([]bool, h)}
	for i := 3; i < len(p.pix); i += 4 {
		p.pix[i] = 255
	}
	for i := range p.dirty {
		p.dirty[i] = true
	}
	return p
}

// span is a part of an axis: of n from at on, cut to the length.
func span(at, n, length int) (from, to int) {
	from, to = min(max(at, 0), length), min(max(at+n, 0), length)
	return from, max(from, to)
}

// blend lays a colour (0xRRGGBBAA) over a pixel of a row that is marked.
func (p *picture) blend(at int, colour uint32) {
	a := colour & 255
	b := p.pix[at : at+3 : at+3]
	for i := range b {
		c := colour >> (24 - 8*i) & 255
		b[i] = byte((c*a + uint32(b[i])*(255-a) + 127) / 255)
	}
}

// rect fills one; it gives how many pixels it touched.
func (p *picture) rect(x, y, w, h int, colour uint32) int {
	x0, x1 := span(x, w, p.w)
	y0, y1 := span(y, h, p.h)
	for v := y0; v < y1; v++ {
		p.dirty[v] = true
		for u := x0; u < x1; u++ {
			p.blend(4*(v*p.w+u), colour)
		}
	}
	return (x1 - x0) * (y1 - y0)
}

// dot is a pixel, if it is inside.
func (p *picture) dot(x, y int, colour uint32) {
	if x >= 0 && x < p.w && y >= 0 && y < p.h {
		p.dirty[y] = true
		p.blend(4*(y*p.w+x), colour)
	}
}

// line draws one with both ends (Bresenham 1965).
func (p *picture) line(x0, y0, x1, y1 int, colour uint32) int {
	dx, dy, sx, sy := x1-x0, y1-y0, 1, 1
	if dx < 0 {
		dx, sx = -dx, -1
	}
	if dy < 0 {
		dy, sy = -dy, -1
	}
	n := max(dx, dy)
	for i, e := 0, dx-dy; ; i++ {
		p.dot(x0, y0, colour)
		if i == n {
			return n + 1
		}
		twice := 2 * e
		if twice > -dy {
			e, x0 = e-dy, x0+sx
		}
		if twice < dx {
			e, y0 = e+dx, y0+sy
		}
	}
}

// disc fills a circle.
func (p *picture) disc(x, y, r int, colour uint32) (touched int) {
	y0, y1 := span(y-r, 2*r+1, p.h)
	for v := y0; v < y1; v++ {
		half := root(r*r - (v-y)*(v-y))
		touched += p.rect(x-half, v, 2*half+1, 1, colour)
	}
	return touched
}

// root is the square root of n, rounded down.
func root(n int) int {
	r := 0
	for bit := 1 << 15; bit > 0; bit >>= 1 {
		if t := r + bit; t*t <= n {
			r = t
		}
	}
	return r
}

// write puts pixels there as they are, but opaque.
func (p *picture) write(x, y, w, h int, rgba []byte) {
	x0, x1 := span(x, w, p.w)
	y0, y1 := span(y, h, p.h)
	for v := y0; v < y1; v++ {
		p.dirty[v] = true
		from := 4 * ((v-y)*w + x0 - x)
		to := p.pix[4*(v*p.w+x0) : 4*(v*p.w+x1)]
		copy(to, rgba[from:])
		for i := 3; i < len(to); i += 4 {
			to[i] = 255
		}
	}
}

// move copies a part of the picture elsewhere in it.
func (p *picture) move(x, y, w, h, toX, toY int) int {
	// What is outside at either end stays as it is.
	x0, x1 := span(x, w, p.w)
	y0, y1 := span(y, h, p.h)
	u0, u1 := span(toX+x0-x, x1-x0, p.w)
	v0, v1 := span(toY+y0-y, y1-y0, p.h)
	if u0 == u1 || v0 == v1 {
		return 0
	}
	x0, y0 = u0-toX+x, v0-toY+y
	n := v1 - v0
	for i := range n {
		if v0 > y0 {
			i = n - 1 - i // from the end: the rows may overlap
		}
		from := 4 * ((y0+i)*p.w + x0)
		copy(p.pix[4*((v0+i)*p.w+u0):4*((v0+i)*p.w+u1)], p.pix[from:from+4*(u1-u0)])
		p.dirty[v0+i] = true
	}
	return (u1 - u0) * n
}

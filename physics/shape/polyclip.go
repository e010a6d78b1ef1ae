package shape

import "github.com/metatopia/metatopia/spatial/det"

// sideway is a corner of a polygon under clipping, as corner is for boxes, but
// in space: in and out name the edges that meet there, those of the incident
// face from 0, those of the reference face from MaxSides.
type sideway struct {
	at      det.Vec
	in, out uint8
}

// polygon is a face under clipping. A convex face cut by another's sides has at
// most the corners of both.
type polygon struct {
	n int
	c [2 * MaxSides]sideway
}

// faceOf is face i of q as a polygon.
func (p *polygon) faceOf(q *poly, i int) {
	loop := q.face(i)
	p.n = len(loop)
	for k, c := range loop {
		in := k - 1
		if k == 0 {
			in = len(loop) - 1
		}
		p.c[k] = sideway{q.corners[c], uint8(in), uint8(k)}
	}
}

// cut gives in out what of p is on the inner side of the plane through at with
// the outward direction side, the side numbered s (Sutherland and Hodgman 1974).
func (p *polygon) cut(at, side det.Vec, s uint8, out *polygon) {
	out.n = 0
	if p.n == 0 {
		return
	}
	c := &p.c[p.n-1]
	dc := side.Dot(c.at.Sub(at))
	for i := range p.n {
		d := &p.c[i]
		dd := side.Dot(d.at.Sub(at))
		if (dc <= 0) != (dd <= 0) && out.n < len(out.c) {
			x := sideway{at: c.at.AddScaled(dc/(dc-dd), d.at.Sub(c.at))}
			if dc <= 0 {
				x.in, x.out = c.out, MaxSides+s
			} else {
				x.in, x.out = MaxSides+s, c.out
			}
			out.c[out.n] = x
			out.n++
		}
		if dd <= 0 && out.n < len(out.c) {
			out.c[out.n] = *d
			out.n++
		}
		c, dc = d, dd
	}
}

// clipFace cuts face inc of q to the sides of face ref of r.
func clipFace(r *poly, ref int, q *poly, inc int, p *polygon) {
	var other polygon
	from, to := p, &other
	from.faceOf(q, inc)
	loop, n := r.face(ref), r.planes[ref].n
	for i := range loop {
		a := r.corners[loop[i]]
		b := r.corners[loop[(i+1)%len(loop)]]
		from.cut(a, b.Sub(a).Cross(n), uint8(i), to)
		from, to = to, from
	}
	if from != p {
		*p = *from
	}
}

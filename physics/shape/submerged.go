package shape

import "github.com/metatopia/metatopia/spatial/det"

// discs is how many discs a capsule is cut into to measure what of it is under
// water.
const discs = 24

// Submerged is the volume of s, m³, that is below the level y = level, and the
// centre of that volume, m. Surfaces have none. Balls, boxes and hulls are
// exact, capsules to half a per cent.
func Submerged(s *Shape, p *Pose, level float32) (volume float32, centre det.Vec) {
	var moment det.Vec
	for i := range s.parts() {
		sp, q := s.part(i, p)
		v, c := submergedPart(sp, &q, level)
		volume += v
		moment = moment.AddScaled(v, c.Sub(p.Pos))
	}
	if !(volume > 0) {
		return 0, p.Pos
	}
	return volume, p.Pos.AddScaled(1/volume, moment)
}

func submergedPart(s *Shape, p *Pose, level float32) (volume float32, centre det.Vec) {
	if s.surface() {
		return 0, p.Pos
	}
	deep := level - p.Pos.Y // of the centre
	e := s.Extent(&p.Turn).Y
	switch {
	case deep >= e:
		return s.Volume(), p.Pos
	case deep <= -e:
		return 0, p.Pos
	}
	switch s.Kind {
	case Sphere:
		return ballCap(s.Half.X, deep, p.Pos)
	case Capsule:
		return capsuleBelow(s.Half, deep, p)
	}
	return polyBelow(s, deep, p)
}

// ballCap is the cap of a ball below a level that is deep above its centre.
func ballCap(r, deep float32, at det.Vec) (float32, det.Vec) {
	h := r + deep
	v := float32(float32(det.Pi/3) * float32(float32(h*h)*(float32(3*r)-h)))
	k := float32(2*r) - h
	// The centre of a cap lies 3(2r-h)²/(4(3r-h)) from that of the ball.
	at.Y -= float32(0.75*float32(k*k)) / (float32(3*r) - h)
	return v, at
}

// capsuleBelow adds discs across the axis, each with the part of it that is
// below the level.
func capsuleBelow(h det.Vec, deep float32, p *Pose) (volume float32, centre det.Vec) {
	r, u := h.X, p.Turn.B
	long := h.Y + r
	step := float32(2*long) / discs
	// Down across the axis, and how steeply a disc and a slice cross the level.
	down := det.Vec{Y: -1}.AddScaled(u.Y, u)
	tilt := down.Len()
	rise := float32(0.5 * float32(step*det.Abs(u.Y)))
	var moment det.Vec
	for i := range discs {
		s := float32((float32(i)+0.5)*step) - long
		over := max(det.Abs(s)-h.Y, 0)
		rr := float32(r*r) - float32(over*over)
		radius := det.Sqrt(max(rr, 0))
		reach := float32(radius*tilt) + rise
		if !(reach > 0) {
			continue
		}
		part, off := discBelow((deep - float32(s*u.Y)) / reach)
		v := float32(float32(part*det.Pi) * float32(rr*step))
		volume += v
		c := u.Scale(s)
		if tilt > 1e-6 {
			c = c.AddScaled(float32(off*radius)/tilt, down)
		}
		moment = moment.AddScaled(v, c)
	}
	if !(volume > 0) {
		return 0, p.Pos
	}
	// The discs miss a little of the round ends: as much as of the whole.
	var whole float32
	for i := range discs {
		s := float32((float32(i)+0.5)*step) - long
		over := max(det.Abs(s)-h.Y, 0)
		whole += float32(float32(det.Pi*(float32(r*r)-float32(over*over))) * step)
	}
	c := Shape{Kind: Capsule, Half: h}
	return float32(volume * c.Volume() / whole), p.Pos.AddScaled(1/volume, moment)
}

// discBelow is the share of a disc of radius 1 below a chord at height x over
// its centre, and how far below the centre the middle of that share is.
func discBelow(x float32) (share, off float32) {
	if x >= 1 {
		return 1, 0
	}
	if x <= -1 {
		return 0, 1
	}
	w := det.Sqrt(1 - float32(x*x))
	area := det.Pi/2 + float32(x*w) + det.Atan2(x, w)
	if !(area > 1e-6) {
		return 0, 1
	}
	return area / det.Pi, float32(float32(2.0/3)*float32(float32(w*w)*w)) / area
}

// polyBelow sums tetrahedra from a point of the level to what of each face is
// below it; those to the cut itself are flat.
func polyBelow(s *Shape, deep float32, p *Pose) (volume float32, centre det.Vec) {
	var r room
	q := polyOf(s, &r)
	// In the axes of the shape, from the point of the level above its centre.
	up := p.Turn.ApplyInverse(det.Vec{Y: 1})
	o := up.Scale(deep)
	var m mass
	for i := range q.planes {
		var face, below polygon
		face.faceOf(&q, i)
		face.cut(o, up, 0, &below)
		for k := 2; k < below.n; k++ {
			a, b, c := below.c[0].at, below.c[k-1].at, below.c[k].at
			m.tetrahedron(widen(a.Sub(o)), widen(b.Sub(o)), widen(c.Sub(o)))
		}
	}
	if !(m.volume > 0) {
		return 0, p.Pos
	}
	return float32(m.volume), p.Pos.Add(p.Turn.Apply(m.centre().narrow().Add(o)))
}

package shape

// nearestOnTriangle gives the weights of the corners of a triangle that make
// its point nearest to p; those of features that take no part are 0 (Ericson,
// "Real-Time Collision Detection", 5.1.5). A triangle without area is taken
// for its edges.
func nearestOnTriangle(p, a, b, c wide) [3]float64 {
	ab, ac, ap := b.sub(a), c.sub(a), p.sub(a)
	d1, d2 := ab.dot(ap), ac.dot(ap)
	if d1 <= 0 && d2 <= 0 {
		return [3]float64{1, 0, 0}
	}
	bp := p.sub(b)
	d3, d4 := ab.dot(bp), ac.dot(bp)
	if d3 >= 0 && d4 <= d3 {
		return [3]float64{0, 1, 0}
	}
	vc := float64(d1*d4) - float64(d3*d2)
	if vc <= 0 && d1 >= 0 && d3 <= 0 {
		t := d1 / (d1 - d3)
		return [3]float64{1 - t, t, 0}
	}
	cp := p.sub(c)
	d5, d6 := ab.dot(cp), ac.dot(cp)
	if d6 >= 0 && d5 <= d6 {
		return [3]float64{0, 0, 1}
	}
	vb := float64(d5*d2) - float64(d1*d6)
	if vb <= 0 && d2 >= 0 && d6 <= 0 {
		t := d2 / (d2 - d6)
		return [3]float64{1 - t, 0, t}
	}
	va := float64(d3*d6) - float64(d5*d4)
	if va <= 0 && d4-d3 >= 0 && d5-d6 >= 0 {
		t := (d4 - d3) / ((d4 - d3) + (d5 - d6))
		return [3]float64{0, 1 - t, t}
	}
	sum := va + vb + vc
	if !(sum > 0) {
		return [3]float64{1, 0, 0}
	}
	v, w := vb/sum, vc/sum
	return [3]float64{1 - v - w, v, w}
}

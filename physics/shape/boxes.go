package shape

import "github.com/metatopia/metatopia/spatial/det"

// A face of B, or a pair of edges, must be better than a face of A by this much
// to be preferred, m: the choice, and with it the points, stays the same while
// a stack trembles.
const (
	faceBias = 0.0025
	edgeBias = 0.005
)

// boxPair is two boxes seen from the centre of a.
type boxPair struct {
	d        det.Vec       // centre of b
	aa, ab   [3]det.Vec    // axes
	ha, hb   [3]float32    // half sizes
	ta, tb   [3]float32    // d along the axes of a and of b
	cos, abs [3][3]float32 // axes of a times axes of b
}

func (p *boxPair) set(a *Shape, pa *Pose, b *Shape, pb *Pose) {
	p.d = pb.Pos.Sub(pa.Pos)
	p.aa, p.ab = axes(&pa.Turn), axes(&pb.Turn)
	p.ha, p.hb = sizes(a.Half), sizes(b.Half)
	for i := range 3 {
		p.ta[i], p.tb[i] = p.aa[i].Dot(p.d), p.ab[i].Dot(p.d)
		for j := range 3 {
			p.cos[i][j] = p.aa[i].Dot(p.ab[j])
			p.abs[i][j] = det.Abs(p.cos[i][j])
		}
	}
}

// meetBoxes finds where two boxes meet by separating axes: of 15 candidate
// axes the one with the largest gap decides whether faces or edges meet
// (Gottschalk and others, "OBBTree", 1996).
func meetBoxes(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	var p boxPair
	p.set(a, pa, b, pb)
	face, gap, ok := p.faces()
	if !ok {
		return
	}
	i, j, edgeGap, ok := p.edges()
	if !ok {
		return
	}
	if i >= 0 && edgeGap > float32(0.95*gap)+edgeBias && edgeGap > gap+edgeBias {
		p.meetEdges(i, j, edgeGap, m)
		return
	}
	p.meetFaces(face, m)
}

// faces finds the face axis of the largest gap: 0 to 2 of a, 3 to 5 of b. It is
// not ok when one separates the boxes.
func (p *boxPair) faces() (face int, gap float32, ok bool) {
	gap = -1e30
	for i := range 3 {
		s := p.gap(i)
		if s > Margin {
			return 0, 0, false
		}
		if s > gap {
			face, gap = i, s
		}
	}
	for j := range 3 {
		s := p.gap(3 + j)
		if s > Margin {
			return 0, 0, false
		}
		if s > gap+faceBias {
			face, gap = 3+j, s
		}
	}
	return face, gap, true
}

// gap between the boxes along a face axis, numbered as in faces.
func (p *boxPair) gap(face int) float32 {
	if face < 3 {
		return det.Abs(p.ta[face]) - p.ha[face] -
			(float32(p.hb[0]*p.abs[face][0]) + float32(p.hb[1]*p.abs[face][1]) + float32(p.hb[2]*p.abs[face][2]))
	}
	j := face - 3
	return det.Abs(p.tb[j]) - p.hb[j] -
		(float32(p.ha[0]*p.abs[0][j]) + float32(p.ha[1]*p.abs[1][j]) + float32(p.ha[2]*p.abs[2][j]))
}

// edges finds the pair of edge directions of the largest gap; i is -1 when all
// are parallel. It is not ok when one separates the boxes.
func (p *boxPair) edges() (i, j int, gap float32, ok bool) {
	i, j, gap = -1, -1, -1e30
	for x := range 3 {
		x1, x2 := (x+1)%3, (x+2)%3
		for y := range 3 {
			len2 := 1 - float32(p.cos[x][y]*p.cos[x][y])
			if len2 < 1e-3 {
				continue // parallel: a face axis says the same
			}
			y1, y2 := (y+1)%3, (y+2)%3
			t := det.Abs(float32(p.ta[x2]*p.cos[x1][y]) - float32(p.ta[x1]*p.cos[x2][y]))
			ra := float32(p.ha[x1]*p.abs[x2][y]) + float32(p.ha[x2]*p.abs[x1][y])
			rb := float32(p.hb[y1]*p.abs[x][y2]) + float32(p.hb[y2]*p.abs[x][y1])
			s := (t - ra - rb) / det.Sqrt(len2)
			if s > Margin {
				return 0, 0, 0, false
			}
			if s > gap {
				i, j, gap = x, y, s
			}
		}
	}
	return i, j, gap, true
}

// meetEdges is one point between the nearest points of two crossing edges,
// along axis i of a and axis j of b.
func (p *boxPair) meetEdges(i, j int, gap float32, m *Manifold) {
	n := p.aa[i].Cross(p.ab[j])
	n = n.Scale(1 / n.Len())
	if n.Dot(p.d) < 0 {
		n = n.Neg()
	}
	onA, onB := det.Vec{}, p.d
	for k := range 3 {
		if k != i {
			onA = onA.AddScaled(signed(p.ha[k], p.aa[k].Dot(n)), p.aa[k])
		}
		if k != j {
			onB = onB.AddScaled(-signed(p.hb[k], p.ab[k].Dot(n)), p.ab[k])
		}
	}
	w := onB.Sub(onA)
	c := p.cos[i][j]
	den := 1 - float32(c*c)
	wa, wb := p.aa[i].Dot(w), p.ab[j].Dot(w)
	onA = onA.AddScaled((wa-float32(c*wb))/den, p.aa[i])
	onB = onB.AddScaled((float32(c*wa)-wb)/den, p.ab[j])
	mid := onA.Add(onB).Scale(0.5)
	m.Normal, m.Count = n, 1
	m.Points[0] = Point{RA: mid, RB: mid.Sub(p.d), Gap: gap, Feature: edgeFeature | uint32(i*3+j)}
}

// Features of edges and of faces never collide.
const (
	edgeFeature = 1 << 31
	studFeature = 3 << 30 // of a facet far down the list, see polyFacets
)

// signed is size with the sign of by.
func signed(size, by float32) float32 {
	if by < 0 {
		return -size
	}
	return size
}

// meetFaces clips the face of one box that looks most against the reference
// face to the reference face's sides, and keeps what is below it.
func (p *boxPair) meetFaces(face int, m *Manifold) {
	ref, inc, hr, hi := &p.aa, &p.ab, &p.ha, &p.hb
	refAt, incAt := det.Vec{}, p.d
	ax := face
	towards := p.ta[face%3]
	ofB := face >= 3
	if ofB {
		ref, inc, hr, hi = &p.ab, &p.aa, &p.hb, &p.ha
		refAt, incAt = p.d, det.Vec{}
		ax = face - 3
		towards = -p.tb[ax]
	}
	n := ref[ax] // outward
	if towards < 0 {
		n = n.Neg()
	}
	k, most := 0, float32(-1)
	for j := range 3 {
		if c := det.Abs(inc[j].Dot(n)); c > most {
			k, most = j, c
		}
	}
	k1, k2 := (k+1)%3, (k+2)%3
	centre := incAt.AddScaled(-signed(hi[k], inc[k].Dot(n)), inc[k]).Sub(refAt)
	u, v := inc[k1].Scale(hi[k1]), inc[k2].Scale(hi[k2])
	a1, a2 := (ax+1)%3, (ax+2)%3
	e1, e2 := ref[a1], ref[a2]
	var quad, spare [8]corner
	for i, w := range [4]det.Vec{centre.Add(u).Add(v), centre.Sub(u).Add(v), centre.Sub(u).Sub(v), centre.Add(u).Sub(v)} {
		quad[i] = corner{e1.Dot(w), e2.Dot(w), n.Dot(w), uint32(i+3) & 3, uint32(i)}
	}
	poly := clip(&quad, &spare, 4, hr[a1], hr[a2])
	var found [8]clipped
	got := 0
	for i := range poly {
		c := &poly[i]
		if gap := c.z - hr[ax]; gap <= Margin {
			found[got] = clipped{c.x, c.y, gap, uint32(face)<<12 | uint32(k)<<8 | c.in<<4 | c.out}
			got++
		}
	}
	got = reduce(found[:got])
	m.Normal, m.Count = n, got
	if ofB {
		m.Normal = n.Neg()
	}
	for i := range got {
		c := &found[i]
		// Midway between the two surfaces.
		at := refAt.AddScaled(c.x, e1).AddScaled(c.y, e2).AddScaled(hr[ax]+float32(0.5*c.gap), n)
		m.Points[i] = Point{RA: at, RB: at.Sub(p.d), Gap: c.gap, Feature: c.feature}
	}
}

package shape

import "math"

// mass is the volume of a solid and its first and second moments, for a density
// of 1: xx is the integral of x², xy that of x·y.
type mass struct {
	volume                 float64
	moment                 wide
	xx, yy, zz, xy, xz, yz float64
}

// tetrahedron adds the solid between the origin and a triangle, which counts
// as negative when its corners go with the clock seen from the origin's other
// side. Summed over the faces of a closed surface it gives the solid inside
// (Eberly, "Polyhedral Mass Properties", 2002).
func (m *mass) tetrahedron(a, b, c wide) {
	d := a.dot(b.cross(c))
	s := a.add(b).add(c)
	m.volume += d / 6
	m.moment = m.moment.addScaled(d/24, s)
	k := d / 120
	second := func(a1, b1, c1, s1, a2, b2, c2, s2 float64) float64 {
		return float64(k * (float64(a1*a2) + float64(b1*b2) + float64(c1*c2) + float64(s1*s2)))
	}
	m.xx += second(a.x, b.x, c.x, s.x, a.x, b.x, c.x, s.x)
	m.yy += second(a.y, b.y, c.y, s.y, a.y, b.y, c.y, s.y)
	m.zz += second(a.z, b.z, c.z, s.z, a.z, b.z, c.z, s.z)
	m.xy += second(a.x, b.x, c.x, s.x, a.y, b.y, c.y, s.y)
	m.xz += second(a.x, b.x, c.x, s.x, a.z, b.z, c.z, s.z)
	m.yz += second(a.y, b.y, c.y, s.y, a.z, b.z, c.z, s.z)
}

// add joins another solid.
func (m *mass) add(o *mass) {
	m.volume += o.volume
	m.moment = m.moment.add(o.moment)
	m.xx, m.yy, m.zz = m.xx+o.xx, m.yy+o.yy, m.zz+o.zz
	m.xy, m.xz, m.yz = m.xy+o.xy, m.xz+o.xz, m.yz+o.yz
}

func (m *mass) centre() wide { return m.moment.scale(1 / m.volume) }

// moved is m seen from another origin at c.
func (m *mass) moved(c wide) mass {
	f, v := m.moment, m.volume
	shift := func(xy, fx, fy, cx, cy float64) float64 {
		return xy - float64(fx*cy) - float64(fy*cx) + float64(float64(v*cx)*cy)
	}
	return mass{
		volume: v, moment: f.addScaled(-v, c),
		xx: shift(m.xx, f.x, f.x, c.x, c.x), yy: shift(m.yy, f.y, f.y, c.y, c.y), zz: shift(m.zz, f.z, f.z, c.z, c.z),
		xy: shift(m.xy, f.x, f.y, c.x, c.y), xz: shift(m.xz, f.x, f.z, c.x, c.z), yz: shift(m.yz, f.y, f.z, c.y, c.z),
	}
}

// inertia is the moment of inertia about the axes for 1 kg.
func (m *mass) inertia() wide {
	return wide{m.yy + m.zz, m.xx + m.zz, m.xx + m.yy}.scale(1 / m.volume)
}

// centred reports whether the origin is the centre of mass and the axes are
// principal, as nearly as float32 coordinates of a body of that size allow.
func (m *mass) centred(size float64) bool {
	c := m.centre()
	if c.len() > float64(frameTolerance*size) {
		return false
	}
	most := float64(frameTolerance * (m.xx + m.yy + m.zz))
	return math.Abs(m.xy) <= most && math.Abs(m.xz) <= most && math.Abs(m.yz) <= most
}

// frameTolerance is how far a geometry may be off its centre and its principal
// axes, as a share of its size and of its moments.
const frameTolerance = 1e-4

// axes are the principal axes: the eigenvectors of the second moments, near the
// axes at hand, as columns of a rotation (Jacobi's method). Where two moments
// are equal within rounding their axes stay as they are.
func (m *mass) axes() (x, y, z wide) {
	a := [3][3]float64{{m.xx, m.xy, m.xz}, {m.xy, m.yy, m.yz}, {m.xz, m.yz, m.zz}}
	v := [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	small := float64(1e-7 * (m.xx + m.yy + m.zz))
	for range 12 {
		for _, pq := range [3][2]int{{0, 1}, {0, 2}, {1, 2}} {
			rotate(&a, &v, pq[0], pq[1], small)
		}
	}
	x = wide{v[0][0], v[1][0], v[2][0]}
	y = wide{v[0][1], v[1][1], v[2][1]}
	return x, y, x.cross(y)
}

// rotate is one Jacobi rotation that makes a[p][q] zero.
func rotate(a, v *[3][3]float64, p, q int, small float64) {
	if math.Abs(a[p][q]) <= small {
		return
	}
	theta := (a[q][q] - a[p][p]) / float64(2*a[p][q])
	t := 1 / (math.Abs(theta) + math.Sqrt(float64(theta*theta)+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(float64(t*t)+1)
	s := float64(t * c)
	for k := range 3 {
		x, y := a[k][p], a[k][q]
		a[k][p], a[k][q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
	for k := range 3 {
		x, y := a[p][k], a[q][k]
		a[p][k], a[q][k] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
		x, y = v[k][p], v[k][q]
		v[k][p], v[k][q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
}

package shape

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// The bytes of a hull:
//
//	u8 kind = 4
//	u8 n     corners, 4 to 64
//	n × vec  rising by (x, y, z); each a corner of their convex hull, whose
//	         centre of mass is the origin and whose principal axes are the axes

// NewHull makes a hull of points: their convex hull, moved to its centre of
// mass and turned to its principal axes. at is where the points see that frame:
// a body at at lies where the points were. Of more than MaxCorners corners the
// most outlying stay.
func NewHull(points []det.Vec) (g *Geometry, at Pose, err error) {
	if len(points) < 4 || len(points) > MaxInput {
		return nil, at, fmt.Errorf("shape: hull: %w: %d points", ErrCount, len(points))
	}
	for _, p := range points {
		if !p.Finite() || !(max(det.Abs(p.X), det.Abs(p.Y), det.Abs(p.Z)) <= 2*MaxCoord) {
			return nil, at, fmt.Errorf("shape: hull: %w: %g,%g,%g", ErrRange, p.X, p.Y, p.Z)
		}
	}
	f, err := quickhull(widenAll(points), MaxCorners)
	if err != nil {
		return nil, at, fmt.Errorf("shape: hull: %w", err)
	}
	for range 8 {
		frame, corners := f.centred()
		e := base.Encoder{B: []byte{byte(Hull), byte(len(corners))}}
		for _, v := range corners {
			appendVec(&e, v)
		}
		if g, err = Parse(e.B); err == nil {
			return g, At(frame.at.narrow(), rotationOf(frame.x, frame.y, frame.z)), nil
		}
		// Turning and rounding may cost a corner that hardly was one: try
		// again without it.
		again, ferr := quickhull(widenAll(corners), MaxCorners)
		if ferr != nil {
			return nil, at, fmt.Errorf("shape: hull: %w", ferr)
		}
		for i, p := range again.points {
			again.points[i] = frame.point(p)
		}
		for i, n := range again.normal {
			again.normal[i] = frame.turn(n)
		}
		f = again
	}
	return nil, at, err
}

// centred gives the frame of f's own centre and axes, and its corners there.
func (f *faceted) centred() (frame view, corners []det.Vec) {
	m := f.mass()
	frame.at = m.centre()
	m = m.moved(frame.at)
	frame.x, frame.y, frame.z = m.axes()
	for _, p := range f.points {
		corners = append(corners, frame.back(p.sub(frame.at)).narrow())
	}
	slices.SortFunc(corners, compareVec)
	return frame, slices.Compact(corners)
}

func widenAll(points []det.Vec) []wide {
	all := make([]wide, len(points))
	for i, p := range points {
		all[i] = widen(p)
	}
	return all
}

func compareVec(a, b det.Vec) int {
	return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y), cmp.Compare(a.Z, b.Z))
}

func (f *faceted) mass() (m mass) {
	// Seen from a corner: less cancels than from far away.
	o := f.points[0]
	for _, loop := range f.loops {
		a := f.points[loop[0]].sub(o)
		for i := 2; i < len(loop); i++ {
			m.tetrahedron(a, f.points[loop[i-1]].sub(o), f.points[loop[i]].sub(o))
		}
	}
	return m.moved(o.neg())
}

func (g *Geometry) readHull(d *base.Decoder) error {
	n := int(d.U8())
	if d.Err() == nil && (n < 4 || n > MaxCorners) {
		return fmt.Errorf("%w: %d corners", ErrCount, n)
	}
	if d.Len() != 12*n {
		return base.ErrTruncated
	}
	corners := make([]det.Vec, n)
	for i := range corners {
		corners[i] = readVec(d)
		if i > 0 && compareVec(corners[i-1], corners[i]) >= 0 {
			return fmt.Errorf("%w: corners out of order", ErrCanonical)
		}
	}
	if d.Err() != nil {
		return nil
	}
	return g.setHull(corners)
}

func (g *Geometry) setHull(corners []det.Vec) error {
	points := widenAll(corners)
	f, err := quickhull(points, MaxCorners)
	if err != nil {
		return err
	}
	if len(f.points) != len(corners) {
		return fmt.Errorf("%w: %d of %d points are corners", ErrCanonical, len(f.points), len(corners))
	}
	m := f.mass()
	size := sizeOf(points)
	if !(m.volume > 0) {
		return ErrDegenerate
	}
	if !m.centred(size) {
		return ErrFrame
	}
	if g.hull, err = newHull(f, corners); err != nil {
		return err
	}
	g.span(corners)
	g.inner = g.hull.planes[0].offset
	for _, p := range g.hull.planes {
		g.inner = min(g.inner, p.offset)
	}
	if !(g.inner >= MinInner) || !(float64(g.inner) >= float64(thinnest*size)) {
		return ErrDegenerate
	}
	g.volume = float32(m.volume)
	g.inertia = m.inertia().narrow()
	return nil
}

// rotationOf is the unit quaternion that turns the axes to x, y and z
// (Shepperd 1978).
func rotationOf(x, y, z wide) det.Quat {
	m := det.Mat{A: x.narrow(), B: y.narrow(), C: z.narrow()}
	trace := m.A.X + m.B.Y + m.C.Z
	var q det.Quat
	switch {
	case trace >= max(m.A.X, m.B.Y, m.C.Z):
		q = det.Quat{X: m.B.Z - m.C.Y, Y: m.C.X - m.A.Z, Z: m.A.Y - m.B.X, W: 1 + trace}
	case m.A.X >= max(m.B.Y, m.C.Z):
		q = det.Quat{X: 1 + m.A.X - m.B.Y - m.C.Z, Y: m.A.Y + m.B.X, Z: m.C.X + m.A.Z, W: m.B.Z - m.C.Y}
	case m.B.Y >= m.C.Z:
		q = det.Quat{X: m.A.Y + m.B.X, Y: 1 - m.A.X + m.B.Y - m.C.Z, Z: m.B.Z + m.C.Y, W: m.C.X - m.A.Z}
	default:
		q = det.Quat{X: m.C.X + m.A.Z, Y: m.B.Z + m.C.Y, Z: 1 - m.A.X - m.B.Y + m.C.Z, W: m.A.Y - m.B.X}
	}
	return q.Unit()
}

package shape

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// The bytes of a compound:
//
//	u8 kind = 7
//	u8 n     children, 1 to 64, rising by their bytes:
//	         u8 kind (1 to 4), of a hull u16 length and its bytes, else vec half;
//	         vec position, quat rotation
//
// Children count with their whole volume also where they overlap; together
// their centre of mass is the origin and their principal axes are the axes.

// Child is a convex part of a compound, placed in it.
type Child struct {
	Shape Shape
	Pose  Pose
}

// NewCompound makes a compound of convex children, moved and turned to its
// centre of mass and principal axes: at is where the children see that frame.
func NewCompound(children []Child) (g *Geometry, at Pose, err error) {
	if len(children) < 1 || len(children) > MaxChildren {
		return nil, at, fmt.Errorf("shape: compound: %w: %d children", ErrCount, len(children))
	}
	for i := range children {
		if err := children[i].check(); err != nil {
			return nil, at, fmt.Errorf("shape: compound: child %d: %w", i, err)
		}
	}
	m := massOf(children)
	var frame view
	frame.at = m.centre()
	m = m.moved(frame.at)
	frame.x, frame.y, frame.z = m.axes()
	at = At(frame.at.narrow(), rotationOf(frame.x, frame.y, frame.z))
	list := make([][]byte, len(children))
	for i := range children {
		c := children[i]
		c.Pose.Pos = frame.back(widen(c.Pose.Pos).sub(frame.at)).narrow()
		if at.Rot != det.Identity {
			c.Pose.Rot = at.Rot.Conj().Mul(c.Pose.Rot).Unit()
		}
		var e base.Encoder
		c.appendTo(&e)
		list[i] = e.B
	}
	slices.SortFunc(list, bytes.Compare)
	b := []byte{byte(Compound), byte(len(list))}
	for _, c := range list {
		b = append(b, c...)
	}
	g, err = Parse(b)
	return g, at, err
}

// check says why c cannot be a child.
func (c *Child) check() error {
	s := &c.Shape
	h := s.Half
	switch s.Kind {
	case Sphere:
		h.Y, h.Z = h.X, h.X
	case Capsule:
		h.Z = h.X
	case Box:
	case Hull:
		if s.Geometry == nil || s.Geometry.hull == nil {
			return ErrKind
		}
		h = det.Vec{X: 1, Y: 1, Z: 1}
	default:
		return fmt.Errorf("%w: %d", ErrKind, s.Kind)
	}
	for _, x := range sizes(h) {
		if !(x >= MinInner && x <= MaxCoord) {
			return fmt.Errorf("%w: half size %g", ErrRange, x)
		}
	}
	p, q := c.Pose.Pos, c.Pose.Rot
	if !p.Finite() || !(max(det.Abs(p.X), det.Abs(p.Y), det.Abs(p.Z)) <= MaxCoord) {
		return fmt.Errorf("%w: at %g,%g,%g", ErrRange, p.X, p.Y, p.Z)
	}
	if !q.Finite() || det.Abs(q.Norm2()-1) > 1e-5 {
		return fmt.Errorf("%w: not a unit rotation", ErrRange)
	}
	return nil
}

func (c *Child) appendTo(e *base.Encoder) {
	e.U8(uint8(c.Shape.Kind))
	if c.Shape.Kind == Hull {
		e.U16(uint16(len(c.Shape.Geometry.bytes)))
		e.Raw(c.Shape.Geometry.bytes)
	} else {
		h := c.Shape.Half
		switch c.Shape.Kind {
		case Sphere:
			h.Y, h.Z = h.X, h.X
		case Capsule:
			h.Z = h.X
		}
		appendVec(e, h)
	}
	appendVec(e, c.Pose.Pos)
	q := c.Pose.Rot
	for _, x := range [4]float32{q.X, q.Y, q.Z, q.W} {
		e.F32(x + 0)
	}
}

func readChild(d *base.Decoder) (c Child) {
	c.Shape.Kind = Kind(d.U8())
	if c.Shape.Kind == Hull {
		b := d.Raw(int(d.U16()))
		if d.Err() == nil && (len(b) == 0 || Kind(b[0]) != Hull) {
			d.Fail(fmt.Errorf("%w: a child that is no hull", ErrKind))
		}
		if d.Err() != nil {
			return c
		}
		g, err := Parse(b)
		if err != nil {
			d.Fail(err)
			return c
		}
		c.Shape.Geometry = g
	} else {
		c.Shape.Half = readVec(d)
	}
	c.Pose = At(readVec(d), det.Quat{X: readFloat(d), Y: readFloat(d), Z: readFloat(d), W: readFloat(d)})
	return c
}

func (g *Geometry) readCompound(d *base.Decoder, all []byte) error {
	n := int(d.U8())
	if d.Err() == nil && (n < 1 || n > MaxChildren) {
		return fmt.Errorf("%w: %d children", ErrCount, n)
	}
	var last []byte
	for i := range n {
		rest := d.Len()
		c := readChild(d)
		if d.Err() != nil {
			return nil
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("child %d: %w", i, err)
		}
		var e base.Encoder
		c.appendTo(&e)
		if !bytes.HasPrefix(all[len(all)-rest:], e.B) {
			return fmt.Errorf("%w: child %d", ErrCanonical, i)
		}
		if i > 0 && bytes.Compare(last, e.B) >= 0 {
			return fmt.Errorf("%w: children out of order", ErrCanonical)
		}
		last = e.B
		g.children = append(g.children, c)
	}
	return g.setCompound()
}

func (g *Geometry) setCompound() error {
	for i := range g.children {
		c := &g.children[i]
		lo, hi := c.Shape.Bounds(&c.Pose)
		if i == 0 {
			g.lo, g.hi = lo, hi
		}
		g.lo = det.Vec{X: min(g.lo.X, lo.X), Y: min(g.lo.Y, lo.Y), Z: min(g.lo.Z, lo.Z)}
		g.hi = det.Vec{X: max(g.hi.X, hi.X), Y: max(g.hi.Y, hi.Y), Z: max(g.hi.Z, hi.Z)}
		g.inner = max(g.inner, c.Shape.Inner()-c.Pose.Pos.Len())
	}
	m := massOf(g.children)
	if !m.centred(float64(g.hi.Sub(g.lo).Len())) {
		return ErrFrame
	}
	g.volume = float32(m.volume)
	g.inertia = m.inertia().narrow()
	return nil
}

// massOf adds the children, each moved from its own centre and axes.
func massOf(children []Child) (sum mass) {
	for i := range children {
		c := &children[i]
		v := float64(c.Shape.Volume())
		in := widen(c.Shape.Inertia(1)).scale(v)
		// Second moments from moments of inertia.
		d := wide{float64((in.y + in.z - in.x) / 2), float64((in.x + in.z - in.y) / 2), float64((in.x + in.y - in.z) / 2)}
		x, y, z := widen(c.Pose.Turn.A), widen(c.Pose.Turn.B), widen(c.Pose.Turn.C)
		second := func(a1, b1, c1, a2, b2, c2 float64) float64 {
			return float64(float64(d.x*a1)*a2) + float64(float64(d.y*b1)*b2) + float64(float64(d.z*c1)*c2)
		}
		m := mass{
			volume: v,
			xx:     second(x.x, y.x, z.x, x.x, y.x, z.x), yy: second(x.y, y.y, z.y, x.y, y.y, z.y), zz: second(x.z, y.z, z.z, x.z, y.z, z.z),
			xy: second(x.x, y.x, z.x, x.y, y.y, z.y), xz: second(x.x, y.x, z.x, x.z, y.z, z.z), yz: second(x.y, y.y, z.y, x.z, y.z, z.z),
		}
		m = m.moved(widen(c.Pose.Pos).neg())
		sum.add(&m)
	}
	return sum
}

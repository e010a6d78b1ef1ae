package shape

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// GeometryID names a Geometry: the first eight bytes of the SHA-256 of its
// canonical bytes, little-endian. 0 is none.
type GeometryID uint64

// Geometry is what a Shape of many parts is made of: a hull, a heightfield, a
// mesh or a compound. It is built from its canonical bytes and never changed.
type Geometry struct {
	id    GeometryID
	kind  Kind
	bytes []byte
	sum   [32]byte

	lo, hi  det.Vec // in its own axes
	inner   float32
	volume  float32
	inertia det.Vec // of 1 kg

	hull     *hull
	field    *heightfield
	mesh     *mesh
	children []Child // of a compound
}

// Parse builds the geometry of canonical bytes (docs/protocol/physics.md). It
// keeps no reference to b.
func Parse(b []byte) (*Geometry, error) {
	if len(b) > MaxGeometryBytes {
		return nil, fmt.Errorf("shape: parse: %w: %d bytes, at most %d", base.ErrBound, len(b), MaxGeometryBytes)
	}
	d := base.NewDecoder(b)
	g := &Geometry{kind: Kind(d.U8())}
	var err error
	switch g.kind {
	case Hull:
		err = g.readHull(d)
	case Heightfield:
		err = g.readHeightfield(d)
	case Mesh:
		err = g.readMesh(d)
	case Compound:
		err = g.readCompound(d, b)
	default:
		err = ErrKind
	}
	if d.Err() == nil && err != nil {
		d.Fail(err)
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("shape: parse: %w", err)
	}
	g.bytes = slices.Clone(b)
	g.sum = sha256.Sum256(b)
	g.id = named(&g.sum)
	return g, nil
}

// Name is what a geometry of these bytes is called, if they are canonical.
func Name(b []byte) GeometryID {
	sum := sha256.Sum256(b)
	return named(&sum)
}

func named(sum *[32]byte) GeometryID { return GeometryID(binary.LittleEndian.Uint64(sum[:])) }

// Sum is the SHA-256 of the canonical bytes.
func (g *Geometry) Sum() [32]byte { return g.sum }

// ID is the name of g.
func (g *Geometry) ID() GeometryID { return g.id }

// Kind is what a Shape of g must be.
func (g *Geometry) Kind() Kind { return g.kind }

// Bytes are the canonical bytes, not to be changed.
func (g *Geometry) Bytes() []byte { return g.bytes }

// AppendTo appends the canonical bytes.
func (g *Geometry) AppendTo(b []byte) []byte { return append(b, g.bytes...) }

// Shape is a shape of g.
func (g *Geometry) Shape() Shape { return Shape{Kind: g.kind, Geometry: g} }

// bounds around the centre when turned.
func (g *Geometry) bounds(turn *det.Mat) (lo, hi det.Vec) {
	mid, half := g.lo.Add(g.hi).Scale(0.5), g.hi.Sub(g.lo).Scale(0.5)
	at := turn.Apply(mid)
	e := turn.A.Abs().Scale(half.X).AddScaled(half.Y, turn.B.Abs()).AddScaled(half.Z, turn.C.Abs())
	return at.Sub(e), at.Add(e)
}

// span sets lo and hi around points.
func (g *Geometry) span(points []det.Vec) {
	g.lo, g.hi = points[0], points[0]
	for _, p := range points {
		g.lo = det.Vec{X: min(g.lo.X, p.X), Y: min(g.lo.Y, p.Y), Z: min(g.lo.Z, p.Z)}
		g.hi = det.Vec{X: max(g.hi.X, p.X), Y: max(g.hi.Y, p.Y), Z: max(g.hi.Z, p.Z)}
	}
}

// readVec reads a vector in canonical form: within MaxCoord, no negative zero.
func readVec(d *base.Decoder) det.Vec {
	return det.Vec{X: readFloat(d), Y: readFloat(d), Z: readFloat(d)}
}

func readFloat(d *base.Decoder) float32 {
	x := d.F32()
	if det.Abs(x) > MaxCoord {
		d.Fail(fmt.Errorf("%w: %g", ErrRange, x))
	}
	if math.Float32bits(x) == 1<<31 {
		d.Fail(fmt.Errorf("%w: negative zero", ErrCanonical))
	}
	return x
}

func appendVec(e *base.Encoder, v det.Vec) {
	// Adding 0 turns a negative zero into a positive one.
	e.F32(v.X + 0)
	e.F32(v.Y + 0)
	e.F32(v.Z + 0)
}

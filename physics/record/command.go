package record

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
)

// A command is encoded as: u8 kind, u64 id, vec, f32; and of a CmdAdd,
// CmdSet or CmdOwn the body: u64 id, u8 shape, vec half, u8 flags, vec pos, quat rot, vec
// vel, vec spin, f32 mass, f32 friction, f32 restitution; and of a CmdJoint,
// CmdUnjoint or CmdMotor: bool joint, and if so the joint (see appendJoint); and
// of a CmdGeometry: u32 length and its bytes, none when there is none; and of a
// CmdVehicle, CmdField or CmdUnfield: bool vehicle or field, and if so it (see
// appendVehicle and appendField). The half size of a hull and what follows is
// followed by its u64 geometry.

// minCommand is the shortest command, in bytes.
const minCommand = 1 + 8 + 12 + 4

func appendCommand(e *base.Encoder, c *physics.Command) {
	e.U8(uint8(c.Kind))
	e.U64(uint64(c.ID))
	appendVec(e, c.Vec)
	appendFloat(e, c.F)
	if withBody(c.Kind) {
		appendBody(e, &c.Body)
	}
	if withJoint(c.Kind) {
		e.Bool(c.Joint != nil)
		if c.Joint != nil {
			appendJoint(e, c.Joint)
		}
	}
	if withField(c.Kind) {
		e.Bool(c.Field != nil)
		if c.Field != nil {
			appendField(e, c.Field)
		}
	}
	if c.Kind == physics.CmdGeometry {
		var b []byte
		if c.Geometry != nil {
			b = c.Geometry.Bytes()
		}
		e.Bytes(b)
	}
	if c.Kind == physics.CmdVehicle {
		e.Bool(c.Vehicle != nil)
		if c.Vehicle != nil {
			appendVehicle(e, c.Vehicle)
		}
	}
}

func readCommand(d *base.Decoder) (c physics.Command) {
	c.Kind = physics.CommandKind(d.U8())
	c.ID = physics.BodyID(d.U64())
	c.Vec, c.F = readVec(d), readFloat(d)
	if withBody(c.Kind) {
		c.Body = readBody(d)
	}
	if withJoint(c.Kind) && d.Bool() {
		j := readJoint(d)
		c.Joint = &j
	}
	if withField(c.Kind) && d.Bool() {
		f := readField(d)
		c.Field = &f
	}
	if c.Kind == physics.CmdGeometry {
		if b := d.Bytes(shape.MaxGeometryBytes); len(b) > 0 {
			g, err := shape.Parse(b)
			if err != nil {
				d.Fail(err)
			}
			c.Geometry = g
		}
	}
	if c.Kind == physics.CmdVehicle && d.Bool() {
		c.Vehicle = readVehicle(d)
	}
	return c
}

func withBody(k physics.CommandKind) bool {
	return k == physics.CmdAdd || k == physics.CmdSet || k == physics.CmdOwn
}

func appendBody(e *base.Encoder, b *physics.Body) {
	e.U64(uint64(b.ID))
	e.U8(uint8(b.Shape.Kind))
	appendVec(e, b.Shape.Half)
	if b.Shape.Kind.Composed() {
		e.U64(uint64(b.Shape.Geometry))
	}
	e.U8(uint8(b.Flags))
	appendVec(e, b.Pos)
	for _, x := range [...]float32{b.Rot.X, b.Rot.Y, b.Rot.Z, b.Rot.W} {
		appendFloat(e, x)
	}
	appendVec(e, b.Vel)
	appendVec(e, b.Spin)
	appendFloat(e, b.Mass)
	appendFloat(e, b.Friction)
	appendFloat(e, b.Restitution)
	e.U32(b.Filter.Category)
	e.U32(b.Filter.Mask)
	e.U32(uint32(b.Filter.Group))
}

func readBody(d *base.Decoder) physics.Body {
	id := physics.BodyID(d.U64())
	s := physics.Shape{Kind: physics.ShapeKind(d.U8()), Half: readVec(d)}
	if s.Kind.Composed() {
		s.Geometry = physics.GeometryID(d.U64())
	}
	return physics.Body{
		ID:    id,
		Shape: s,
		Flags: physics.Flags(d.U8()),
		Pos:   readVec(d),
		Rot:   spatial.Quat{X: readFloat(d), Y: readFloat(d), Z: readFloat(d), W: readFloat(d)},
		Vel:   readVec(d),
		Spin:  readVec(d),
		Mass:  readFloat(d), Friction: readFloat(d), Restitution: readFloat(d),
		Filter: physics.Filter{Category: d.U32(), Mask: d.U32(), Group: int32(d.U32())},
	}
}

// A float's bits are kept as they are: what a world refuses is an input too.
func appendFloat(e *base.Encoder, x float32) { e.U32(math.Float32bits(x)) }
func readFloat(d *base.Decoder) float32      { return math.Float32frombits(d.U32()) }

func appendVec(e *base.Encoder, v spatial.Vec) {
	appendFloat(e, v.X)
	appendFloat(e, v.Y)
	appendFloat(e, v.Z)
}

func readVec(d *base.Decoder) spatial.Vec {
	return spatial.Vec{X: readFloat(d), Y: readFloat(d), Z: readFloat(d)}
}

func encoded(c *physics.Command) []byte {
	var e base.Encoder
	appendCommand(&e, c)
	return e.B
}

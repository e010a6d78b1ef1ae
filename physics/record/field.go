package record

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

func withField(k physics.CommandKind) bool {
	return k == physics.CmdField || k == physics.CmdUnfield
}

// appendField writes u64 id, u8 kind, u8 shape, vec half, u64 geometry, vec
// pos, quat rot, u32 category, u32 mask, i32 group, vec,
// f32 strength, f32 level, f32 density.
func appendField(e *base.Encoder, f *physics.Field) {
	e.U64(uint64(f.ID))
	e.U8(uint8(f.Kind))
	e.U8(uint8(f.Shape.Kind))
	appendVec(e, f.Shape.Half)
	e.U64(uint64(f.Shape.Geometry))
	appendVec(e, f.Pos)
	for _, x := range [...]float32{f.Rot.X, f.Rot.Y, f.Rot.Z, f.Rot.W} {
		appendFloat(e, x)
	}
	e.U32(f.Filter.Category)
	e.U32(f.Filter.Mask)
	e.U32(uint32(f.Filter.Group))
	appendVec(e, f.Vec)
	for _, x := range [...]float32{f.Strength, f.Level, f.Density} {
		appendFloat(e, x)
	}
}

func readField(d *base.Decoder) (f physics.Field) {
	f.ID, f.Kind = physics.FieldID(d.U64()), physics.FieldKind(d.U8())
	f.Shape = physics.Shape{Kind: physics.ShapeKind(d.U8()), Half: readVec(d), Geometry: physics.GeometryID(d.U64())}
	f.Pos = readVec(d)
	f.Rot = spatial.Quat{X: readFloat(d), Y: readFloat(d), Z: readFloat(d), W: readFloat(d)}
	f.Filter = physics.Filter{Category: d.U32(), Mask: d.U32(), Group: int32(d.U32())}
	f.Vec = readVec(d)
	f.Strength, f.Level, f.Density = readFloat(d), readFloat(d), readFloat(d)
	return f
}

package assets

import (
	"context"
	"encoding/binary"
	"math"
)

// The body of a mesh:
//
//	u32 flags, vertices, indices, parts, materials, textures
//	f32 x 3 positions; f32 x 3 normals, f32 x 2 texture coordinates, u8 x 4
//	colours as the flags say, for each vertex
//	u32 indices
//	u32 first, count, material, for each part
//	f32 x 4 colour, f32 metallic, f32 roughness, f32 x 3 emissive, u32 texture,
//	u32 flags, u32 length, name, for each material
//	u32 length, PNG or JPEG or WebP, for each texture
const (
	meshHead     = 24
	partBytes    = 12
	materialHead = 48
	// maxInnerImage bounds the memory for decoding an image inside an
	// encoding, which a guest wrote: its own memory is counted besides.
	maxInnerImage = 64 << 20
)

// cursor reads little-endian numbers; reading past the end sets bad and gives
// zeros.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) f32() float32 { return math.Float32frombits(c.u32()) }

func (c *cursor) floats(n int) []float32 {
	b := c.take(4 * n)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// decodeMesh compares the counts with the bytes that are there before it
// allocates for them.
func decodeMesh(ctx context.Context, b []byte) (Form, error) {
	c := &cursor{b: b}
	flags := c.u32()
	vertices, indices, parts, materials, textures := c.u32(), c.u32(), c.u32(), c.u32(), c.u32()
	if c.bad || flags&^(hasNormals|hasUVs|hasColors) != 0 {
		return nil, malformed("the head of a mesh")
	}
	for _, n := range []struct {
		what string
		n    uint32
		most int64
	}{
		{"vertices", vertices, MaxVertices}, {"indices", indices, MaxIndices}, {"parts", parts, MaxParts},
		{"materials", materials, MaxMaterials}, {"textures", textures, MaxTextures},
	} {
		if err := within(n.what, int64(n.n), n.most); err != nil {
			return nil, err
		}
	}
	need, each := int(indices)*4+int(parts)*partBytes+int(materials)*materialHead+int(textures)*4, 12
	for flag, size := range map[uint32]int{hasNormals: 12, hasUVs: 8, hasColors: 4} { //lint:sorted a sum has no order
		if flags&flag != 0 {
			each += size
		}
	}
	if need += int(vertices) * each; need > len(c.b) {
		return nil, malformed("a mesh that needs %d bytes and has %d", need, len(c.b))
	}
	m := &Mesh{Positions: c.floats(int(vertices) * 3)}
	if flags&hasNormals != 0 {
		m.Normals = c.floats(int(vertices) * 3)
	}
	if flags&hasUVs != 0 {
		m.UVs = c.floats(int(vertices) * 2)
	}
	if flags&hasColors != 0 {
		m.Colors = append([]uint8{}, c.take(int(vertices)*4)...)
	}
	m.Indices = make([]uint32, indices)
	for i := range m.Indices {
		m.Indices[i] = c.u32()
	}
	m.Parts = make([]Part, parts)
	for i := range m.Parts {
		m.Parts[i] = Part{First: c.u32(), Count: c.u32(), Material: c.u32()}
	}
	for range materials {
		mat, err := c.material()
		if err != nil {
			return nil, err
		}
		m.Materials = append(m.Materials, mat)
	}
	if err := c.textures(ctx, m, int(textures)); err != nil {
		return nil, err
	}
	if c.bad || len(c.b) != 0 {
		return nil, malformed("a mesh with %d bytes too many, or cut off", len(c.b))
	}
	return m, m.finish()
}

func (c *cursor) material() (Material, error) {
	var m Material
	for k := range m.Color {
		m.Color[k] = c.f32()
	}
	m.Metallic, m.Roughness = c.f32(), c.f32()
	for k := range m.Emissive {
		m.Emissive[k] = c.f32()
	}
	m.Texture = c.u32()
	flags, n := c.u32(), c.u32()
	if flags&^doubleSided != 0 || n > MaxName {
		return m, malformed("a material with flags %d and a name of %d bytes", flags, n)
	}
	m.DoubleSided = flags != 0
	m.Name = string(c.take(int(n)))
	return m, nil
}

func (c *cursor) textures(ctx context.Context, m *Mesh, n int) error {
	pixels := int64(0)
	for i := range n {
		size := c.u32()
		if uint64(size) > uint64(len(c.b)) {
			return malformed("texture %d of %d bytes, %d are left", i, size, len(c.b))
		}
		b := c.take(int(size))
		f := imageOf(b)
		if f == nil {
			return refused("texture %d is not PNG, JPEG or WebP", i)
		}
		info, err := f.look(b)
		if err == nil {
			err = within("bytes to decode an image of a guest", info.work, maxInnerImage)
		}
		if pixels += info.pixels(); err == nil {
			err = within("pixels of all images", pixels, maxMeshPixels)
		}
		if err != nil {
			return err
		}
		t, err := f.texture(ctx, b)
		if err != nil {
			return err
		}
		t.Data = append([]byte(nil), t.Data...)
		m.Textures = append(m.Textures, t)
	}
	return nil
}

func (m *Mesh) encode(b []byte) []byte {
	u32 := func(vs ...uint32) {
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	f32 := func(vs ...float32) {
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	flags := uint32(0)
	if m.Normals != nil {
		flags |= hasNormals
	}
	if m.UVs != nil {
		flags |= hasUVs
	}
	if m.Colors != nil {
		flags |= hasColors
	}
	u32(flags, uint32(m.Vertices()), uint32(len(m.Indices)), uint32(len(m.Parts)), uint32(len(m.Materials)), uint32(len(m.Textures)))
	f32(m.Positions...)
	f32(m.Normals...)
	f32(m.UVs...)
	b = append(b, m.Colors...)
	u32(m.Indices...)
	for _, p := range m.Parts {
		u32(p.First, p.Count, p.Material)
	}
	for _, mat := range m.Materials {
		f32(mat.Color[:]...)
		f32(mat.Metallic, mat.Roughness)
		f32(mat.Emissive[:]...)
		sided := uint32(0)
		if mat.DoubleSided {
			sided = doubleSided
		}
		u32(mat.Texture, sided, uint32(len(mat.Name)))
		b = append(b, mat.Name...)
	}
	for _, t := range m.Textures {
		u32(uint32(len(t.Data)))
		b = append(b, t.Data...)
	}
	return b
}

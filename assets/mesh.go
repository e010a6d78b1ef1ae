package assets

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Mesh is a set of triangles. All slices have the lengths that the counts say,
// all numbers are finite, all indices in range.
type Mesh struct {
	Positions []float32 // 3 for each vertex, metres, y up
	Normals   []float32 // 3 for each vertex, or nil
	UVs       []float32 // 2 for each vertex, or nil
	Colors    []uint8   // 4 for each vertex: red, green, blue, opacity, sRGB; or nil
	Indices   []uint32  // 3 for each triangle, counter-clockwise from outside
	Parts     []Part    // in order, without gaps: together all indices
	Materials []Material
	Textures  []*Texture
	Bounds    Box
}

// Part is a run of triangles of one material.
type Part struct {
	First, Count uint32 // in Indices, multiples of 3
	Material     uint32 // in Mesh.Materials, or NoIndex
}

// NoIndex stands for no material and no texture.
const NoIndex = math.MaxUint32

// Material is how a part looks. Colours are linear, 0 to 1.
type Material struct {
	Name        string // at most MaxName bytes, printable
	Color       [4]float32
	Metallic    float32
	Roughness   float32
	Emissive    [3]float32
	Texture     uint32 // of the colour, in Mesh.Textures; or NoIndex
	DoubleSided bool
}

// Box is the smallest that holds all vertices that a triangle uses.
type Box struct{ Min, Max [3]float32 }

// Vertices and Triangles are counts.
func (m *Mesh) Vertices() int  { return len(m.Positions) / 3 }
func (m *Mesh) Triangles() int { return len(m.Indices) / 3 }

// Memory implements Form.
func (m *Mesh) Memory() int64 {
	n := int64(len(m.Positions)+len(m.Normals)+len(m.UVs)+len(m.Indices))*4 + int64(len(m.Colors)) +
		int64(len(m.Parts))*12 + int64(len(m.Materials))*(56+MaxName)
	for _, t := range m.Textures {
		n += t.Memory()
	}
	return n
}

// finish checks a mesh whose counts were bounded before, and computes Bounds.
// Every mesh passes here, whoever read it.
func (m *Mesh) finish() error {
	n := len(m.Positions) / 3
	switch {
	case len(m.Positions) == 0 || len(m.Indices) == 0:
		return malformed("a mesh without triangles")
	case len(m.Positions) != n*3 || len(m.Indices)%3 != 0,
		m.Normals != nil && len(m.Normals) != n*3, m.UVs != nil && len(m.UVs) != n*2, m.Colors != nil && len(m.Colors) != n*4:
		return malformed("a mesh whose counts do not agree")
	}
	if err := within("vertices", int64(n), MaxVertices); err != nil {
		return err
	}
	if err := within("indices", int64(len(m.Indices)), MaxIndices); err != nil {
		return err
	}
	for _, p := range m.Positions {
		if !(p >= -MaxCoordinate && p <= MaxCoordinate) { // false for NaN too
			return malformed("a vertex at %v, farther than %d", p, MaxCoordinate)
		}
	}
	if i := slices.IndexFunc(m.Normals, notFinite); i >= 0 {
		return malformed("normal %d is not finite", i/3)
	}
	if i := slices.IndexFunc(m.UVs, notFinite); i >= 0 {
		return malformed("texture coordinate %d is not finite", i/2)
	}
	if err := m.checkParts(); err != nil {
		return err
	}
	inf := float32(math.Inf(1))
	m.Bounds = Box{[3]float32{inf, inf, inf}, [3]float32{-inf, -inf, -inf}}
	for _, i := range m.Indices {
		if int64(i) >= int64(n) {
			return malformed("index %d of %d vertices", i, n)
		}
		for k, v := range m.Positions[i*3 : i*3+3] {
			m.Bounds.Min[k], m.Bounds.Max[k] = min(m.Bounds.Min[k], v), max(m.Bounds.Max[k], v)
		}
	}
	return nil
}

func (m *Mesh) checkParts() error {
	if err := within("parts", int64(len(m.Parts)), MaxParts); err != nil {
		return err
	}
	if err := within("materials", int64(len(m.Materials)), MaxMaterials); err != nil {
		return err
	}
	next := uint64(0)
	for i, p := range m.Parts {
		if uint64(p.First) != next || p.Count == 0 || p.Count%3 != 0 {
			return malformed("part %d does not follow the one before", i)
		}
		if p.Material != NoIndex && int64(p.Material) >= int64(len(m.Materials)) {
			return malformed("part %d has material %d of %d", i, p.Material, len(m.Materials))
		}
		next += uint64(p.Count)
	}
	if next != uint64(len(m.Indices)) {
		return malformed("parts with %d indices, the mesh has %d", next, len(m.Indices))
	}
	for i, mat := range m.Materials {
		for _, v := range append(append(mat.Color[:], mat.Emissive[:]...), mat.Metallic, mat.Roughness) {
			if !(v >= 0 && v <= 1) {
				return malformed("material %d has a value of %v, not of 0 to 1", i, v)
			}
		}
		if mat.Texture != NoIndex && int64(mat.Texture) >= int64(len(m.Textures)) {
			return malformed("material %d has texture %d of %d", i, mat.Texture, len(m.Textures))
		}
		if mat.Name != cleanName(mat.Name) {
			return malformed("the name of material %d", i)
		}
	}
	return nil
}

func notFinite(f float32) bool { return f-f != 0 }

// cleanName makes a name of a stranger fit to be shown: valid UTF-8 without
// control or format characters, at most MaxName bytes.
func cleanName(s string) string {
	if len(s) > MaxName*4 {
		s = s[:MaxName*4]
	}
	out := make([]byte, 0, MaxName)
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) || len(out)+utf8.RuneLen(r) > MaxName {
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

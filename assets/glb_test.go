package assets

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
)

// meshOf reads a changed square.
func meshOf(t *testing.T, change func(doc obj, bin []byte) []byte) *Mesh {
	t.Helper()
	doc, bin := square()
	bin = change(doc, bin)
	first(doc, "buffers")["byteLength"] = len(bin)
	a, err := read(t, glbOf(doc, bin), ClassMesh)
	if err != nil {
		t.Fatal(err)
	}
	return a.Form.(*Mesh)
}

// Nodes place what they hold, parents before children; a node that mirrors
// turns its triangles round, and normals stay normal to them.
func TestNodesPlaceMeshes(t *testing.T) {
	h := math.Sqrt(0.5)
	m := meshOf(t, func(doc obj, bin []byte) []byte {
		doc["nodes"] = []obj{
			{"translation": []float64{10, 0, 0}, "children": []int{1, 2, 3}},
			{"mesh": 0, "rotation": []float64{h, 0, 0, h}, "scale": []float64{2, 3, 1}}, // a quarter turn about x
			{"mesh": 0, "scale": []float64{-1, 1, 1}},
			{"mesh": 0, "matrix": []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 5, 1}},
		}
		return bin
	})
	if m.Vertices() != 12 || m.Triangles() != 6 || len(m.Parts) != 3 {
		t.Fatalf("%d vertices, %d triangles, %d parts", m.Vertices(), m.Triangles(), len(m.Parts))
	}
	near := func(what string, got []float32, want ...float32) {
		t.Helper()
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-5 {
				t.Errorf("%s: %v, want %v", what, got, want)
				return
			}
		}
	}
	near("turned", m.Positions[6:9], 12, 0, 3)
	near("its normal", m.Normals[0:3], 0, -1, 0)
	near("mirrored", m.Positions[12+6:12+9], 9, 1, 0)
	near("its normal", m.Normals[12:15], 0, 0, -1) // cofactors of a mirror point the other way
	near("moved", m.Positions[24+6:24+9], 11, 1, 5)
	if got := m.Indices[6:12]; !slices.Equal(got, []uint32{4, 6, 5, 4, 7, 6}) {
		t.Errorf("mirrored: %v", got)
	}
	near("bounds", append(m.Bounds.Min[:], m.Bounds.Max[:]...), 9, 0, 0, 12, 1, 5)
}

// Strips and fans become lists; what makes no triangle is left out.
func TestModes(t *testing.T) {
	for mode, want := range map[int][]uint32{ // of 0 1 2 0 2 3
		4: {0, 1, 2, 0, 2, 3},
		5: {0, 1, 2, 2, 1, 0, 2, 0, 2, 2, 0, 3},
		6: {0, 1, 2, 0, 2, 0, 0, 0, 2, 0, 2, 3},
	} {
		m := meshOf(t, func(doc obj, bin []byte) []byte {
			first(doc, "meshes")["primitives"].([]obj)[0]["mode"] = mode
			return bin
		})
		if !slices.Equal(m.Indices, want) {
			t.Errorf("mode %d: %v, want %v", mode, m.Indices, want)
		}
	}
	doc, bin := square()
	first(doc, "meshes")["primitives"].([]obj)[0]["mode"] = 1
	if _, err := read(t, glbOf(doc, bin), ClassMesh); !errors.Is(err, ErrMalformed) {
		t.Errorf("lines alone: %v", err)
	}
	m := meshOf(t, func(doc obj, bin []byte) []byte {
		delete(first(doc, "meshes")["primitives"].([]obj)[0], "indices")
		return bin
	})
	if !slices.Equal(m.Indices, []uint32{0, 1, 2}) {
		t.Errorf("without indices: %v", m.Indices)
	}
}

// Values may be integers that stand for fractions, lie between others, and be
// replaced one by one.
func TestAccessors(t *testing.T) {
	m := meshOf(t, func(doc obj, bin []byte) []byte {
		// Texture coordinates as bytes in steps of four, colours as shorts.
		at := len(bin)
		for i := range 4 {
			bin = append(bin, byte(i*85), 255, 9, 9)
		}
		for i := range 4 {
			for range 4 {
				bin = binary.LittleEndian.AppendUint16(bin, uint16(i*21845))
			}
		}
		moved := len(bin)
		bin = append(bin, 0, 0, 3, 0) // values 0 and 3
		bin = append(bin, floats(-1, 0, 0, 0, 7, 0)...)
		doc["bufferViews"] = append(doc["bufferViews"].([]obj),
			obj{"buffer": 0, "byteOffset": at, "byteLength": 16, "byteStride": 4}, obj{"buffer": 0, "byteOffset": at + 16, "byteLength": 32},
			obj{"buffer": 0, "byteOffset": moved, "byteLength": 4}, obj{"buffer": 0, "byteOffset": moved + 4, "byteLength": 24})
		doc["accessors"] = append(doc["accessors"].([]obj),
			obj{"bufferView": 3, "componentType": 5121, "normalized": true, "count": 4, "type": "VEC2"},
			obj{"bufferView": 4, "componentType": 5123, "normalized": true, "count": 4, "type": "VEC4"})
		first(doc, "accessors")["sparse"] = obj{
			"count": 2, "indices": obj{"bufferView": 5, "componentType": 5123}, "values": obj{"bufferView": 6},
		}
		a := first(doc, "meshes")["primitives"].([]obj)[0]["attributes"].(obj)
		a["TEXCOORD_0"], a["COLOR_0"] = 3, 4
		return bin
	})
	if !slices.Equal(m.UVs, []float32{0, 1, 1. / 3, 1, 2. / 3, 1, 1, 1}) {
		t.Errorf("texture coordinates %v", m.UVs)
	}
	if !slices.Equal(m.Colors, []uint8{0, 0, 0, 0, 85, 85, 85, 85, 170, 170, 170, 170, 255, 255, 255, 255}) {
		t.Errorf("colours %v", m.Colors)
	}
	if m.Positions[0] != -1 || m.Positions[10] != 7 || m.Positions[3] != 1 {
		t.Errorf("positions %v", m.Positions)
	}
}

// A texture comes along, with the material that names it.
func TestTextureInGLB(t *testing.T) {
	change := func(image []byte) func(doc obj, bin []byte) []byte {
		return func(doc obj, bin []byte) []byte {
			doc["bufferViews"] = append(doc["bufferViews"].([]obj), obj{"buffer": 0, "byteOffset": len(bin), "byteLength": len(image)})
			doc["images"] = []obj{{"bufferView": 3, "mimeType": "image/png"}}
			doc["textures"] = []obj{{"source": 0}}
			first(doc, "materials")["pbrMetallicRoughness"].(obj)["baseColorTexture"] = obj{"index": 0}
			return append(bin, image...)
		}
	}
	m := meshOf(t, change(pngSample(8, 4)))
	if len(m.Textures) != 1 || m.Textures[0].Width != 8 || m.Materials[0].Texture != 0 || m.Memory() < int64(len(m.Textures[0].Data)) {
		t.Errorf("%+v", m.Materials)
	}
	m = meshOf(t, func(doc obj, bin []byte) []byte {
		bin = change(webpSample())(doc, bin)
		doc["extensionsRequired"] = []string{"EXT_texture_webp"}
		doc["textures"] = []obj{{"extensions": obj{"EXT_texture_webp": obj{"source": 0}}}}
		return bin
	})
	if len(m.Textures) != 1 || m.Materials[0].Texture != 0 {
		t.Errorf("WebP: %+v", m.Materials)
	}
	doc, bin := square()
	bin = change(pngOf(60_000, 60_000, 8, 6, 0, zeros(9)))(doc, bin)
	first(doc, "buffers")["byteLength"] = len(bin)
	for _, as := range []Class{ClassMesh, ClassAvatar} {
		if _, err := read(t, glbOf(doc, bin), as); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a bomb inside, as %s: %v", as, err)
		}
	}
}

// An avatar tells its joints, its clips and what kind of humanoid it is.
func TestAvatar(t *testing.T) {
	doc, bin := square()
	at := len(bin)
	bin = append(bin, floats(0, 1.5)...)                                // times
	bin = append(bin, floats(0, 0, 0, 1, 1, 1)...)                      // where
	bin = append(bin, floats(make([]float32, 32)...)...)                // matrices
	bin = append(bin, []byte{0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}...) // joints of 4 vertices
	bin = append(bin, []byte{1, 0, 0}...)
	first(doc, "buffers")["byteLength"] = len(bin)
	doc["bufferViews"] = append(doc["bufferViews"].([]obj),
		obj{"buffer": 0, "byteOffset": at, "byteLength": 8}, obj{"buffer": 0, "byteOffset": at + 8, "byteLength": 24},
		obj{"buffer": 0, "byteOffset": at + 32, "byteLength": 128}, obj{"buffer": 0, "byteOffset": at + 160, "byteLength": 16})
	doc["accessors"] = append(doc["accessors"].([]obj),
		obj{"bufferView": 3, "componentType": 5126, "count": 2, "type": "SCALAR"}, obj{"bufferView": 4, "componentType": 5126, "count": 2, "type": "VEC3"},
		obj{"bufferView": 5, "componentType": 5126, "count": 2, "type": "MAT4"}, obj{"bufferView": 6, "componentType": 5121, "count": 4, "type": "VEC4"})
	first(doc, "meshes")["primitives"].([]obj)[0]["attributes"].(obj)["JOINTS_0"] = 6
	doc["nodes"] = []obj{{"mesh": 0, "skin": 0}, {}, {}}
	doc["skins"] = []obj{{"joints": []int{1, 2}, "inverseBindMatrices": 5}}
	doc["animations"] = []obj{{"name": "walk", "samplers": []obj{{"input": 3, "output": 4}}, "channels": []obj{{"sampler": 0, "target": obj{"node": 1, "path": "translation"}}}}}
	doc["extensions"] = obj{"VRMC_vrm": obj{"specVersion": "1.0"}}
	doc["scenes"] = []obj{{"nodes": []int{0, 1, 2}}}
	a, err := read(t, glbOf(doc, bin), ClassAvatar)
	if err != nil {
		t.Fatal(err)
	}
	v := a.Form.(*Avatar)
	if v.Joints != 2 || v.Humanoid != "vrm1" || len(v.Clips) != 1 || v.Clips[0] != (Clip{"walk", 1.5}) {
		t.Errorf("%+v", v)
	}
	bin[at+160] = 2
	if _, err := read(t, glbOf(doc, bin), ClassAvatar); !errors.Is(err, ErrMalformed) {
		t.Errorf("a joint too many: %v", err)
	}
	bin[at+160] = 0
	for name, skin := range map[string]obj{
		"a joint that is no node": {"joints": []int{1, 9}}, "too few matrices": {"joints": []int{1, 2, 0}, "inverseBindMatrices": 5},
		"matrices that are none": {"joints": []int{1, 2}, "inverseBindMatrices": 4}, "no joints": {"joints": []int{}},
	} {
		doc["skins"] = []obj{skin}
		if _, err := read(t, glbOf(doc, bin), ClassAvatar); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc["skins"] = []obj{{"joints": []int{1, 2}}}
	first(doc, "animations")["samplers"] = []obj{}
	if _, err := read(t, glbOf(doc, bin), ClassAvatar); !errors.Is(err, ErrMalformed) {
		t.Errorf("a clip of nothing: %v", err)
	}
}

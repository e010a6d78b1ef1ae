package assets

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// fake takes every module.
type fakeModules struct{}

func (fakeModules) CheckModule(context.Context, []byte) (*Module, error) {
	return &Module{Uses: []string{"handler"}}, nil
}

func codes() [][]byte {
	return [][]byte{
		meshSample(),
		Encode(ClassTexture, &Texture{Format: "raw", Width: 2, Height: 1, Data: []byte{1, 2, 3, 4, 5, 6, 7, 255}}),
		Encode(ClassSound, &Sound{Format: "raw", Rate: 8000, Channels: 2, Frames: 3, Data: make([]byte, 12)}),
		Encode(ClassText, &Text{Text: "text"}), Encode(ClassScript, &Text{Text: "print(1)"}),
		Encode(ClassModule, &Module{Wasm: []byte("\x00asm")}), Encode(ClassAvatar, &Avatar{GLB: glbSample()}),
	}
}

func TestEncodings(t *testing.T) {
	for _, b := range codes() {
		class, form, err := Decode(t.Context(), b, fakeModules{})
		if err != nil || !bytes.Equal(Encode(class, form), b) {
			t.Errorf("%s: %v", class, err)
		}
	}
	if Encode(ClassTexture, &Texture{Format: "png"}) != nil || Encode(ClassSound, &Sound{Format: "wav"}) != nil {
		t.Error("what has no encoding has one")
	}
}

// Each thing that a mesh promises is looked at.
func TestMeshesRefused(t *testing.T) {
	good := func() *Mesh {
		return &Mesh{
			Positions: make([]float32, 9), Normals: make([]float32, 9), UVs: make([]float32, 6), Colors: make([]uint8, 12),
			Indices: []uint32{0, 1, 2}, Parts: []Part{{0, 3, 0}}, Materials: []Material{{Texture: NoIndex}},
		}
	}
	if err := good().finish(); err != nil {
		t.Fatal(err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, spoil := range map[string]func(*Mesh){
		"no triangles":         func(m *Mesh) { m.Indices, m.Parts = nil, nil },
		"no vertices":          func(m *Mesh) { m.Positions = nil },
		"half a vertex":        func(m *Mesh) { m.Positions = m.Positions[:8] },
		"half a triangle":      func(m *Mesh) { m.Indices = m.Indices[:2] },
		"a normal too few":     func(m *Mesh) { m.Normals = m.Normals[:6] },
		"a coordinate too few": func(m *Mesh) { m.UVs = m.UVs[:4] },
		"a colour too few":     func(m *Mesh) { m.Colors = m.Colors[:8] },
		"NaN":                  func(m *Mesh) { m.Positions[3] = nan },
		"infinite":             func(m *Mesh) { m.Positions[3] = inf },
		"far away":             func(m *Mesh) { m.Positions[3] = -2 * MaxCoordinate },
		"a normal of NaN":      func(m *Mesh) { m.Normals[3] = nan },
		"a coordinate of inf":  func(m *Mesh) { m.UVs[3] = inf },
		"an index":             func(m *Mesh) { m.Indices[2] = 3 },
		"a part with a gap":    func(m *Mesh) { m.Parts[0].First = 3 },
		"a part of none":       func(m *Mesh) { m.Parts = []Part{{0, 0, NoIndex}, {0, 3, 0}} },
		"a part of two":        func(m *Mesh) { m.Parts[0].Count = 2 },
		"a part too long":      func(m *Mesh) { m.Parts[0].Count = math.MaxUint32 },
		"parts too short":      func(m *Mesh) { m.Indices = append(m.Indices, 0, 0, 0) },
		"a material":           func(m *Mesh) { m.Parts[0].Material = 1 },
		"a texture":            func(m *Mesh) { m.Materials[0].Texture = 0 },
		"a colour above one":   func(m *Mesh) { m.Materials[0].Color[1] = 1.5 },
		"a colour of NaN":      func(m *Mesh) { m.Materials[0].Emissive[1] = nan },
		"a negative roughness": func(m *Mesh) { m.Materials[0].Roughness = -1 },
		"a name":               func(m *Mesh) { m.Materials[0].Name = "\x1b[2J" },
		"a long name":          func(m *Mesh) { m.Materials[0].Name = strings.Repeat("a", MaxName+1) },
		"too many vertices": func(m *Mesh) {
			m.Positions = make([]float32, 3*MaxVertices+3)
			m.Normals, m.UVs, m.Colors = nil, nil, nil
		},
		"too many parts":     func(m *Mesh) { m.Parts = make([]Part, MaxParts+1) },
		"too many materials": func(m *Mesh) { m.Materials = make([]Material, MaxMaterials+1) },
	} {
		m := good()
		spoil(m)
		if err := m.finish(); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"wood": "wood", "": "", "a\x00b\x1b[1mc\u202e": "ab[1mc", "\xff\xfe": "", "grün 木": "grün 木",
		strings.Repeat("é", 200): strings.Repeat("é", MaxName/2),
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// No bytes make a decoder panic; what is taken keeps its promises.
func FuzzImage(f *testing.F) {
	for _, b := range [][]byte{pngSample(3, 2), jpegSample(9, 9), webpSample(), webpLossy(), pngOf(9, 9, 16, 6, 1, zeros(900)), pngOf(4, 4, 1, 3, 0, zeros(8))} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		format := imageOf(b)
		if format == nil {
			return
		}
		info, err := format.look(b)
		if err != nil || info.pixels() > 1<<18 { // larger ones are too slow to fuzz
			return
		}
		before := allocated()
		tex, err := format.texture(t.Context(), b)
		if took := int64(allocated() - before); took > info.work+slack {
			t.Errorf("allocated %d bytes, measured %d", took, info.work)
		}
		if err == nil && (tex.Width != info.width || tex.Height != info.height) {
			t.Errorf("%+v", tex)
		}
	})
}

func FuzzSound(f *testing.F) {
	f.Add(wavSample())
	f.Add(opusSample())
	f.Add(vorbisSample())
	f.Add(wavOf(3, 1, 8000, 32, floats(1, 2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s *Sound
		var err error
		switch {
		case isWAV(b):
			s, err = readWAV(b)
		case isOgg(b):
			// The checksums are put right, or nothing would get past them.
			b = slices.Clone(b)
			for at := 0; at+27 <= len(b) && string(b[at:at+4]) == "OggS"; {
				n := at + 27 + int(b[at+26])
				if n > len(b) {
					break
				}
				for _, l := range b[at+27 : n] {
					n += int(l)
				}
				if n > len(b) {
					break
				}
				oggSign(b[at:n])
				at = n
			}
			s, err = readOgg(b)
		default:
			return
		}
		if err == nil && s.check() == nil && (s.Duration() <= 0 || s.Duration() > MaxDuration) {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzGLB(f *testing.F) {
	_, bin := square()
	for _, b := range glbBombs() {
		if len(b.b) < 4<<10 { // the fuzzer works best on small ones
			if text, _, err := splitGLB(b.b); err == nil {
				f.Add(text, bin)
			}
		}
	}
	text, _, _ := splitGLB(glbSample())
	f.Add(text, bin)
	f.Fuzz(func(t *testing.T, text, bin []byte) {
		b := glbOf(slices.Clone(text), bin)
		if _, err := measureGLB(b, ClassAvatar); err != nil {
			return
		}
		form, err := decodeGLB(t.Context(), b, ClassMesh)
		if err != nil {
			return
		}
		if err := form.(*Mesh).finish(); err != nil {
			t.Error(err)
		}
		code := Encode(ClassMesh, form)
		if len(form.(*Mesh).Textures) > 0 {
			return
		}
		if _, _, err := Decode(t.Context(), code, nil); err != nil {
			t.Error(err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, b := range codes() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		class, form, err := Decode(t.Context(), b, fakeModules{})
		if err == nil && !bytes.Equal(Encode(class, form), b) {
			t.Errorf("%s encodes to other bytes", class)
		}
	})
}

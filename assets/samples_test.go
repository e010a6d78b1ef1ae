package assets

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"
)

// Samples: small good files of every format, made here.

func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.NRGBA{uint8(x * 7), uint8(y * 5), uint8(x ^ y), uint8(255 - x%3)})
		}
	}
	return m
}

func pngSample(w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, picture(w, h)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func jpegSample(w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(w, h), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// The smallest WebP pictures, with and without loss; x/image writes none.
func webpLossy() []byte {
	return base64Bytes("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
}
func webpSample() []byte { return base64Bytes("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") }

func base64Bytes(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// pngOf puts a PNG together from a header and raw image data.
func pngOf(w, h uint32, depth, kind, interlace byte, idat []byte) []byte {
	b := []byte(pngMagic)
	chunk := func(name string, body []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
		at := len(b)
		b = append(append(b, name...), body...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[at:]))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk("IHDR", append(head, depth, kind, 0, 0, interlace))
	if kind == 3 {
		chunk("PLTE", []byte{1, 2, 3})
	}
	chunk("IDAT", idat)
	chunk("IEND", nil)
	return b
}

// zeros compresses n zero bytes.
func zeros(n int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	block := make([]byte, 1<<16)
	for ; n > 0; n -= len(block) {
		_, _ = w.Write(block[:min(n, len(block))])
	}
	_ = w.Close()
	return b.Bytes()
}

func wavOf(kind, channels uint16, rate uint32, bits uint16, data []byte) []byte {
	b := []byte("RIFF....WAVEfmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, channels*bits/8)
	b = binary.LittleEndian.AppendUint16(b, bits)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(data)))
	b = append(b, data...)
	if len(data)%2 != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func wavSample() []byte { return wavOf(1, 2, 44100, 16, make([]byte, 400)) }

// oggPage writes one page with the packets' pieces as its lacing says.
func oggPage(flags byte, granule int64, serial, seq uint32, packets ...[]byte) []byte {
	b := append([]byte("OggS\x00"), flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(granule))
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = binary.LittleEndian.AppendUint32(b, seq)
	b = append(b, 0, 0, 0, 0)
	var lacing, body []byte
	for _, p := range packets {
		for n := len(p); ; n -= 255 {
			lacing = append(lacing, byte(min(n, 255)))
			if n < 255 {
				break
			}
		}
		body = append(body, p...)
	}
	b = append(append(append(b, byte(len(lacing))), lacing...), body...)
	return oggSign(b)
}

func oggSign(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[22:], 0)
	binary.LittleEndian.PutUint32(b[22:], oggSum(0, b))
	return b
}

func opusHead(channels byte) []byte {
	return append([]byte("OpusHead\x01"), channels, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0)
}

// opusSample is 3 packets of 20 ms.
func opusSample() []byte {
	p := []byte{0x78, 1, 2, 3} // hybrid, 20 ms, one frame
	b := oggPage(2, 0, 7, 0, opusHead(2))
	b = append(b, oggPage(0, 0, 7, 1, append([]byte("OpusTags"), make([]byte, 300)...))...)
	return append(b, oggPage(4, 2880, 7, 2, p, p, p)...)
}

func vorbisHead(channels byte, rate uint32, blocks byte) []byte {
	h := append([]byte("\x01vorbis\x00\x00\x00\x00"), channels)
	h = binary.LittleEndian.AppendUint32(h, rate)
	return append(append(h, make([]byte, 12)...), blocks, 1)
}

func vorbisSample() []byte {
	b := oggPage(2, 0, 9, 0, vorbisHead(1, 44100, 0xb8))
	b = append(b, oggPage(0, 0, 9, 1, []byte("\x03vorbis...."), append([]byte("\x05vorbis"), make([]byte, 600)...))...)
	return append(b, oggPage(4, 1500, 9, 2, []byte{0, 1}, []byte{2, 3}, []byte{0, 9})...)
}

// obj is a JSON object.
type obj = map[string]any

// glbOf puts a GLB together. The text may be bytes or anything that encodes.
func glbOf(doc any, bin []byte) []byte {
	text, ok := doc.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(doc); err != nil {
			panic(err)
		}
	}
	for len(text)%4 != 0 {
		text = append(text, ' ')
	}
	b := []byte("glTF\x02\x00\x00\x00....")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	b = append(append(b, "JSON"...), text...)
	if bin != nil {
		for len(bin)%4 != 0 {
			bin = append(bin, 0)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(bin)))
		b = append(append(b, "BIN\x00"...), bin...)
	}
	binary.LittleEndian.PutUint32(b[8:], uint32(len(b)))
	return b
}

func floats(vs ...float32) (b []byte) {
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// square is the document of a square of two triangles, and its bytes: 4
// positions (48 bytes), 6 indices of 16 bits (12 bytes), 4 normals (48).
func square() (obj, []byte) {
	bin := floats(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0)
	for _, i := range []uint16{0, 1, 2, 0, 2, 3} {
		bin = binary.LittleEndian.AppendUint16(bin, i)
	}
	bin = append(bin, floats(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1)...)
	return obj{
		"asset":   obj{"version": "2.0"},
		"buffers": []obj{{"byteLength": 108}},
		"bufferViews": []obj{
			{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 12}, {"buffer": 0, "byteOffset": 60, "byteLength": 48},
		},
		"accessors": []obj{
			{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
			{"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
			{"bufferView": 2, "componentType": 5126, "count": 4, "type": "VEC3"},
		},
		"materials": []obj{{"name": "red\u202e", "pbrMetallicRoughness": obj{"baseColorFactor": []float64{1, 0, 0, 1}, "metallicFactor": 0}}},
		"meshes":    []obj{{"primitives": []obj{{"attributes": obj{"POSITION": 0, "NORMAL": 2}, "indices": 1, "material": 0}}}},
		"nodes":     []obj{{"mesh": 0}},
		"scenes":    []obj{{"nodes": []int{0}}},
		"scene":     0,
	}, bin
}

func glbSample() []byte {
	doc, bin := square()
	return glbOf(doc, bin)
}

// objCode is the encoding of a small mesh with everything in it.
func meshSample() []byte {
	m := &Mesh{
		Positions: []float32{0, 0, 0, 1, 0, 0, 0, 1, 0}, Normals: []float32{0, 0, 1, 0, 0, 1, 0, 0, 1},
		UVs: []float32{0, 0, 1, 0, 0, 1}, Colors: []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		Indices: []uint32{0, 1, 2, 2, 1, 0}, Parts: []Part{{0, 3, 0}, {3, 3, NoIndex}},
		Materials: []Material{{Name: "wood", Color: [4]float32{1, 0.5, 0, 1}, Roughness: 1, Texture: 0, DoubleSided: true}},
		Textures:  []*Texture{{Data: pngSample(3, 2)}},
	}
	return Encode(ClassMesh, m)
}

// samples are good files by format.
func samples() map[string][]byte {
	return map[string][]byte{
		"glb": glbSample(), "png": pngSample(17, 9), "jpeg": jpegSample(20, 11), "webp": webpSample(), "webp lossy": webpLossy(),
		"wav": wavSample(), "ogg opus": opusSample(), "ogg vorbis": vorbisSample(),
	}
}

func check[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

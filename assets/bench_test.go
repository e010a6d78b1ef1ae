package assets

import (
	"bytes"
	"encoding/binary"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// The largest and slowest that the bounds let through, one of each kind: what
// decodeTime and maxWork have to stand.
func BenchmarkLargest(b *testing.B) {
	noise := picture(4096, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	var grain bytes.Buffer
	if err := jpeg.Encode(&grain, noise, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	plain := webpSample() // one colour
	binary.LittleEndian.PutUint32(plain[21:], 4095|4095<<14)
	wide := wavOf(3, 8, 96_000, 32, make([]byte, 30<<20))
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"png", pngSample(4096, 4096)},
		{"png-interlaced", pngOf(4096, 4096, 16, 6, 1, zeros(adam7(4096, 8)))},
		{"jpeg", grain.Bytes()},
		{"jpeg-progressive", progressive(4096, maxScans)},
		{"webp", plain},
		{"glb-values", readsMuch()},
		{"glb-json", glbOf(bytes.Join([][]byte{[]byte(`{"asset":{"version":"2.0"},"nodes":[{}`), bytes.Repeat([]byte(`,{"extras":{"a":{"b":{}}}}`), maxNodes-1), []byte(`]}`)}, nil), nil)},
		{"wav", wide},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.b)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := read(b, c.b, ClassAny); err != nil && c.name != "glb-json" { // which has no triangles
					b.Fatal(err)
				}
			}
		})
	}
}

// adam7 is how many bytes an interlaced image of side x side pixels has.
func adam7(side, pixel int) int {
	n := 0
	for _, p := range [7][4]int{{8, 8, 0, 0}, {8, 8, 4, 0}, {4, 8, 0, 4}, {4, 4, 2, 0}, {2, 4, 0, 2}, {2, 2, 1, 0}, {1, 2, 0, 1}} {
		w, h := (side-p[2]+p[0]-1)/p[0], (side-p[3]+p[1]-1)/p[1]
		n += h * (w*pixel + 1)
	}
	return n
}

// readsMuch is a GLB whose accessors read nearly maxRead from one buffer, and
// that has as many triangles as a mesh may.
func readsMuch() []byte {
	const n = 30 << 20
	doc, _ := square()
	doc["buffers"] = []obj{{"byteLength": n}}
	doc["bufferViews"] = []obj{{"buffer": 0, "byteLength": n}}
	doc["accessors"] = []obj{
		{"bufferView": 0, "componentType": 5126, "count": MaxVertices, "type": "VEC3"},
		{"bufferView": 0, "componentType": 5125, "count": MaxIndices, "type": "SCALAR"},
		{"bufferView": 0, "componentType": 5126, "count": n / 16, "type": "VEC4"},
		{"bufferView": 0, "componentType": 5126, "count": n / 16, "type": "VEC4"},
		{"bufferView": 0, "componentType": 5126, "count": n / 16, "type": "VEC4"},
	}
	delete(doc, "materials")
	doc["meshes"] = []obj{{"primitives": []obj{{"attributes": obj{"POSITION": 0}, "indices": 1}}}}
	return glbOf(doc, make([]byte, n))
}

package assets

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/qmuntal/gltf"
)

func isGLB(b []byte) bool { return bytes.HasPrefix(b, []byte("glTF")) }

// glb is a GLB whose every index and size was checked (see check): readers
// below take what they need without looking again.
type glb struct {
	doc   *gltf.Document
	kinds glbKinds
}

// glbKinds are the enumerations as they stand in the file: the library takes a
// number that it does not know for the default.
type glbKinds struct {
	Accessors []struct {
		ComponentType int `json:"componentType"`
		Sparse        *struct {
			Indices struct {
				ComponentType int `json:"componentType"`
			} `json:"indices"`
		} `json:"sparse"`
	} `json:"accessors"`
	Meshes []struct {
		Primitives []struct {
			Mode *int `json:"mode"`
		} `json:"primitives"`
	} `json:"meshes"`
}

// Kinds of chunks (glTF 2.0, section 4.4.3).
const (
	chunkJSON = 0x4e4f534a
	chunkBIN  = 0x004e4942
)

// splitGLB walks the chunks of a GLB: JSON first, BIN second, kinds that are
// not known after them.
func splitGLB(b []byte) (text, bin []byte, err error) {
	if len(b) < 20 {
		return nil, nil, malformed("glb: %d bytes", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != 2 {
		return nil, nil, malformed("glb: version %d, not 2", v)
	}
	if n := binary.LittleEndian.Uint32(b[8:]); uint64(n) != uint64(len(b)) {
		return nil, nil, malformed("glb: %d bytes, its header says %d", len(b), n)
	}
	rest := b[12:]
	for i := 0; len(rest) > 0; i++ {
		if i == maxChunks {
			return nil, nil, over("chunks of a GLB", int64(i)+1, maxChunks)
		}
		if len(rest) < 8 {
			return nil, nil, malformed("glb: cut off")
		}
		n, kind := uint64(binary.LittleEndian.Uint32(rest)), binary.LittleEndian.Uint32(rest[4:])
		if n > uint64(len(rest)-8) {
			return nil, nil, malformed("glb: a chunk of %d bytes, %d are left", n, len(rest)-8)
		}
		switch body := rest[8 : 8+n]; {
		case (kind == chunkJSON) != (i == 0), kind == chunkBIN && i != 1:
			return nil, nil, malformed("glb: its chunks are out of order")
		case kind == chunkJSON:
			text = body
		case kind == chunkBIN:
			bin = body
		}
		rest = rest[8+n:]
	}
	return text, bin, nil
}

// measureGLB finds the memory for the JSON; for the mesh and the images in it
// the most is taken, since their sizes are known only after decoding that.
func measureGLB(b []byte, _ Class) (int64, error) {
	text, _, err := splitGLB(b)
	if err != nil {
		return 0, err
	}
	work, images, err := scanJSON(text)
	if err != nil {
		return 0, err
	}
	if images {
		work += maxImageWork
	}
	// A mesh has less than five times the bytes that its accessors read, and
	// nodes may repeat it.
	return work + meshWork, nil
}

// meshWork is the largest mesh, and what is read of one part beside it.
const meshWork = 80 << 20

func parseGLB(b []byte) (*glb, error) {
	text, bin, err := splitGLB(b)
	if err != nil {
		return nil, err
	}
	if _, _, err := scanJSON(text); err != nil {
		return nil, err
	}
	g := &glb{doc: &gltf.Document{}}
	if err := json.Unmarshal(text, g.doc); err != nil {
		return nil, malformed("glb: %v", err)
	}
	if err := json.Unmarshal(text, &g.kinds); err != nil {
		return nil, malformed("glb: %v", err)
	}
	if err := g.attach(bin); err != nil {
		return nil, err
	}
	return g, g.check()
}

// attach gives every buffer its bytes. External files are refused: a lump has
// no neighbours, and a node must not ask anybody for a file because of one.
func (g *glb) attach(bin []byte) error {
	if err := within("buffers", int64(len(g.doc.Buffers)), maxBuffers); err != nil {
		return err
	}
	for i, buf := range g.doc.Buffers {
		if buf == nil {
			return malformed("glb: buffer %d is null", i)
		}
		data := bin
		switch {
		case buf.URI == "" && i == 0 && bin != nil:
		case buf.URI == "":
			return refused("buffer %d without bytes", i)
		default:
			var err error
			if data, err = dataURI(buf.URI, "application/octet-stream", "application/gltf-buffer"); err != nil {
				return err
			}
		}
		if buf.ByteLength < 1 || buf.ByteLength > len(data) {
			return malformed("glb: buffer %d of %d bytes, there are %d", i, buf.ByteLength, len(data))
		}
		buf.URI, buf.Data = "", data[:buf.ByteLength]
	}
	return nil
}

// dataURI decodes a data URI of one of the types; every other URI is refused.
func dataURI(uri string, types ...string) ([]byte, error) {
	for _, t := range types {
		if text, ok := strings.CutPrefix(uri, "data:"+t+";base64,"); ok {
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, malformed("glb: a data URI: %v", err)
			}
			return b, nil
		}
	}
	return nil, refused("a file outside the GLB: %q", cleanName(uri))
}

func decodeGLB(ctx context.Context, b []byte, as Class) (Form, error) {
	g, err := parseGLB(b)
	if err != nil {
		return nil, err
	}
	if err := g.scanValues(ctx); err != nil {
		return nil, err
	}
	m, err := g.mesh(ctx)
	if err != nil {
		return nil, err
	}
	if as == ClassAvatar {
		return g.avatar(b, m), nil
	}
	return m, nil
}

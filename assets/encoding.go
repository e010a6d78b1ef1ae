package assets

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
)

// The encoding of a class, which loader guests write (docs/protocol/assets.md):
//
//	"mta" 01  class  00 00 00  body
//
// All numbers are little-endian. There is one encoding of a form: what Decode
// takes encodes to the same bytes again.
const encodingMagic = "mta\x01"

const encodingHead = 8

// Flags of a mesh, and the flag of a material.
const (
	hasNormals  = 1
	hasUVs      = 2
	hasColors   = 4
	doubleSided = 1
)

// Decode checks the encoding of a class and gives its form. Errors wrap
// ErrMalformed, ErrTooLarge, ErrClass. modules may be nil; then there is no
// ClassModule. Text, modules and images inside are checked as if they were
// lumps of their own. The form may keep b.
func Decode(ctx context.Context, b []byte, modules Modules) (Class, Form, error) {
	if len(b) < encodingHead || string(b[:4]) != encodingMagic || b[5]|b[6]|b[7] != 0 {
		return ClassAny, nil, malformed("not the encoding of a class")
	}
	class, body := Class(b[4]), b[encodingHead:]
	form, err := decodeBody(ctx, class, body, modules)
	if err != nil {
		return class, nil, err
	}
	return class, form, nil
}

func decodeBody(ctx context.Context, class Class, body []byte, modules Modules) (Form, error) {
	switch class {
	case ClassMesh:
		return decodeMesh(ctx, body)
	case ClassTexture:
		return decodeRawTexture(body)
	case ClassSound:
		return decodeRawSound(body)
	case ClassModule:
		if _, err := measureModule(body, class); err != nil {
			return nil, err
		}
		return (&Library{cfg: Config{Modules: modules}}).decodeModule(ctx, body, class)
	case ClassScript, ClassText:
		if _, err := measureText(body, class); err != nil {
			return nil, err
		}
		return decodeText(ctx, body, class)
	case ClassAvatar:
		if _, err := measureGLB(body, class); err != nil {
			return nil, err
		}
		return decodeGLB(ctx, body, class)
	}
	return nil, fmt.Errorf("%w: class %d", ErrClass, class)
}

func decodeRawTexture(b []byte) (Form, error) {
	if len(b) < 8 {
		return nil, malformed("a texture cut off")
	}
	w, h := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if w > MaxSide || h > MaxSide {
		return nil, over("pixels of a side", int64(max(w, h)), MaxSide)
	}
	if err := (imageInfo{width: int(w), height: int(h)}).check(); err != nil {
		return nil, err
	}
	t := &Texture{Format: "raw", Width: int(w), Height: int(h), Data: b[8:]}
	if len(t.Data) != t.Width*t.Height*4 {
		return nil, malformed("a texture of %d x %d pixels with %d bytes", w, h, len(t.Data))
	}
	for i := 3; i < len(t.Data) && !t.Alpha; i += 4 {
		t.Alpha = t.Data[i] != 255
	}
	return t, nil
}

func decodeRawSound(b []byte) (Form, error) {
	if len(b) < 12 {
		return nil, malformed("a sound cut off")
	}
	rate, channels, frames := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	s := &Sound{
		Format: "raw", Rate: int(min(rate, math.MaxInt32)), Channels: int(min(channels, math.MaxInt32)),
		Frames: int64(frames), Data: b[12:],
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if int64(len(s.Data)) != s.Frames*int64(s.Channels)*2 {
		return nil, malformed("a sound of %d frames with %d bytes", frames, len(s.Data))
	}
	return s, nil
}

// Encode is the inverse of Decode. Only a Texture and a Sound of format raw
// have an encoding; for others it gives nil.
func Encode(class Class, form Form) []byte {
	b := append([]byte(encodingMagic), byte(class), 0, 0, 0)
	switch f := form.(type) {
	case *Mesh:
		return f.encode(b)
	case *Texture:
		if f.Format != "raw" {
			return nil
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(f.Width))
		return append(binary.LittleEndian.AppendUint32(b, uint32(f.Height)), f.Data...)
	case *Sound:
		if f.Format != "raw" {
			return nil
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(f.Rate))
		b = binary.LittleEndian.AppendUint32(b, uint32(f.Channels))
		return append(binary.LittleEndian.AppendUint32(b, uint32(f.Frames)), f.Data...)
	case *Module:
		return append(b, f.Wasm...)
	case *Text:
		return append(b, f.Text...)
	case *Avatar:
		return append(b, f.GLB...)
	}
	return nil
}

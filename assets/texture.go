package assets

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// Texture is an image as it is encoded, for whoever draws it. It was decoded
// once, so that it is known to be whole, and the pixels were dropped.
type Texture struct {
	Format        string // png, jpeg, webp; raw: Data is RGBA, 4 bytes a pixel
	Width, Height int    // pixels
	Alpha         bool   // it may have transparent pixels
	Data          []byte
}

// Memory implements Form.
func (t *Texture) Memory() int64 { return int64(len(t.Data)) }

// imageInfo is what measuring an image finds.
type imageInfo struct {
	width, height int
	alpha         bool
	work          int64 // bytes that decoding takes
}

// check bounds what the headers claim. Sides are checked first, so that the
// products cannot overflow.
func (i imageInfo) check() error {
	if i.width <= 0 || i.height <= 0 {
		return malformed("an image of %d x %d pixels", i.width, i.height)
	}
	if err := within("pixels of a side", int64(max(i.width, i.height)), MaxSide); err != nil {
		return err
	}
	if err := within("pixels", i.pixels(), MaxPixels); err != nil {
		return err
	}
	return within("bytes to decode the image", i.work, maxImageWork)
}

func (i imageInfo) pixels() int64 { return int64(i.width) * int64(i.height) }

// imageFormat is a kind of image: its measure walks the file and allocates
// nothing.
type imageFormat struct {
	name    string
	is      func(b []byte) bool
	measure func(b []byte) (imageInfo, error)
	decode  func(r io.Reader) (image.Image, error)
}

var imageFormats = []imageFormat{
	{"png", isPNG, measurePNG, png.Decode},
	{"jpeg", isJPEG, measureJPEG, jpeg.Decode},
	{"webp", isWebP, measureWebP, webp.Decode},
}

// imageOf finds the format of an image, or nil.
func imageOf(b []byte) *imageFormat {
	for i := range imageFormats {
		if imageFormats[i].is(b) {
			return &imageFormats[i]
		}
	}
	return nil
}

// look is measure and the bounds.
func (f *imageFormat) look(b []byte) (imageInfo, error) {
	info, err := f.measure(b)
	if err == nil {
		err = info.check()
	}
	return info, err
}

// texture decodes an image that look has passed, and drops the pixels.
func (f *imageFormat) texture(ctx context.Context, b []byte) (*Texture, error) {
	info, err := f.look(b)
	if err != nil {
		return nil, err
	}
	img, err := f.decode(&stopReader{ctx, bytes.NewReader(b)})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, malformed("%s: %v", f.name, err)
	}
	if s := img.Bounds().Size(); s.X != info.width || s.Y != info.height {
		return nil, malformed("%s: decoded to %d x %d pixels, its header says %d x %d", f.name, s.X, s.Y, info.width, info.height)
	}
	return &Texture{Format: f.name, Width: info.width, Height: info.height, Alpha: info.alpha, Data: b}, nil
}

func (f *imageFormat) format() Format {
	return Format{
		Name: f.name, Classes: []Class{ClassTexture}, is: f.is,
		measure: func(b []byte, _ Class) (int64, error) {
			info, err := f.look(b)
			return info.work, err
		},
		decode: func(ctx context.Context, b []byte, _ Class) (Form, error) { return f.texture(ctx, b) },
	}
}

// stopReader ends a decoder that knows no context. Decoders read a few
// kilobytes at a time, so one that was given up ends soon.
type stopReader struct {
	ctx context.Context
	r   *bytes.Reader
}

func (s *stopReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

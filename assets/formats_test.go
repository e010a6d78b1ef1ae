package assets

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// read loads bytes as the library does, without its queues.
func read(t testing.TB, b []byte, as Class) (*Asset, error) {
	t.Helper()
	l, err := New(Config{Lumps: shelf{}})
	if err != nil {
		t.Fatal(err)
	}
	f, class, err := l.choose(b, as, "")
	if err != nil {
		return nil, err
	}
	if _, err := f.measure(b, class); err != nil {
		return nil, err
	}
	form, _, err := l.decode(context.Background(), f, b, class, func() {})
	if err != nil {
		return nil, err
	}
	return &Asset{Ref: lumps.Of(b), Class: class, Format: f.Name, Form: form}, nil
}

func TestSamples(t *testing.T) {
	for name, b := range samples() {
		a, err := read(t, b, ClassAny)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(name, a.Format) {
			t.Errorf("%s was taken for %s", name, a.Format)
		}
		switch f := a.Form.(type) {
		case *Texture:
			if f.Width < 1 || f.Height < 1 || (f.Alpha && name == "jpeg") {
				t.Errorf("%s: %+v", name, f)
			}
		case *Sound:
			want := map[string]time.Duration{"wav": 2267573, "ogg opus": 53500000, "ogg vorbis": 34013605}[name]
			if f.Duration() != want {
				t.Errorf("%s: %d channels of %v", name, f.Channels, f.Duration())
			}
		case *Mesh:
			if f.Vertices() != 4 || f.Triangles() != 2 || f.Bounds.Max != [3]float32{1, 1, 0} || f.Materials[0].Name != "red" || f.Materials[0].Color != [4]float32{1, 0, 0, 1} {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if a.Memory() < entryBytes {
			t.Errorf("%s: %d bytes of memory", name, a.Memory())
		}
	}
}

// A file cut anywhere is refused, whatever its length; nothing panics.
func TestCutAnywhere(t *testing.T) {
	for name, b := range samples() {
		for n := range b {
			a, err := read(t, b[:n], ClassAny)
			if errors.Is(err, ErrPanic) {
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			}
			if err == nil && a.Class != ClassText {
				t.Fatalf("%s cut to %d bytes is a good %s", name, n, a.Class)
			}
		}
	}
	whole := meshSample()
	for n := range whole {
		if _, _, err := Decode(context.Background(), whole[:n], nil); err == nil {
			t.Fatalf("a mesh cut to %d of %d bytes", n, len(whole))
		}
	}
}

// Content that is of another class says what it is.
func TestAnotherClass(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		as   Class
		want error
		says string
	}{
		{pngSample(1, 1), ClassMesh, ErrClass, "it is png, so Texture, not Mesh"},
		{[]byte("hello"), ClassTexture, ErrClass, "it is text, so Text or Script, not Texture"},
		{glbSample(), ClassSound, ErrClass, "Mesh or Avatar"},
		{[]byte{0xff, 0xfe, 0, 1}, ClassAny, ErrFormat, "none of glb, png"},
		{[]byte{0}, ClassText, ErrFormat, ""},
		{[]byte("\x00asm\x01\x00\x00\x00"), ClassAny, ErrNoLoader, "no modules"},
	} {
		_, err := read(t, c.b, c.as)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.8q as %s: %v", c.b, c.as, err)
		}
	}
	if a, err := read(t, []byte("print(1)\n"), ClassScript); err != nil || a.Form.(*Text).Lines != 1 {
		t.Errorf("a script: %v", err)
	}
	if _, err := read(t, []byte(strings.Repeat("a", MaxScript+1)), ClassScript); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long script: %v", err)
	}
	if a, err := read(t, glbSample(), ClassAvatar); err != nil || a.Form.(*Avatar).Triangles != 2 || a.Form.(*Avatar).Joints != 0 {
		t.Errorf("an avatar: %+v %v", a, err)
	}
}

// Bad files of formats without a decoder of their own, each with its reason.
func TestSoundsRefused(t *testing.T) {
	long := uint32(MaxDuration/time.Second) + 1
	lying := wavSample()
	binary.LittleEndian.PutUint32(lying[40:], 1<<31)
	noise := wavOf(3, 1, 8000, 32, floats(0, float32(math.NaN())))
	head := oggPage(2, 0, 7, 0, opusHead(2))
	tags := oggPage(0, 0, 7, 1, []byte("OpusTags"))
	flipped := opusSample()
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"wav lies about its samples":   {lying, ErrMalformed},
		"wav with NaN":                 {noise, ErrMalformed},
		"wav without channels":         {wavOf(1, 0, 8000, 16, make([]byte, 4)), ErrMalformed},
		"wav of nine channels":         {wavOf(1, 9, 8000, 8, make([]byte, 9)), ErrMalformed},
		"wav of an odd rate":           {wavOf(1, 1, 3, 8, make([]byte, 9)), ErrMalformed},
		"wav of 4 GHz":                 {wavOf(1, 1, 1<<32-1, 8, make([]byte, 9)), ErrMalformed},
		"wav of a codec":               {wavOf(0x55, 1, 8000, 16, make([]byte, 4)), ErrMalformed},
		"wav too long":                 {wavOf(1, 1, 1000, 8, make([]byte, 1000*long)), ErrTooLarge},
		"wav without samples":          {wavOf(1, 1, 8000, 8, nil), ErrMalformed},
		"ogg with a wrong checksum":    {flipped, ErrMalformed},
		"ogg of two streams":           {append(opusSample(), opusSample()...), ErrRefused},
		"ogg of something else":        {oggPage(6, 0, 1, 0, []byte("\x80theora")), ErrRefused},
		"ogg without an end":           {append(append([]byte{}, head...), tags...), ErrMalformed},
		"ogg with a page missing":      {append(append([]byte{}, head...), oggPage(4, 0, 7, 2, []byte("OpusTags"))...), ErrMalformed},
		"ogg with a packet left open":  {oggSign(append(append(oggPage(6, 0, 7, 0)[:26], 1, 255), make([]byte, 255)...)), ErrMalformed},
		"opus that lies about its end": {append(append(append([]byte{}, head...), tags...), oggPage(4, 1<<60, 7, 2, []byte{0x78, 1})...), ErrMalformed},
		"opus with an empty packet":    {append(append(append([]byte{}, head...), tags...), oggPage(4, 960, 7, 2, []byte{})...), ErrMalformed},
		"opus with no frames":          {append(append(append([]byte{}, head...), tags...), oggPage(4, 960, 7, 2, []byte{0x7b, 0})...), ErrMalformed},
		"opus without tags":            {append(append([]byte{}, head...), oggPage(4, 960, 7, 1, []byte{0x78, 1})...), ErrMalformed},
		"opus of many channels":        {append(oggPage(2, 0, 7, 0, opusHead(3)), tags...), ErrMalformed},
		"vorbis with huge blocks":      {oggPage(2, 0, 7, 0, vorbisHead(1, 44100, 0xf8)), ErrMalformed},
		"vorbis that lies":             {vorbisLie(), ErrMalformed},
	} {
		if _, err := read(t, c.b, ClassAny); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func vorbisLie() []byte {
	b := oggPage(2, 0, 9, 0, vorbisHead(1, 44100, 0xb8))
	b = append(b, oggPage(0, 0, 9, 1, []byte("\x03vorbis"), []byte("\x05vorbis"))...)
	return append(b, oggPage(4, 1<<62, 9, 2, []byte{0})...)
}

// An extensible WAV names its kind elsewhere; a packet may cross pages.
func TestSoundsInOtherDress(t *testing.T) {
	b := wavOf(1, 1, 8000, 24, make([]byte, 30))
	ext := append([]byte{}, b[:20]...)
	ext = append(ext, 0xfe, 0xff)
	ext = append(ext, b[22:36]...)
	ext = append(ext, make([]byte, 24)...)
	ext[16], ext[44] = 40, 1
	ext = append(ext, b[36:]...)
	binary.LittleEndian.PutUint32(ext[4:], uint32(len(ext)-8))
	if a, err := read(t, ext, ClassSound); err != nil || a.Form.(*Sound).Frames != 10 {
		t.Errorf("extensible: %v", err)
	}
	// Tags of 300 bytes: 255 on one page, the rest on the next.
	tags := append([]byte("OpusTags"), make([]byte, 292)...)
	first := oggPage(0, -1, 7, 1, tags[:255])
	first = append(first[:26], 1, 255)
	first = oggSign(append(first, tags[:255]...))
	ogg := append(oggPage(2, 0, 7, 0, opusHead(1)), first...)
	ogg = append(ogg, oggPage(1, 0, 7, 2, tags[255:])...)
	ogg = append(ogg, oggPage(4, 960, 7, 3, []byte{0x78, 1})...)
	if a, err := read(t, ogg, ClassSound); err != nil || a.Form.(*Sound).Frames != 960-312 {
		t.Errorf("across pages: %v", err)
	}
}

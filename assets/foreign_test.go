package assets

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

// guestFunc is a loader written in Go.
type guestFunc func(ctx context.Context, loader lumps.Ref, as Class, b []byte) ([]byte, uint64, error)

func (f guestFunc) RunLoader(ctx context.Context, r lumps.Ref, as Class, b []byte) ([]byte, uint64, error) {
	return f(ctx, r, as, b)
}

var loaderRef = lumps.Of([]byte("loader"))

func foreignLibrary(t *testing.T, guest guestFunc, formats ...Foreign) (*Library, shelf) {
	t.Helper()
	s := shelf{}
	for i := range formats {
		formats[i].Loader = loaderRef
	}
	l := check(New(Config{Lumps: s, Guests: guest, Foreign: formats}))(t)
	t.Cleanup(func() { _ = l.Close() })
	return l, s
}

func (s shelf) add(b []byte) lumps.Ref {
	s[lumps.Of(b)] = b
	return lumps.Of(b)
}

func load(t *testing.T, l *Library, req Request) (*Asset, error) {
	t.Helper()
	h, err := l.Open(req)
	if err != nil {
		t.Fatal(err)
	}
	return l.Wait(t.Context(), h)
}

// A foreign format is told by its first bytes, by its words, or by name; the
// node's own formats come first, plain text last.
func TestForeignFormats(t *testing.T) {
	guest := func(_ context.Context, r lumps.Ref, as Class, b []byte) ([]byte, uint64, error) {
		if r != loaderRef || as != ClassMesh {
			t.Errorf("asked of %s for %s", r, as)
		}
		return meshSample(), 42, nil
	}
	l, s := foreignLibrary(t, guest, Foreign{Name: "vox", Class: ClassMesh, Magic: []byte("VOX ")},
		Foreign{Name: "obj", Class: ClassMesh, Words: []string{"v", "f", "o"}}, Foreign{Name: "raw", Class: ClassMesh})
	for _, c := range []struct {
		text, name string
		as         Class
		want       string // format
	}{
		{"VOX \x96", "", ClassAny, "vox"},
		{"# a comment\n\no Cube\nv 0 0 0 \\\n  1\nf 1 1 1\n", "", ClassAny, "obj"},
		{"\tv\t0 0 0", "", ClassMesh, "obj"},
		{"o Cube\n", "", ClassAny, "text"},     // no v
		{"v 0\nhello\n", "", ClassAny, "text"}, // not a word
		{"v 0 0 0\n", "", ClassText, "text"},
		{"anything", "raw", ClassAny, "raw"},
		{"anything", "", ClassAny, "text"},
		{strings.Repeat("o x\n", sniffLines) + "v 0\n", "", ClassAny, "text"},
		{strings.Repeat("v 0 0 0\n", sniffBytes) + "else", "", ClassAny, ""},
	} {
		a, err := load(t, l, Request{Ref: s.add([]byte(c.text)), As: c.as, Format: c.name})
		switch {
		case c.want == "":
		case err != nil:
			t.Errorf("%.20q: %v", c.text, err)
		case a.Format != c.want:
			t.Errorf("%.20q is %s, want %s", c.text, a.Format, c.want)
		case c.want != "text" && (a.Gas != 42 || a.Loader != loaderRef || a.Class != ClassMesh):
			t.Errorf("%.20q: %+v", c.text, a)
		}
	}
	if _, err := load(t, l, Request{Ref: s.add([]byte("x")), Format: "vox"}); !errors.Is(err, ErrFormat) {
		t.Errorf("another format by name: %v", err)
	}
	names := []string{}
	for _, f := range l.Formats() {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"glb", "png", "jpeg", "webp", "wav", "ogg", "wasm", "vox", "obj", "raw", "text"}) {
		t.Error(names)
	}
}

// Whatever a loader writes, only a good encoding of the class gets through.
func TestHostileLoaders(t *testing.T) {
	head := func(c Class) []byte { return append([]byte(encodingMagic), byte(c), 0, 0, 0) }
	bad := meshSample()
	bad[encodingHead+meshHead+2] = 0xff // a position becomes huge or NaN
	bad[encodingHead+meshHead+3] = 0x7f
	for name, c := range map[string]struct {
		out  []byte
		err  error
		want error
	}{
		"nothing":          {nil, nil, ErrMalformed},
		"rubbish":          {[]byte("rubbish"), nil, ErrMalformed},
		"another class":    {append(head(ClassText), "text"...), nil, ErrGuest},
		"an unknown class": {head(99), nil, ErrClass},
		"a mesh of 4 G":    {append(head(ClassMesh), []byte(strings.Repeat("\xff", meshHead))...), nil, ErrMalformed},
		"a mesh of NaN":    {bad, nil, ErrMalformed},
		"one byte more":    {append(meshSample(), 0), nil, ErrMalformed},
		"it failed":        {nil, ErrGuest, ErrGuest},
		"it is not here":   {nil, ErrNoLoader, ErrNoLoader},
	} {
		l, s := foreignLibrary(t, func(context.Context, lumps.Ref, Class, []byte) ([]byte, uint64, error) { return c.out, 1, c.err },
			Foreign{Name: "vox", Class: ClassMesh, Magic: []byte("VOX ")})
		_, err := load(t, l, Request{Ref: s.add([]byte("VOX "))})
		if !errors.Is(err, c.want) || c.err == nil && !errors.Is(err, ErrGuest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := check(New(Config{Lumps: shelf{}, Foreign: []Foreign{{Name: "vox", Class: ClassMesh, Magic: []byte("V"), Loader: loaderRef}}}))(t)
	if _, _, err := l.formats[7].guest(t.Context(), nil, ClassMesh); !errors.Is(err, ErrNoLoader) {
		t.Errorf("without guests: %v", err)
	}
}

func TestParseForeign(t *testing.T) {
	cid := loaderRef.String()
	f, err := ParseForeign("vox:mesh:564f5820:" + cid)
	if err != nil || f.Name != "vox" || f.Class != ClassMesh || string(f.Magic) != "VOX " || f.Loader != loaderRef {
		t.Errorf("%+v %v", f, err)
	}
	if f, err := ParseForeign("obj:Mesh:words=v,f:" + cid); err != nil || !slices.Equal(f.Words, []string{"v", "f"}) {
		t.Errorf("%+v %v", f, err)
	}
	for _, s := range []string{
		"", "vox", "vox:Mesh:" + cid, "Vox:Mesh:00:" + cid, ":Mesh:00:" + cid, "vox::00:" + cid, "vox:Box:00:" + cid, "vox:Mesh:0:" + cid,
		"vox:Mesh:words=,:" + cid, "vox:Mesh:00:nobody", "vox:Mesh:" + strings.Repeat("00", 65) + ":" + cid, strings.Repeat("v", 17) + ":Mesh:00:" + cid,
	} {
		if _, err := ParseForeign(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	if _, err := New(Config{Foreign: []Foreign{f, f}}); err == nil {
		t.Error("two of one name")
	}
	if _, err := New(Config{Foreign: []Foreign{{Name: "x"}}}); err == nil {
		t.Error("one without a class")
	}
	if _, err := New(Config{Foreign: make([]Foreign, maxFormats+1)}); !errors.Is(err, ErrTooLarge) {
		t.Error("too many")
	}
}

func FuzzParseForeign(f *testing.F) {
	f.Add("vox:Mesh:564f5820:" + loaderRef.String())
	f.Add("obj:Mesh:words=v,f:" + loaderRef.String())
	f.Fuzz(func(t *testing.T, s string) {
		if g, err := ParseForeign(s); err == nil && g.check() != nil {
			t.Errorf("%q: taken, and not good", s)
		}
	})
}

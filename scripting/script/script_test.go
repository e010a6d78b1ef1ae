package script

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func sample() *Script {
	return &Script{Name: "greeter.lua", Language: "Lua", Driver: "bafkreidriver", Uses: []Use{{"noise", "bafkreinoise"}, {"path", "bafkreidriver"}},
		Text: []byte("\n\nfunction on_touch() say(\"Hello!\") end\n\n")}
}

func TestEncode(t *testing.T) {
	s := sample()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(b)
	if err != nil || got.Name != s.Name || got.Driver != s.Driver || !slices.Equal(got.Uses, s.Uses) || !bytes.Equal(got.Text, s.Text) {
		t.Errorf("got %+v, %v", got, err)
	}
	if !slices.Equal(got.Modules(), []string{"bafkreidriver", "bafkreinoise"}) {
		t.Errorf("modules %q", got.Modules())
	}
	if string(got.Input()) != "greeter.lua\n"+string(s.Text) {
		t.Errorf("input %q", got.Input())
	}
}

func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Script){
		"no name":        func(s *Script) { s.Name = "" },
		"a name of two":  func(s *Script) { s.Name = "a b" },
		"a long name":    func(s *Script) { s.Name = strings.Repeat("a", MaxName+1) },
		"no driver":      func(s *Script) { s.Driver = "" },
		"two lines":      func(s *Script) { s.Driver = "a\nuse x y" },
		"no language":    func(s *Script) { s.Language = "" },
		"a long text":    func(s *Script) { s.Text = make([]byte, MaxText+1) },
		"no UTF-8":       func(s *Script) { s.Text = []byte{0xff} },
		"uses unsorted":  func(s *Script) { slices.Reverse(s.Uses) },
		"a use twice":    func(s *Script) { s.Uses[1] = s.Uses[0] },
		"too many uses":  func(s *Script) { s.Uses = slices.Repeat(s.Uses, MaxUses) },
		"a use unnamed":  func(s *Script) { s.Uses[0].Name = "" },
		"a use of space": func(s *Script) { s.Uses[0].Module = "a b" },
	} {
		s := sample()
		change(s)
		if _, err := s.Encode(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good, _ := sample().Encode()
	for _, bad := range []string{"", "\x00asm", magic, magic + "name a\n", strings.Replace(string(good), "name", "Name", 1),
		strings.Replace(string(good), "driver", "driver ", 1), strings.Replace(string(good), "\nuse", "\nuse ", 1),
		strings.Replace(string(good), "language Lua\n", "", 1), string(good) + strings.Repeat("x", MaxBytes)} {
		if _, err := Parse([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
}

// FuzzParse: what parses encodes to the same bytes.
func FuzzParse(f *testing.F) {
	good, _ := sample().Encode()
	f.Add(good)
	f.Add([]byte(magic + "name a\nlanguage b\ndriver c\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q became %q, %v", b, again, err)
		}
	})
}

package pkg

import (
	"errors"
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	full := public(1).String()
	for _, s := range []string{"greeter", "greeter@1.2.3-rc.1", "abcdef/greeter", full + "/greeter@1.0.0", root("x").String()} {
		r, err := ParseReference(s)
		if err != nil || r.String() != s {
			t.Errorf("%s: %+v, %v", s, r, err)
		}
	}
	if r, _ := ParseReference(full + "/a"); !r.By(public(1)) || r.By(public(2)) {
		t.Error("author")
	} else if k, ok := r.Key(); !ok || k != public(1) {
		t.Error("key")
	}
	for _, s := range []string{"", "Greeter", "a@", "a@1", "abc/a", "ABCDEF/a", "abcdef/", "/a", "a/b/c", strings.Repeat("a", 300)} {
		if _, err := ParseReference(s); !errors.Is(err, ErrManifest) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("abcdef/greeter@1.0.0")
	f.Add(root("x").String())
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseReference(s); err == nil && r.String() != s {
			t.Errorf("%q is %q", s, r)
		}
	})
}

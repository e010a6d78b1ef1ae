package bolt

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

func FuzzPastKey(f *testing.F) {
	f.Add(pastKey("a", 1), pastKey("a\x00", 2))
	f.Add(pastKey("", 1), pastKey("\x00\xff", 2))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		ka, va, err := parsePast(a)
		if err != nil {
			return
		}
		if !bytes.Equal(pastKey(ka, va), a) {
			t.Fatalf("%x came back as %x", a, pastKey(ka, va))
		}
		if kb, vb, err := parsePast(b); err == nil {
			// The bytes sort as keys and versions do.
			want := ka < kb || ka == kb && va < vb
			if got := bytes.Compare(a, b) < 0; got != want {
				t.Fatalf("%q@%d and %q@%d sort as %v", ka, va, kb, vb, got)
			}
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add(entry{idem: slots.ID{1}, keys: []string{"a", "bc"}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseEntry(b)
		if err == nil && !bytes.Equal(x.encode(), b) {
			t.Fatalf("%x came back as %x", b, x.encode())
		}
	})
}

package exchange

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

func FuzzParseWant(f *testing.F) {
	f.Add(appendWant(nil, wantLump, lumps.Of([]byte("a"))))
	f.Add(appendWant(nil, wantWord, lumps.OfNode([]byte("b"))))
	f.Add(append([]byte{wantLump}, make([]byte, 36)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, r, err := parseWant(b)
		if err != nil {
			if !errors.Is(err, errWire) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if again := appendWant(nil, kind, r); !bytes.Equal(again, b) {
			t.Fatalf("%x parses and writes %x", b, again)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	f.Add(appendHead(nil, frameLump, lumps.MaxLump))
	f.Add(appendHead(nil, frameLump, lumps.MaxLump+1))
	f.Add(appendHead(nil, frameHere, 0))
	f.Add(appendHead(nil, frameBusy, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, n, err := parseHead(b)
		if err != nil {
			if !errors.Is(err, errWire) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if again := appendHead(nil, kind, n); !bytes.Equal(again, b) || n > lumps.MaxLump || n < 0 {
			t.Fatalf("%x parses and writes %x, %d bytes follow", b, again, n)
		}
	})
}

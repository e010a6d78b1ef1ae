package lumps_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/metatopia/metatopia/lumps"
)

// hello is base32(01 55 12 20 sha2-256("hello world")), computed elsewhere.
const hello = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"

func TestOfIsTheUsualCID(t *testing.T) {
	r := lumps.Of([]byte("hello world"))
	if r.String() != hello {
		t.Fatalf("Of = %s, want %s", r, hello)
	}
	back, err := lumps.Parse(hello)
	if err != nil || back != r {
		t.Fatalf("Parse = %v, %v", back, err)
	}
	if !r.Matches([]byte("hello world")) || r.Matches([]byte("hello worlD")) || (lumps.Ref{}).Matches(nil) {
		t.Fatal("Matches is wrong")
	}
	if n := lumps.OfNode([]byte("hello world")); n == r || !n.IsNode() || r.IsNode() || n.Digest() != r.Digest() {
		t.Fatal("codec is not part of the name")
	}
}

func sum(t *testing.T, b []byte, code uint64, n int) multihash.Multihash {
	t.Helper()
	h, err := multihash.Sum(b, code, n)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestParseRefuses(t *testing.T) {
	b := []byte("hello world")
	sha := sum(t, b, multihash.SHA2_256, -1)
	other := cid.NewCidV1(cid.Raw, sha)
	b58, err := other.StringOfBase('z')
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, says string }{
		"empty":        {"", ""},
		"words":        {"not a cid", ""},
		"long":         {strings.Repeat("b", 1<<20), "bytes"},
		"version 0":    {cid.NewCidV0(sha).String(), "write it as b"},
		"other base":   {b58, "write it as " + hello},
		"upper case":   {strings.ToUpper(hello), "write it as " + hello},
		"path":         {"/ipfs/" + hello, ""},
		"identity":     {cid.NewCidV1(cid.Raw, sum(t, b, multihash.IDENTITY, -1)).String(), "identity"},
		"blake3":       {cid.NewCidV1(cid.Raw, append(multihash.Multihash{0x1e, 32}, sha[2:]...)).String(), "blake3"},
		"sha2-512":     {cid.NewCidV1(cid.Raw, sum(t, b, multihash.SHA2_512, -1)).String(), "sha2-512"},
		"cut sha2-256": {cid.NewCidV1(cid.Raw, sum(t, b, multihash.SHA2_256, 20)).String(), "20 bytes"},
		"dag-cbor":     {cid.NewCidV1(cid.DagCBOR, sha).String(), "0x71"},
	} {
		r, err := lumps.Parse(c.text)
		if !errors.Is(err, lumps.ErrBadRef) || !r.IsZero() {
			t.Errorf("%s: Parse = %v, %v; want ErrBadRef", name, r, err)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %q does not say %q", name, err, c.says)
		}
	}
}

func TestRefInJSON(t *testing.T) {
	type doc struct{ A, B lumps.Ref }
	in := doc{A: lumps.Of([]byte("a"))}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out doc
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Fatalf("%s came back as %v, %v", b, out, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"x"}`), &out); !errors.Is(err, lumps.ErrBadRef) {
		t.Fatalf("Unmarshal of nonsense: %v", err)
	}
}

func TestCheck(t *testing.T) {
	b := make([]byte, lumps.MaxLump)
	if err := lumps.Check(lumps.Of(b), b); err != nil {
		t.Fatal(err)
	}
	if err := lumps.Check(lumps.Of(b), b[1:]); !errors.Is(err, lumps.ErrMismatch) {
		t.Fatal(err)
	}
	b = append(b, 0)
	if err := lumps.Check(lumps.Of(b), b); !errors.Is(err, lumps.ErrTooLarge) {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(hello)
	f.Add(lumps.OfNode([]byte("x")).String())
	f.Add("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH")
	f.Add("bafkqaddimvwgy3zao5xxe3debi")
	f.Add("k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := lumps.Parse(s)
		if err != nil {
			if !errors.Is(err, lumps.ErrBadRef) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if r.String() != s {
			t.Fatalf("%q parses and writes %q", s, r)
		}
		if back, err := lumps.FromBytes(r.Bytes()); err != nil || back != r {
			t.Fatalf("bytes of %s: %v, %v", r, back, err)
		}
	})
}

func FuzzFromBytes(f *testing.F) {
	f.Add(lumps.Of([]byte("a")).Bytes())
	f.Add(lumps.OfNode([]byte("a")).Bytes())
	f.Add(append([]byte{1, 0x55, 0x00, 0x20}, make([]byte, 32)...))
	f.Add(append([]byte{0x12, 0x20}, make([]byte, 34)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := lumps.FromBytes(b)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), b) {
			t.Fatalf("%x parses and writes %x", b, r.Bytes())
		}
	})
}

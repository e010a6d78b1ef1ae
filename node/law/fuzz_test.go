package law

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/succession"
)

func FuzzAsk(f *testing.F) {
	for _, q := range []Ask{{Kind: AskHead}, {Kind: AskEntry, Entry: []byte{1}}, {Kind: AskReport}, {Kind: AskLog, From: 3, Count: 9},
		{Kind: AskSample, Sum: succession.Sum{1}}, {Kind: AskSign, Entry: []byte("body")}} {
		f.Add(q.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ParseAsk(b); err == nil && !bytes.Equal(q.Bytes(), b) {
			t.Fatalf("%x re-encodes to %x", b, q.Bytes())
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add((&Answer{Why: "no"}).Bytes())
	f.Add((&Answer{Index: 3, Server: base.Key{1}, Due: true, Charter: []byte{1}, Words: []string{"a", "b"}, Report: []byte("{}"),
		Entries: []Kept{{Index: 3, Why: "x", Entry: []byte{1}}}}).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := ParseAnswer(b); err == nil && !bytes.Equal(a.Bytes(), b) {
			t.Fatalf("%x re-encodes to %x", b, a.Bytes())
		}
	})
}

func FuzzVerify(f *testing.F) {
	c := newPerson("alice")
	charter := charterOf(c, c.key)
	f.Add(charter.Encode(), succession.Chain(nil).Bytes())
	f.Add(charter.Encode(), chainOf(charter, c).Bytes())
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if k, err := Verify(a, b, VerifyKey); err == nil {
			if !bytes.Equal(k.Charter.Encode(), a) || len(b) > 0 && !bytes.Equal(k.Chain.Bytes(), b) {
				t.Fatalf("%x %x re-encodes differently", a, b)
			}
		}
		if c, err := world.ParseRegionCharter(b); err == nil && !bytes.Equal(c.Encode(), b) {
			t.Fatalf("%x re-encodes to %x", b, c.Encode())
		}
	})
}

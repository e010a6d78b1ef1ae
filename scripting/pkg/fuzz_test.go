package pkg

import (
	"bytes"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add(sample(f, key(1)).Encode())
	f.Add(sample(f, key(1), key(2)).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(b); err == nil && !bytes.Equal(m.Encode(), b) {
			t.Error("not canonical")
		}
		if m, err := ParseBody(b); err == nil && !bytes.Equal(m.Body(), b) {
			t.Error("body not canonical")
		}
	})
}

// FuzzBody goes past the signatures.
func FuzzBody(f *testing.F) {
	f.Add(sample(f, key(1)).Body())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseBody(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Body(), b) {
			t.Error("not canonical")
		}
		if err := m.Sign(key(3)); err != nil {
			t.Error(err)
		}
		if _, err := Parse(m.Encode()); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParseRelease(f *testing.F) {
	f.Add(history(f).Releases[1].Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRelease(b); err == nil && !bytes.Equal(r.Encode(), b) {
			t.Error("not canonical")
		}
	})
}

func FuzzReadHistory(f *testing.F) {
	f.Add(history(f).Append(nil))
	h := history(f)
	r := &Release{Seq: 5, Prev: h.Tip(), Name: "a", Version: version(f, "1.0.0"), Package: root("another")}
	if err := r.Sign(key(1)); err != nil {
		f.Fatal(err)
	}
	_, _ = h.Add(r)
	f.Add(h.Append(nil))
	f.Add(h.Against.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ReadHistory(b); err == nil && !bytes.Equal(h.Append(nil), b) {
			t.Error("not canonical")
		}
		if e, err := ParseEvidence(b); err == nil && !bytes.Equal(e.Encode(), b) {
			t.Error("evidence not canonical")
		}
	})
}

func FuzzReadBundle(f *testing.F) {
	b, err := PackBundle([]File{{Path: "a/b", Data: []byte("x")}, {Path: "c", Exec: true}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := ReadBundle(b)
		if err != nil {
			return
		}
		if again, err := PackBundle(files); err != nil || !bytes.Equal(again, b) {
			t.Error("not canonical")
		}
	})
}

func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"process":"x"},"interfaces":{"mt:log":"1"},"privileges":{"world":"w"},"memory":"1M"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParsePlan(b); err == nil {
			if _, err := p.Manifest(); err != nil {
				t.Error(err)
			}
		}
	})
}

package lumpstest

import (
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

// cached: but for the promise PutCached is Put.
func cached(t *testing.T, h Harness) {
	s := open(t, h, 1000)
	b := Bytes(1, 600)
	r := lumps.Of(b)
	for range 2 {
		if err := s.PutCached(t.Context(), r, b); err != nil {
			t.Fatal(err)
		}
		wantGet(t, s, r, b)
	}
	if n := s.Bytes(); n != 600 {
		t.Fatalf("%d bytes after PutCached twice", n)
	}
	other := Bytes(2, 600)
	wantErr(t, "PutCached of other bytes", s.PutCached(t.Context(), r, other), lumps.ErrMismatch)
	wantErr(t, "PutCached past the bound", s.PutCached(t.Context(), lumps.Of(other), other), lumps.ErrFull)
	wantErr(t, "PutCached of the zero Ref", s.PutCached(t.Context(), lumps.Ref{}, nil), lumps.ErrBadRef)
	h.Damage(t, s, r)
	if err := s.PutCached(t.Context(), r, b); err != nil {
		t.Fatal(err)
	}
	wantGet(t, s, r, b)
	put(t, s, b) // the promise, later
	s.Close()
	wantErr(t, "PutCached", s.PutCached(t.Context(), r, b), lumps.ErrClosed)
}

func flush(t *testing.T, h Harness) {
	s := open(t, h, 0)
	var refs []lumps.Ref
	for i := range 20 {
		b := Bytes(uint64(i), 100*i)
		refs = append(refs, lumps.Of(b))
		if err := s.PutCached(t.Context(), refs[i], b); err != nil {
			t.Fatal(err)
		}
	}
	for _, some := range [][]lumps.Ref{nil, refs[:1], refs, refs} {
		if err := s.Flush(t.Context(), some); err != nil {
			t.Fatalf("Flush of %d: %v", len(some), err)
		}
	}
	gone := lumps.Of([]byte("not here"))
	wantErr(t, "Flush of what is absent", s.Flush(t.Context(), []lumps.Ref{refs[0], gone, refs[1]}), lumps.ErrNotFound)
	if h.Reopen != nil {
		s = h.Reopen(t, s)
		defer s.Close()
		for i, r := range refs {
			wantGet(t, s, r, Bytes(uint64(i), 100*i))
		}
	}
	s.Close()
	wantErr(t, "Flush", s.Flush(t.Context(), refs), lumps.ErrClosed)
}

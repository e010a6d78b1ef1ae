package lumpstest

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

// lend: like Get, with a buffer that is too small, just right, or too large.
func lend(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(31, 3000)
	r := put(t, s, b)
	for _, n := range []int{0, 2999, 3000, lumps.MaxLump} {
		got, err := lumps.Lend(t.Context(), s, r, make([]byte, n))
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("with a buffer of %d: %d bytes, %v", n, len(got), err)
		}
	}
	_, err := lumps.Lend(t.Context(), s, lumps.Of(Bytes(32, 10)), make([]byte, 10))
	wantErr(t, "Lend of an absent lump", err, lumps.ErrNotFound)
	_, err = lumps.Lend(t.Context(), s, lumps.Ref{}, nil)
	wantErr(t, "Lend of the zero Ref", err, lumps.ErrNotFound)
	h.Damage(t, s, r)
	got, err := lumps.Lend(t.Context(), s, r, make([]byte, 3000))
	wantErr(t, "Lend of a damaged lump", err, lumps.ErrCorrupt)
	if got != nil {
		t.Fatal("Lend gave bytes together with ErrCorrupt")
	}
	wantHas(t, s, r, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = lumps.Lend(t.Context(), s, r, nil)
	wantErr(t, "Lend from a closed store", err, lumps.ErrClosed)
}

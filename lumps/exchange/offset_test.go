package exchange_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Whoever has the first part of a content gets the rest alone, and can check
// what they have without it being sent.
func TestContentFromTheMiddle(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	content := lumpstest.Bytes(7, 5*lumps.ChunkSize+77)
	ref := add(t, a, content, false).Ref
	at := int64(3*lumps.ChunkSize + 1000)
	r, info, err := b.OpenAt(t.Context(), ref, at)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, content[at:]) || info.Size != int64(len(content)) {
		t.Fatalf("%d bytes of %d, %v", len(got), info.Size, err)
	}
	var leaves []unixfs.Link
	if err := b.Leaves(t.Context(), ref, at, func(l unixfs.Link) error { leaves = append(leaves, l); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(leaves) != 4 || leaves[0].Ref != lumps.Of(content[:lumps.ChunkSize]) || leaves[3].Size != lumps.ChunkSize {
		t.Errorf("%+v", leaves)
	}
	for i, l := range leaves {
		if ok, err := b.store.Has(t.Context(), l.Ref); err != nil || ok != (i == 3) {
			t.Errorf("leaf %d: here %v, %v", i, ok, err)
		}
	}
	if _, _, err := b.OpenAt(t.Context(), ref, int64(len(content))+1); !errors.Is(err, lumps.ErrTooLarge) {
		t.Errorf("beyond the end: %v", err)
	}
	if r, _, err := b.OpenAt(t.Context(), ref, int64(len(content))); err != nil {
		t.Errorf("at the end: %v", err)
	} else if rest, err := io.ReadAll(r); len(rest) != 0 || err != nil {
		t.Errorf("at the end: %d bytes, %v", len(rest), err)
	}
}

package exchange_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// A joined content is its parts one after the other, brings them all to a node
// that pins it, and goes into one archive.
func TestJoinedContentsAreOne(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	var parts []lumps.Ref
	var all []byte
	for i, n := range []int{10, 3*lumps.ChunkSize + 1, 500, lumps.ChunkSize, 10} {
		c := lumpstest.Bytes(uint64(i%4), n) // the last is the first again
		parts = append(parts, add(t, a, c, false).Ref)
		all = append(all, c...)
	}
	st, err := a.Join(t.Context(), parts)
	if err != nil || st.Size != int64(len(all)) {
		t.Fatalf("%+v, %v", st, err)
	}
	read(t, b, st.Ref, all)
	for _, p := range parts {
		if ok, err := b.Has(t.Context(), p); !ok || err != nil {
			t.Errorf("part %s: %v %v", p, ok, err)
		}
	}
	if got, err := a.Stat(t.Context(), st.Ref); err != nil || got.Blocks != st.Blocks || !got.Local {
		t.Errorf("stat %+v, joined %+v, %v", got, st, err)
	}
	links, err := b.Parts(t.Context(), st.Ref)
	if err != nil || len(links) != len(parts) || links[1].Ref != parts[1] || links[1].Size != 3*lumps.ChunkSize+1 {
		t.Errorf("%+v, %v", links, err)
	}
	c := newNode(t, newHost(t))
	if roots, err := c.Import(t.Context(), bytes.NewReader(exported(t, a, st.Ref)), false); err != nil || !roots[0].Local {
		t.Errorf("%+v, %v", roots, err)
	}
}

func TestJoinRefuses(t *testing.T) {
	a := newNode(t, newHost(t))
	small := add(t, a, []byte("x"), false).Ref
	many := make([]lumps.Ref, 17)
	for i := range many {
		many[i] = small
	}
	for _, c := range []struct {
		parts []lumps.Ref
		want  error
	}{
		{nil, lumps.ErrTooLarge},
		{make([]lumps.Ref, lumps.MaxLinks+1), lumps.ErrTooLarge},
		{many, lumps.ErrTooLarge}, // no reader takes 17 lumps for 17 bytes
		{[]lumps.Ref{lumps.Of([]byte("absent"))}, lumps.ErrNotFound},
		{[]lumps.Ref{add(t, a, nil, false).Ref}, lumps.ErrBadRef},
	} {
		if st, err := a.Join(t.Context(), c.parts); !errors.Is(err, c.want) {
			t.Errorf("%d parts: %+v, %v, want %v", len(c.parts), st, err, c.want)
		}
	}
}

package exchange_test

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// cutOf cuts a content into leaves of n bytes; made counts those whose bytes are
// asked for.
func cutOf(b []byte, n int, kept bool, made *int) (list []exchange.Leaf) {
	for len(b) > 0 {
		x := b[:min(n, len(b))]
		b = b[len(x):]
		list = append(list, exchange.Leaf{Ref: lumps.Of(x), Size: len(x), Kept: kept, Bytes: func() []byte {
			*made++
			return append([]byte{}, x...)
		}})
	}
	return list
}

// TestCutContentsShareLeaves: a content that its maker cuts is read elsewhere
// like any other, and the next one stores only what is new.
func TestCutContentsShareLeaves(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	all := lumpstest.Bytes(1, 5_000_000)
	made := 0
	st, err := a.AddCut(t.Context(), cutOf(all, 4<<10, true, &made)) // two levels
	if err != nil || st.Size != int64(len(all)) || made != 1221 {
		t.Fatalf("%+v, %d leaves made, %v", st, made, err)
	}
	read(t, b, st.Ref, all)
	if got, err := a.Stat(t.Context(), st.Ref); err != nil || got.Blocks != st.Blocks || !got.Local || got.Size != st.Size {
		t.Errorf("stat %+v, added %+v, %v", got, st, err)
	}
	all[10_000] ^= 1
	made = 0
	next, err := a.AddCut(t.Context(), cutOf(all, 4<<10, true, &made))
	if err != nil || made != 1 || next.Ref == st.Ref {
		t.Fatalf("%d leaves made for one byte, %v", made, err)
	}
	read(t, b, next.Ref, all)
	made = 0
	if _, err := a.AddCut(t.Context(), cutOf(all, 4<<10, false, &made)); err != nil || made != 1221 {
		t.Fatalf("%d leaves made that no pin keeps, %v", made, err)
	}
	whole := lumpstest.Bytes(2, 100)
	if st, err := a.AddCut(t.Context(), cutOf(whole, 200, false, &made)); err != nil || st.Ref != lumps.Of(whole) {
		t.Fatalf("one leaf: %+v, %v", st, err)
	}
}

func TestBadCutsAreRefused(t *testing.T) {
	a := newNode(t, newHost(t))
	made := 0
	wrong := cutOf([]byte("right"), 100, false, &made)
	wrong[0].Bytes = func() []byte { return []byte("wrong") }
	short := cutOf([]byte("right"), 100, false, &made)
	short[0].Size++
	node := cutOf([]byte("right"), 100, false, &made)
	node[0].Ref = lumps.OfNode([]byte("right"))
	for what, l := range map[string][]exchange.Leaf{"nothing": nil, "other bytes": wrong, "another length": short, "a node": node,
		"crumbs": cutOf(lumpstest.Bytes(3, 100), 1, false, &made)} {
		if st, err := a.AddCut(t.Context(), l); err == nil || what == "crumbs" && !errors.Is(err, lumps.ErrTooLarge) {
			t.Errorf("%s: %+v, %v", what, st, err)
		}
	}
}

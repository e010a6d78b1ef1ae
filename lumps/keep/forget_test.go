package keep_test

import (
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// What nobody else holds goes, however lately it was used; what another pin
// reaches stays, be it a part of what is forgotten.
func TestForgetSparesWhatOthersHold(t *testing.T) {
	w := newWorld(t, 0)
	root, all := w.tree(1, 4)
	shared := all[0]
	for _, r := range []lumps.Ref{root, shared} {
		if err := w.Pin(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := w.Forget(t.Context(), root, lumps.Of([]byte("not here")))
	if err != nil {
		t.Fatal(err)
	}
	if n := w.here(all...); n != 1 || w.here(shared) != 1 {
		t.Errorf("%d of %d lumps are left, want the pinned one", n, len(all))
	}
	if rep.Deleted != int64(len(all)-1) || rep.Kept != leafLen || rep.Young != 0 {
		t.Errorf("%+v", rep)
	}
	if pinned, err := w.Pinned(t.Context(), root); pinned || err != nil {
		t.Errorf("still pinned: %v %v", pinned, err)
	}
}

// Somebody who assembles a content that shares lumps with what is forgotten
// must find them again.
func TestForgetSparesWhatIsBeingUsed(t *testing.T) {
	w := newWorld(t, 0)
	root, all := w.tree(1, 3)
	w.now = w.now.Add(time.Hour)
	release := w.Hold()
	w.put(1<<16, leafLen) // the first leaf again
	rep, err := w.Forget(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if w.here(all[0]) != 1 || w.here(all[1], all[2]) != 0 || rep.Young < leafLen {
		t.Errorf("%d lumps are left, %+v", w.here(all...), rep)
	}
	release()
	if _, err := w.Forget(t.Context(), root, all[0]); err != nil || w.here(all...) != 0 {
		t.Errorf("%d lumps are left, %v", w.here(all...), err)
	}
}

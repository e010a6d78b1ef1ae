package region

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// TestUndeleteOfWhatFlew: what was deleted in the air comes back the same way in
// a sim that was restored meanwhile.
func TestUndeleteOfWhatFlew(t *testing.T) {
	ann := newPerson("ann")
	s := newShop(t, ann)
	s.want(OK, ann, made("chest", 1))
	id := named(t, s.Sim, "chest").Thing.ID
	s.want(OK, ann, Input{Kind: InMove, Thing: id, Pos: spatial.At(1, 3, 0)})
	step(t, s.Sim) // it falls
	s.want(OK, ann, Input{Kind: InDelete, Thing: id})
	r, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	back := []Entry{ann.entry(Input{Kind: InUndelete, Thing: id})}
	a, b := step(t, s.Sim, back...), step(t, r, back...)
	if a.Hash != b.Hash {
		t.Fatalf("the hash is %s, %s in one that was restored", a.Hash.Short(), b.Hash.Short())
	}
}

package node

import (
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// TestThingsOfPlayers: Bob makes a thing in Ada's region, lends it to her, has it
// back, tells it something, gives it to nobody, and Ada takes it.
func TestThingsOfPlayers(t *testing.T) {
	a, b, _ := town(t)
	ctx := t.Context()
	A, B := a.Backend(), b.Backend()
	waitFor(t, "Bob to see Ada and be seen", func() bool {
		_, err1 := A.Inspect(ctx, &control.InspectRequest{Thing: "Bob"})
		_, err2 := B.Inspect(ctx, &control.InspectRequest{Thing: "Ada"})
		return err1 == nil && err2 == nil
	})
	chest := must(B.ThingCreate(ctx, &control.ThingCreateRequest{Name: "chest", Color: "#8b5a2b"}))(t)
	seen := func(n control.Backend) *control.InspectResponse {
		t.Helper()
		var r *control.InspectResponse
		waitFor(t, "the chest to be seen", func() (ok bool) {
			var err error
			r, err = n.Inspect(ctx, &control.InspectRequest{Thing: chest.Thing})
			return err == nil
		})
		return r
	}
	if r := seen(A); r.Entity.Owner != b.key.String() || r.Entity.Color != "#8b5a2b" {
		t.Fatalf("%+v", r.Entity)
	}
	do := func(n control.Backend, r control.ThingDoRequest, want ...control.Code) {
		t.Helper()
		r.Thing = chest.Thing
		if _, err := n.ThingDo(ctx, &r); (err == nil) != (len(want) == 0) || err != nil && control.CodeOf(err) != want[0] {
			t.Fatalf("%s: %v", r.Do, err)
		}
	}
	do(A, control.ThingDoRequest{Do: control.DoTake}, control.Conflict) // it is somebody's
	do(A, control.ThingDoRequest{Do: control.DoDelete})                 // she administers the region
	do(B, control.ThingDoRequest{Do: control.DoUndelete})
	do(B, control.ThingDoRequest{Do: control.DoLend, To: "Ada", Seconds: 600})
	if r := seen(B); r.Borrower != a.key.String() || r.Left < 1 || r.Left > 600 {
		t.Fatalf("lent to %q for %v s", r.Borrower, r.Left)
	}
	do(B, control.ThingDoRequest{Do: control.DoDelete}, control.Conflict)
	do(A, control.ThingDoRequest{Do: control.DoReturn})
	if _, err := B.Tell(ctx, &control.TellRequest{Thing: "chest", Verb: "open"}); control.CodeOf(err) != control.NotFound || control.HintOf(err) == "" {
		t.Fatalf("a chest without a program: %v", err)
	}
	do(B, control.ThingDoRequest{Do: control.DoGive})
	at := seen(A).Entity.Pos
	if _, err := A.Walk(ctx, &control.WalkRequest{To: &at}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ada to come near and take it", func() bool {
		_, err := A.ThingDo(ctx, &control.ThingDoRequest{Do: control.DoTake, Thing: chest.Thing})
		return err == nil
	})
	waitFor(t, "the chest to be Ada's", func() bool { return seen(A).Entity.Owner == a.key.String() })
}

package agree

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestLaterProof: of two proofs against a server the one about the later tick is
// kept: the other may be of a time that is not held against it.
func TestLaterProof(t *testing.T) {
	c := make1(t, config(0), voters(3))
	for _, tick := range []int{3, 2, 4} {
		for state := range 2 {
			_ = c.Vote(ballot(1, Every*base.Tick(tick), content(state+1)))
		}
	}
	list := c.Proofs()
	if len(list) != 1 || list[0].A.Tick != 4*Every {
		t.Fatalf("%+v", list)
	}
	if n := len(c.Events()); n != 1 {
		t.Fatalf("told %d times", n)
	}
	// Who is no server any more and is named again begins without it.
	if err := c.SetMembers(voters(1)); err != nil {
		t.Fatal(err)
	}
	if len(c.Proofs()) != 0 {
		t.Fatal("held against a server that left")
	}
}

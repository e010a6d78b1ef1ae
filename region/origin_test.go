package region

import (
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestOrigins: a region says where it comes from, from its first tick on and for
// ever, and so does one that begins with its state; the list is bounded.
func TestOrigins(t *testing.T) {
	at := func(i int) Origin {
		return Origin{CID: fmt.Sprint("cid", i), Region: base.ID{byte(i)}, Name: fmt.Sprint("region ", i), Owner: base.Key{byte(i)}, Tick: base.Tick(i)}
	}
	list := []Origin{at(0)}
	for i := range MaxOrigins + 4 {
		s := mustNew(t, testConfig(fmt.Sprint("fork ", i), 0))
		before := s.Hash()
		out := step(t, s, control(ControlEntry{Kind: ControlOrigin, Origins: list}))
		if len(out.Failed) > 0 || s.Hash() == before || !slices.Equal(s.Origins(), list) {
			t.Fatalf("it comes from %v, want %v", s.Origins(), list)
		}
		out = step(t, s, control(ControlEntry{Kind: ControlOrigin, Origins: []Origin{at(99)}}))
		if len(out.Failed) != 1 || !slices.Equal(s.Origins(), list) {
			t.Fatal("a region comes from somewhere else later")
		}
		survives(t, s)
		list = s.From(at(i + 1))
	}
	if len(list) != MaxOrigins || list[0] != at(0) || list[MaxOrigins-1] != at(MaxOrigins+4) || list[1] != at(6) {
		t.Fatalf("%v", list)
	}
}

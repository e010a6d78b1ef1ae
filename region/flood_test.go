package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestFloodOfEventsIsFair: of too many events it is the tick's order that says
// which are lost, and not the ids of the things.
func TestFloodOfEventsIsFair(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	s.out, s.r = &Output{}, 12345
	for i := range 3 * maxPending / 2 {
		s.later(event{To: base.ID{byte(i % 3)}, From: base.ID{byte(i), byte(i >> 8)}, Kind: evScript, Name: "wake"})
	}
	s.bound()
	left := [3]int{}
	for i := range s.pending {
		left[s.pending[i].To[0]]++
		if i > 0 && s.pending[i-1].Seq >= s.pending[i].Seq {
			t.Fatal("events are out of order")
		}
	}
	if len(s.pending) != maxPending || min(left[0], left[1], left[2]) < maxPending/4 {
		t.Fatalf("%v are left", left)
	}
}

package node

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// TestMoreLinesThanARegionTakes: who says more than a region takes at once
// waits; no line is lost, and none is said to have been heard that was not.
func TestMoreLinesThanARegionTakes(t *testing.T) {
	n := startNode(t, Config{Name: "Ada"})
	found(t, n)
	must(n.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	s := watch(t, n)
	const lines = 12
	for i := range lines {
		if r := must(n.Backend().Say(t.Context(), &control.SayRequest{Text: fmt.Sprintf("line %d", i)}))(t); r.Tick == 0 {
			t.Fatalf("line %d: %+v", i, r)
		}
	}
	waitFor(t, "all lines to be heard", func() bool {
		for i := range lines {
			if !s.heard(fmt.Sprintf("Ada: line %d", i)) {
				return false
			}
		}
		return true
	})
}

package node

import (
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/wire"
)

// TestFaultsAreBounded: of a thing a minute, and of a few things a minute, however
// much a region tells.
func TestFaultsAreBounded(t *testing.T) {
	var f faults
	now := time.Unix(1e9, 0)
	if !f.fresh(base.ID{1}, now) || f.fresh(base.ID{1}, now.Add(faultPause-1)) || !f.fresh(base.ID{1}, now.Add(faultPause)) {
		t.Fatal("not once a minute")
	}
	told := 0
	for i := range 1000 {
		if f.fresh(base.ID{2, byte(i), byte(i >> 8)}, now.Add(faultPause)) {
			told++
		}
	}
	if told != faultMost-1 || len(f.last) != faultMost {
		t.Fatalf("told of %d", told)
	}
	text := faultText(&wire.Failed{Thing: base.ID{0xab}, Text: "trap: " + strings.Repeat("é", 300) + "\nat main"}, "Commons")
	if !strings.HasPrefix(text, "Your thing ab000000 in Commons failed: trap: é") || len(text) > 260 || strings.Contains(text, "main") || strings.ContainsRune(text, '\ufffd') {
		t.Fatalf("%q", text)
	}
}

package physics

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite testdata/golden.txt; say in the commit why it changed")

// TestGolden compares state hashes with those of every other machine that ran
// this. A difference means replicas would diverge.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, s := range scenes() {
		var events int
		s.play(t, func(step int, w *World, ev []Event) {
			events += len(ev)
			if (step+1)%50 == 0 {
				fmt.Fprintf(&b, "%s %d bodies=%d events=%d hash=%016x\n", s.name, step+1, w.Len(), events, w.Hash())
			}
		})
	}
	const file = "testdata/golden.txt"
	if *rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, old := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(old)) {
		if got[i] != old[i] {
			t.Fatalf("line %d:\n got %s\nwant %s", i+1, got[i], old[i])
		}
	}
	if len(got) != len(old) {
		t.Fatalf("%d lines, want %d", len(got), len(old))
	}
}

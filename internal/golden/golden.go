// Package golden compares what a test got with what every other machine got
// that ran it. All its users share one switch: go test -rewrite writes their
// files anew, and `make golden` does so for every core.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// Rewrite is the switch. Say in the commit why a file changed.
var Rewrite = flag.Bool("rewrite", false, "write the golden files anew; say in the commit why they changed")

// Check fails at the first line that differs from the file's.
func Check(t testing.TB, file, got string) {
	t.Helper()
	if *Rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s, line %d:\n got %s\nwant %s", file, i+1, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: %d lines, want %d", file, len(a), len(b))
	}
}

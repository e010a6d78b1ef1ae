package iface

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "add what is new to published.txt")

// TestPublished: what guests have been built against stays: the functions in
// published.txt have the types that they have there, and are offered at least to
// the guests that are named there. A line that must go is a new version.
func TestPublished(t *testing.T) {
	text, err := os.ReadFile("published.txt")
	if err != nil {
		t.Fatal(err)
	}
	old := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 3 {
			t.Fatalf("line %q", line)
		}
		old[f[0]] = true
		id, name, _ := strings.Cut(f[0], ".")
		i := Find(id)
		if i == nil || i.ID() != id {
			t.Errorf("%s is not offered any more", id)
			continue
		}
		now, ok := i.Func(name)
		if !ok || now.Wasm() != f[1] {
			t.Errorf("%s was %s and is %s", f[0], f[1], now.Wasm())
		}
		for k := range strings.SplitSeq(f[2], ",") {
			if !slices.Contains(now.For, k) {
				t.Errorf("%s is not offered to a %s any more", f[0], k)
			}
		}
	}
	var added []string
	for _, i := range All() {
		for _, f := range i.Funcs {
			if id := i.ID() + "." + f.Name; !old[id] {
				added = append(added, fmt.Sprintf("%s %s %s\n", id, f.Wasm(), strings.Join(f.For, ",")))
			}
		}
	}
	if !*update {
		return // what is new may change until the next release
	}
	if err := os.WriteFile("published.txt", append(text, strings.Join(added, "")...), 0o644); err != nil {
		t.Fatal(err)
	}
}

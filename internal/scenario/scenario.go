// Package scenario runs scripts that hold what they print: a core's commands,
// and below them what came of it. For tests only.
package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Run plays every file that matches pattern, each as a subtest named after it,
// and compares what play gives with the file. With rewrite it writes the file
// anew instead: look at the diff. No file at all is a failure.
func Run(t *testing.T, pattern string, rewrite bool, play func(t *testing.T, script string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no scenario files", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			switch {
			case rewrite:
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			case got != string(want):
				t.Errorf("%s differs; run with -rewrite and look at the diff. Got:\n%s", f, got)
			}
		})
	}
}

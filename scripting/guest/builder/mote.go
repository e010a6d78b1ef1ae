package builder

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// copyMote puts the compiler's library where the guest that uses it is built:
// the guest's module, and so its package, has all that it is made of.
func (c Config) copyMote() error {
	from, to := filepath.Join(c.Dir, "..", "mote"), filepath.Join(c.Dir, "go", "mote")
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return err
		}
		path := filepath.Join(to, f.Name())
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

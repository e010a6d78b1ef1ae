package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// keep names what syncDir must never remove: the committed placeholder,
// without which a bare clone does not compile.
var keep = []string{"README.md", ".gitignore"}

// syncDir makes dir hold exactly files (base name to content) and what keep
// names. A file that has its content already is not written, so that its
// time stays and nothing that depends on it is built again.
func syncDir(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("webbuild: output: %w", err)
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("webbuild: output: %w", err)
	}
	for _, e := range old {
		if _, wanted := files[e.Name()]; wanted || slices.Contains(keep, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("webbuild: remove stale output: %w", err)
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
			continue
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("webbuild: write output: %w", err)
		}
	}
	return nil
}

package physbench

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed rivals/rapier.mjs
var rapierSource []byte

// rapiers are the builds of Rapier by the names of their packages: the one that
// gives the same bits everywhere, and the fastest.
var rapiers = []struct{ name, pkg string }{
	{"rapier", "@dimforge/rapier3d-deterministic-compat"},
	{"rapier_simd", "@dimforge/rapier3d-simd-compat"},
}

// HasRapier tells whether a directory has Rapier in its node_modules.
func HasRapier(dir string) bool {
	for _, r := range rapiers {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", filepath.FromSlash(r.pkg), "package.json")); err != nil {
			return false
		}
	}
	return true
}

// findRapier gives what runs it.
func (b *bench) findRapier() ([]rival, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("rapier needs node: install Node.js 20 or newer")
	}
	dir, err := filepath.Abs(b.Rapier)
	if err != nil {
		return nil, err
	}
	if !HasRapier(dir) {
		return nil, fmt.Errorf("rapier is not in %s: run npm ci there", dir)
	}
	program := filepath.Join(b.dir, "rapier.mjs")
	if err := os.WriteFile(program, rapierSource, 0o600); err != nil {
		return nil, err
	}
	var out []rival
	for _, r := range rapiers {
		out = append(out, rival{r.name, []string{node, program, dir, r.pkg}})
	}
	return out, nil
}

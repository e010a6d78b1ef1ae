package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the import path prefix of everything that is ours.
const Module = "github.com/metatopia/metatopia"

// Package is the part of `go list -json` that the rules read.
type Package struct {
	ImportPath string
	Dir        string
	Doc        string
	Export     string // compiled export data, only when asked for
	Standard   bool
	DepOnly    bool
	GoFiles    []string
	Imports    []string
	Deps       []string // the whole closure
	Error      *struct{ Err string }
}

// Ours is the path below the module ("node/control"), or "" for the root and
// for packages of others.
func (p Package) Ours() string { return ours(p.ImportPath) }

func ours(path string) string {
	rest, ok := strings.CutPrefix(path, Module+"/")
	if !ok {
		return ""
	}
	return rest
}

// List runs the go command in root. With export set it also compiles, so that
// types can be read; without it nothing is built.
func List(root string, export bool, patterns ...string) ([]Package, error) {
	args := []string{"list", "-e", "-deps", "-json=ImportPath,Dir,Doc,Export,Standard,DepOnly,GoFiles,Imports,Deps,Error"}
	if export {
		args = append(args, "-export")
	}
	cmd := exec.Command("go", append(args, patterns...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("lint: go list %s: %w: %s", strings.Join(patterns, " "), err, stderr.String())
	}
	var pkgs []Package
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p Package
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("lint: go list output: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

// Root finds the directory with go.mod at or above dir.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("lint: root: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("lint: root: no go.mod above")
		}
		dir = up
	}
}

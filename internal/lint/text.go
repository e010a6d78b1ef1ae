package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// MaxLines is where a file must hold a second noun.
const MaxLines = 500

// skipDirs are never ours to judge: fetched, built, or test data.
var skipDirs = []string{".git", ".make", "bin", "dist", "node_modules", "testdata", "artifacts", "target"}

// Files lists the files below root with one of the extensions.
func Files(root string, exts ...string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && slices.Contains(skipDirs, d.Name()) {
			return filepath.SkipDir
		}
		if !d.IsDir() && slices.Contains(exts, filepath.Ext(path)) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lint: walk: %w", err)
	}
	return out, nil
}

// generated is the mark of a file that a program wrote and nobody reads.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// Length reports a source file that is too long to hold one noun.
func Length(name string, text []byte) []Finding {
	if generated.Match(text) {
		return nil
	}
	n := bytes.Count(text, []byte("\n"))
	if n <= MaxLines {
		return nil
	}
	return []Finding{{name, "length", fmt.Sprintf("%d lines, at most %d: look for the second noun inside", n, MaxLines)}}
}

// fakeClock excuses time.Sleep in a test that runs inside testing/synctest,
// where sleeping costs nothing and always takes as long as it says.
const fakeClock = `"testing/synctest"`

// Sleeps reports calls of time.Sleep in a test file.
func Sleeps(name string, text []byte) ([]Finding, error) {
	if bytes.Contains(text, []byte(fakeClock)) {
		return nil, nil
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("lint: parse: %w", err)
	}
	var out []Finding
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Sleep" {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
			out = append(out, Finding{fmt.Sprintf("%s:%d", name, fset.Position(n.Pos()).Line), "sleep",
				"a test waits for the condition, never for a time"})
		}
		return true
	})
	return out, nil
}

// Docs reports a package without a package comment.
func Docs(pkgs []Package) []Finding {
	var out []Finding
	for _, p := range pkgs {
		if (p.Ours() != "" || p.ImportPath == Module) && len(p.GoFiles) > 0 && strings.TrimSpace(p.Doc) == "" {
			out = append(out, Finding{p.ImportPath, "doc", "has no package comment"})
		}
	}
	return sorted(out)
}

func read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lint: read: %w", err)
	}
	return b, nil
}

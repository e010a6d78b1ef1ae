package lint

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Source is one type-checked package.
type Source struct {
	Path  string
	Fset  *token.FileSet
	Files []*ast.File
	Info  *types.Info

	root    string
	wrapped map[ast.Node]bool // calls inside slices.Sorted*
}

func (s *Source) at(p token.Pos) string {
	pos := s.Fset.Position(p)
	name := pos.Filename
	if rel, err := filepath.Rel(s.root, name); err == nil && !strings.HasPrefix(rel, "..") {
		name = rel
	}
	return fmt.Sprintf("%s:%d", name, pos.Line)
}

// Sources type-checks the packages of ours for which keep is true. pkgs must
// come from List with export set.
func Sources(root string, pkgs []Package, keep func(path string) bool) ([]*Source, error) {
	export := make(map[string]string, len(pkgs))
	for _, p := range pkgs {
		export[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if export[path] == "" {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(export[path])
	})
	var out []*Source
	for _, p := range pkgs {
		if p.Ours() == "" || !keep(p.Ours()) {
			continue
		}
		if p.Error != nil {
			return nil, fmt.Errorf("lint: %s: %s", p.ImportPath, p.Error.Err)
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				return nil, fmt.Errorf("lint: parse: %w", err)
			}
			files = append(files, f)
		}
		s, err := check(p.Ours(), fset, files, imp)
		if err != nil {
			return nil, err
		}
		s.root = root
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, errors.New("lint: no package to check: the rule would pass on nothing")
	}
	return out, nil
}

func check(path string, fset *token.FileSet, files []*ast.File, imp types.Importer) (*Source, error) {
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue),
		Uses:  make(map[*ast.Ident]types.Object),
		Defs:  make(map[*ast.Ident]types.Object),
	}
	conf := types.Config{Importer: imp}
	if _, err := conf.Check(path, fset, files, info); err != nil {
		return nil, fmt.Errorf("lint: type-check %s: %w", path, err)
	}
	return &Source{Path: path, Fset: fset, Files: files, Info: info, wrapped: sortedArguments(info, files)}, nil
}

// IsCore reports whether a path of ours has to obey the core rule.
func IsCore(path string) bool {
	r, ok := rowOf(table, path)
	return ok && r.core
}

// IsSim reports whether a path of ours computes simulation state, whose bits
// must be the same on every CPU.
func IsSim(path string) bool {
	return anyBelow(path, []string{"spatial", "physics", "region"})
}

package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Imports checks packages, as `go list -deps` gives them, against the table.
// Standard packages are judged by direct import, because fmt alone reaches os
// and time; our own and others' by the whole closure.
func Imports(pkgs []Package) []Finding { return checkImports(table, only, pkgs) }

func checkImports(rows []row, only []reserved, pkgs []Package) []Finding {
	byPath := make(map[string]Package, len(pkgs))
	for _, p := range pkgs {
		byPath[p.ImportPath] = p
	}
	var fs []Finding
	for _, p := range pkgs {
		if p.Standard || p.ImportPath != Module && p.Ours() == "" {
			continue
		}
		if p.Error != nil {
			fs = append(fs, Finding{p.ImportPath, "load", p.Error.Err})
			continue
		}
		r, ok := rowOf(rows, p.Ours())
		if !ok {
			fs = append(fs, Finding{p.ImportPath, "table", "has no row in internal/lint/table.go: say there what it may import"})
			continue
		}
		fs = append(fs, checkRow(r, p, byPath)...)
		fs = append(fs, checkReserved(only, p)...)
	}
	return sorted(fs)
}

func checkRow(r row, p Package, byPath map[string]Package) []Finding {
	var fs []Finding
	for _, imp := range p.Imports {
		if r.core && isStd(imp, byPath) && !slices.Contains(r.std, imp) {
			if why := impure(imp); why != "" {
				fs = append(fs, Finding{p.ImportPath, "core", fmt.Sprintf("imports %s: %s", imp, why)})
			}
		}
		o := ours(imp)
		if o != "" && !below(o, r.path) && !anyBelow(o, r.ours) {
			fs = append(fs, Finding{p.ImportPath, "table", fmt.Sprintf("imports %s; %s may import only %s", o, r.path, orNothing(r.ours))})
		}
	}
	for _, dep := range p.Deps {
		if dep == Module || ours(dep) != "" || isStd(dep, byPath) || slices.Contains(r.third, "*") {
			continue
		}
		if !anyBelow(dep, r.third) {
			fs = append(fs, Finding{p.ImportPath, "third", fmt.Sprintf("reaches %s; %s may reach only %s", dep, r.path, orNothing(r.third))})
		}
	}
	return fs
}

func checkReserved(only []reserved, p Package) []Finding {
	var fs []Finding
	for _, o := range only {
		for _, imp := range p.Imports {
			if reservedFor(o.path, imp) && !anyBelow(p.Ours(), o.direct) {
				fs = append(fs, Finding{p.ImportPath, "reserved", fmt.Sprintf("imports %s: %s", imp, o.why)})
			}
		}
		if o.closure == nil || slices.Contains(o.closure, p.Ours()) || anyBelow(p.Ours(), o.direct) {
			continue
		}
		for _, dep := range p.Deps {
			if below(dep, o.path) {
				fs = append(fs, Finding{p.ImportPath, "reserved", fmt.Sprintf("reaches %s: %s", dep, o.why)})
				break
			}
		}
	}
	return fs
}

// reservedFor: a reserved package of ours is that package alone (node), one
// of others is everything below its path.
func reservedFor(path, imp string) bool {
	if strings.HasPrefix(path, Module) {
		return imp == path
	}
	return below(imp, path)
}

func isStd(path string, byPath map[string]Package) bool {
	if p, ok := byPath[path]; ok {
		return p.Standard
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func orNothing(s []string) string {
	if len(s) == 0 {
		return "nothing"
	}
	return strings.Join(s, ", ")
}
